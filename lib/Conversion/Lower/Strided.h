// Where a tensor's elements lie: a buffer, a start, and a stride per dimension.
//
// Sizes are products of a number and of dynamic extents, and every dynamic extent of a function is the number of tokens n,
// or n/k where it is split k ways. So sizes and strides can be compared and multiplied at compile time, and whether
// dimensions can be merged is decided exactly, dynamic ones included. A transpose, a broadcast (stride 0), a slice and a
// reshape of dense elements only make another Strided of the same buffer.
#pragma once
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

namespace tp::lowering {

/// factor * (n / splits[0]) * (n / splits[1]) * ...
struct Size {
  int64_t factor = 1;
  /// Sorted.
  llvm::SmallVector<int64_t, 1> splits;

  static Size of(int64_t number) { return Size{number, {}}; }
  static Size tokens(int64_t split) { return Size{1, {split}}; }
  bool isStatic() const { return splits.empty(); }
  bool isOne() const { return factor == 1 && splits.empty(); }
  bool isZero() const { return factor == 0; }
  bool operator==(const Size &other) const { return factor == other.factor && splits == other.splits; }
  Size operator*(const Size &other) const;
  /// The largest value, where n is at most `maxTokens`.
  int64_t bound(int64_t maxTokens) const;
  /// "64*n/2", for keys.
  std::string str() const;
};

Size product(llvm::ArrayRef<Size> sizes);
/// Strides of dense row-major elements.
llvm::SmallVector<Size, 4> denseStrides(llvm::ArrayRef<Size> extents);

struct Strided {
  mlir::Value buffer;
  /// In elements; null: 0.
  mlir::Value offset;
  mlir::Type elementType;
  llvm::SmallVector<Size, 4> extents, strides;
  /// Not 0: a parameter that is kept as its file stores it, with this code of GGUF; the buffer holds bytes.
  int64_t format = 0;
  /// All elements are this one constant (then there may be no buffer).
  mlir::TypedAttr splat;

  int64_t rank() const { return extents.size(); }
  Size count() const { return product(extents); }
  /// Row-major without gaps.
  bool isDense() const;
};

/// One dimension of a loop nest, and how far each of several tensors moves along it.
struct LoopDim {
  Size extent;
  llvm::SmallVector<Size, 4> strides; // one per tensor
};

/// The fewest loops that visit all elements of `extents` in row-major order, where tensor t moves by strides[t][d] along d.
/// Extents of 1 are dropped and neighbours merged where every tensor allows it; at least one loop remains.
llvm::SmallVector<LoopDim, 4> mergedLoops(llvm::ArrayRef<Size> extents, llvm::ArrayRef<llvm::ArrayRef<Size>> strides);

} // namespace tp::lowering
