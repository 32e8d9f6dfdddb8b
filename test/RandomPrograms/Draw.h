// Random choices that are the same on every machine and with every standard library: a seed is all that is needed to see a program
// again.
#pragma once
#include "tp/Support/RandomTensor.h"

#include <cstdint>
#include <vector>

namespace tp::random_programs {

class Draw {
public:
  explicit Draw(uint64_t seed) : seed(seed) {}

  /// A number in [0, bound); 0 for a bound of 0.
  int64_t below(int64_t bound) {
    return bound > 0 ? static_cast<int64_t>(randomBits(seed, counter++) % static_cast<uint64_t>(bound)) : 0;
  }
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }
  bool chance(double probability) { return static_cast<double>(randomBits(seed, counter++) >> 11) * 0x1p-53 < probability; }
  template <typename T> const T &of(const std::vector<T> &list) { return list[below(list.size())]; }
  template <typename T> void shuffle(std::vector<T> &list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[below(i)]);
  }

private:
  uint64_t seed, counter = 0;
};

} // namespace tp::random_programs
