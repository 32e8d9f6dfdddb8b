// Random test data that depends on a seed, a name and the place of the element in the whole tensor, and on nothing else:
// not on the layout, the number of ranks, or who asks first.
#pragma once
#include "tp/Support/HostTensor.h"

#include <cstdint>
#include <string_view>

namespace tp {

/// Floats uniform in [-1, 1) (multiples of 2^-23, rounded to `type`), integers uniform in {0, ..., 7}, i1 in {0, 1}.
HostTensor randomTensor(DType type, std::vector<int64_t> shape, uint64_t seed, std::string_view name);

/// 64 random bits from a seed and a counter (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
uint64_t randomBits(uint64_t seed, uint64_t counter);

} // namespace tp
