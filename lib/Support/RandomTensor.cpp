// See RandomTensor.h.
#include "tp/Support/RandomTensor.h"

namespace tp {

uint64_t randomBits(uint64_t seed, uint64_t counter) {
  uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

HostTensor randomTensor(DType type, std::vector<int64_t> shape, uint64_t seed, std::string_view name) {
  uint64_t stream = 0xcbf29ce484222325u; // FNV-1a of the name
  for (char c : name)
    stream = (stream ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  stream = randomBits(stream, seed);
  HostTensor tensor = HostTensor::zeros(type, std::move(shape));
  int64_t count = tensor.count();
  for (int64_t i = 0; i < count; ++i) {
    uint64_t bits = randomBits(stream, static_cast<uint64_t>(i));
    if (isFloat(type))
      tensor.floats[i] = static_cast<double>(bits >> 40) / static_cast<double>(1 << 23) - 1.0;
    else
      tensor.ints[i] = static_cast<int64_t>(bits >> (type == DType::I1 ? 63 : 61));
  }
  tensor.round();
  return tensor;
}

} // namespace tp
