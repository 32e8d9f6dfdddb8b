// See Neutral.h.
#include "tp/Support/Neutral.h"

#include <algorithm>
#include <limits>

namespace tp {

/// The least integer of a type, or the largest. A boolean is 0 or 1.
static int64_t extremeInt(DType type, bool isLeast) {
  if (type == DType::I1)
    return isLeast ? 0 : 1;
  if (type == DType::U8)
    return isLeast ? 0 : 255;
  int64_t largest = std::numeric_limits<int64_t>::max() >> (64 - 8 * bytesOf(type));
  return isLeast ? -largest - 1 : largest;
}

void fillNeutral(HostTensor &tensor, Reduction kind) {
  bool isSum = kind == Reduction::Sum, isLeast = kind == Reduction::Max;
  double infinity = std::numeric_limits<double>::infinity();
  std::fill(tensor.floats.begin(), tensor.floats.end(), isSum ? 0 : isLeast ? -infinity : infinity);
  std::fill(tensor.ints.begin(), tensor.ints.end(), isSum ? 0 : extremeInt(tensor.type, isLeast));
}

} // namespace tp
