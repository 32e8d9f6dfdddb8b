// Arithmetic on sizes, and merging of dimensions.
#include "Strided.h"

#include "llvm/ADT/STLExtras.h"

namespace tp::lowering {

Size Size::operator*(const Size &other) const {
  Size result{factor * other.factor, splits};
  if (result.factor == 0)
    return Size::of(0);
  result.splits.append(other.splits.begin(), other.splits.end());
  llvm::sort(result.splits);
  return result;
}

int64_t Size::bound(int64_t maxTokens) const {
  int64_t result = factor;
  for (int64_t split : splits)
    result *= (maxTokens + split - 1) / split;
  return result;
}

std::string Size::str() const {
  std::string text = std::to_string(factor);
  for (int64_t split : splits)
    text += "*n/" + std::to_string(split);
  return text;
}

Size product(llvm::ArrayRef<Size> sizes) {
  Size result;
  for (const Size &size : sizes)
    result = result * size;
  return result;
}

llvm::SmallVector<Size, 4> denseStrides(llvm::ArrayRef<Size> extents) {
  llvm::SmallVector<Size, 4> strides(extents.size());
  Size stride;
  for (int64_t d = int64_t(extents.size()) - 1; d >= 0; --d) {
    strides[d] = stride;
    stride = stride * extents[d];
  }
  return strides;
}

bool Strided::isDense() const {
  Size stride;
  for (int64_t d = rank() - 1; d >= 0; --d) {
    if (extents[d].isOne())
      continue;
    if (!(strides[d] == stride))
      return false;
    stride = stride * extents[d];
  }
  return true;
}

llvm::SmallVector<LoopDim, 4> mergedLoops(llvm::ArrayRef<Size> extents, llvm::ArrayRef<llvm::ArrayRef<Size>> strides) {
  llvm::SmallVector<LoopDim, 4> loops;
  for (size_t d = 0; d < extents.size(); ++d) {
    if (extents[d].isOne())
      continue;
    LoopDim loop{extents[d], {}};
    for (llvm::ArrayRef<Size> tensor : strides)
      loop.strides.push_back(tensor[d]);
    bool merges = !loops.empty() && llvm::all_of(llvm::zip(loops.back().strides, loop.strides),
                                                 [&](auto pair) { return std::get<0>(pair) == std::get<1>(pair) * loop.extent; });
    if (merges) {
      loops.back().extent = loops.back().extent * loop.extent;
      loops.back().strides = loop.strides;
    } else {
      loops.push_back(loop);
    }
  }
  if (loops.empty())
    loops.push_back({Size::of(1), llvm::SmallVector<Size, 4>(strides.size(), Size::of(1))});
  return loops;
}

} // namespace tp::lowering
