// Runs a test's body on the ranks of a mesh, and random data for it.
#pragma once
#include "tp/Support/HostTensor.h"
#include "tprt/Abi.h"
#include "tprt/Ranks.h"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace tprt::test {

/// A mesh "tp=n" whose group 0 is all of it.
inline std::unique_ptr<Ranks> makeRanks(int64_t n, double timeout = 20, int64_t threads = 1) {
  tp::Mesh mesh{{{"tp", n}}};
  return std::make_unique<Ranks>(mesh, std::vector<std::vector<tp::AxisPart>>{{{"tp"}}}, threads, localWorld(n, timeout));
}

inline std::vector<float> randomFloats(int64_t count, uint64_t seed, float scale = 1) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(count);
  for (float &value : values)
    value = normal(generator);
  return values;
}

/// The values as packed memory of `type`, and back.
inline std::vector<char> pack(tp::DType type, const std::vector<float> &values) {
  tp::HostTensor tensor = tp::HostTensor::zeros(type, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i)
    tensor.floats[i] = tp::roundTo(type, values[i]);
  return tp::toBytes(tensor);
}
inline std::vector<double> unpack(tp::DType type, const void *bytes, int64_t count) {
  return tp::fromBytes(type, {count}, bytes).floats;
}

/// Largest difference over largest magnitude.
inline double relativeError(const std::vector<double> &got, const std::vector<double> &wanted) {
  double difference = 0, magnitude = 1e-30;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::isnan(got[i]) != std::isnan(wanted[i]))
      return INFINITY;
    if (std::isnan(wanted[i]))
      continue;
    difference = std::max(difference, std::abs(got[i] - wanted[i]));
    magnitude = std::max(magnitude, std::abs(wanted[i]));
  }
  return difference / magnitude;
}

/// What one rounding to `type` allows, several times over.
inline double toleranceOf(tp::DType type) {
  return type == tp::DType::F64 ? 1e-12 : type == tp::DType::F32 ? 2e-5 : type == tp::DType::F16 ? 2e-3 : 1.6e-2;
}

inline const std::vector<tp::DType> &floatTypes() {
  static const std::vector<tp::DType> types = {tp::DType::F32, tp::DType::F16, tp::DType::BF16, tp::DType::F64};
  return types;
}

inline int64_t code(tp::DType type) { return static_cast<int64_t>(type); }

} // namespace tprt::test
