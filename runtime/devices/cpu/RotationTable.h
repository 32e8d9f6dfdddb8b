// cos and sin of position times frequency, kept per context: every layer of every step asks for the same ones.
#pragma once
#include <cstdint>
#include <vector>

namespace tprt {

struct RotationTable {
  /// What the rows were computed for; another list or factor starts the table again.
  std::vector<float> frequencies;
  double factor = 0;
  /// [position][frequency], times the factor.
  std::vector<float> cosines, sines;
  int64_t positions = 0;

  /// Makes rows [0, count) valid. Angles are computed in f64 from the f32 frequencies.
  void prepare(const float *frequency, int64_t number, double attentionFactor, int64_t count);
};

} // namespace tprt
