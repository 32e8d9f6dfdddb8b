// Questions about shapes that the verifiers and factor maps of nn share.
//
// Only shapes and element types are compared, never whole types: in the laid-out form every operand carries a layout of
// its own. A dynamic size equals a dynamic size (all of one function are the same number) and nothing else.
#pragma once
#include "dialects/nn/Nn.h"

namespace tp::nn {

inline mlir::RankedTensorType typeOf(mlir::Value value) { return mlir::cast<mlir::RankedTensorType>(value.getType()); }

/// "8x?x64"; "scalar" for rank 0.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// Fails on `op` unless `value` has the shape `needed`; `what` begins the error ("result", "weight").
llvm::LogicalResult requireShape(mlir::Operation *op, llvm::Twine what, mlir::Value value, llvm::ArrayRef<int64_t> needed);
/// Fails on `op` unless `value` has elements of type `needed`.
llvm::LogicalResult requireElementType(mlir::Operation *op, llvm::Twine what, mlir::Value value, mlir::Type needed);
llvm::LogicalResult requireRank(mlir::Operation *op, llvm::Twine what, mlir::Value value, int64_t needed);
/// Integers of any width, or index.
llvm::LogicalResult requireIntegers(mlir::Operation *op, llvm::Twine what, mlir::Value value);
llvm::LogicalResult requireFloats(mlir::Operation *op, llvm::Twine what, mlir::Value value);
/// Fails unless `dims` is strictly increasing within [0, rank).
llvm::LogicalResult requireSortedDims(mlir::Operation *op, llvm::ArrayRef<int64_t> dims, int64_t rank);
/// Fails unless 0 <= dim < rank.
llvm::LogicalResult requireDim(mlir::Operation *op, int64_t dim, int64_t rank);

/// Elements of a tensor, a dynamic size counting as `dynamicExtent`.
int64_t elementsOf(mlir::Value value, int64_t dynamicExtent);

/// Zeros of `result`'s element type, of a shape without unknowns.
HostTensor resultTensor(mlir::Value result, std::vector<int64_t> shape);

/// A dimension that is the one factor.
inline FactorMap::Dim dimOf(int64_t factor) { return FactorMap::Dim{factor}; }

} // namespace tp::nn
