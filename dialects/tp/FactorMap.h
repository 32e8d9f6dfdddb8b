// Factor maps: how the dimensions of an op's operands and results hang together, like an einsum with names for sizes.
//
// A contraction "bsh,hf->bsf" has the factors b, s, f (parallel) and h (reduction). A dimension is a list of factors,
// major to minor: a reshape of [heads*width] to [heads, width] maps [heads, width] on the left to [heads] and [width] on
// the right. Splitting a factor over mesh axes splits every dimension that holds it; splitting a reduction factor leaves
// the results partial; a *whole* factor must not be split.
#pragma once
#include "tp/Support/Layout.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

namespace tp {

enum class FactorKind { Parallel, Reduction, Whole };

struct Factor {
  /// mlir::ShapedType::kDynamic where unknown. A dynamic factor is always alone in its dimension.
  int64_t size;
  FactorKind kind = FactorKind::Parallel;
  /// Of a reduction factor: how the parts are combined.
  Reduction reduction = Reduction::Sum;
};

struct FactorMap {
  using Dim = llvm::SmallVector<int64_t, 2>; // factor numbers, major to minor; empty: a dimension of size 1
  using Tensor = llvm::SmallVector<Dim, 4>;  // one entry per dimension
  llvm::SmallVector<Factor, 8> factors;
  llvm::SmallVector<Tensor, 4> operands; // one entry per operand; empty for non-tensors
  llvm::SmallVector<Tensor, 2> results;
  /// (operand, result): an operand that the result starts from (an init of linalg.generic); it has the result's layout exactly,
  /// and where the result becomes partial one rank keeps it.
  llvm::SmallVector<std::pair<int64_t, int64_t>, 1> tied;

  int64_t addFactor(int64_t size, FactorKind kind = FactorKind::Parallel, Reduction reduction = Reduction::Sum) {
    factors.push_back({size, kind, reduction});
    return factors.size() - 1;
  }
  /// One factor of `kind` per dimension of `type`, each in a dimension of its own.
  Tensor addFactorsFor(mlir::RankedTensorType type, FactorKind kind = FactorKind::Parallel);
};

/// The map of an elementwise op: every tensor operand and result has the same shape and the same factors.
FactorMap elementwiseFactorMap(mlir::Operation *op);

/// The map of an op without a rule: everything is whole in every dimension.
FactorMap wholeFactorMap(mlir::Operation *op);

/// Factors of a reshape: `from` and `to` hold the same elements in row-major order. Where the dimensions do not refine
/// one another, the factor that covers the rest is whole.
FactorMap reshapeFactorMap(mlir::RankedTensorType from, mlir::RankedTensorType to);

/// What an op that is built for one rank may ask.
struct LocalContext {
  virtual ~LocalContext() = default;
  /// The axis parts that split `factor` of the op's factor map, major to minor.
  virtual std::vector<AxisPart> axesOf(int64_t factor) = 0;
  /// Index of this rank's first element along `factor` (type index), or null if the factor is not split.
  virtual mlir::Value offsetOf(mlir::OpBuilder &builder, mlir::Location loc, int64_t factor) = 0;
};

/// `op` on other operands and with other result types; regions and attributes are copied.
mlir::Operation *cloneLocal(mlir::Operation *op, mlir::OpBuilder &builder, mlir::ValueRange operands,
                            mlir::TypeRange resultTypes);

} // namespace tp
