// What the rewrites of the laid-out form share: costs of changes of layout, and sums.
#pragma once
#include "tp/Planning/ReshardPlan.h"
#include "tp/Transforms/Partition.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp {

/// Bytes on the wire, then collectives.
using ReshardCost = std::pair<int64_t, int64_t>;

/// Costs of changes of layout in one function. Equal layers ask the same questions, so each is planned once.
struct ReshardCosts {
  explicit ReshardCosts(mlir::func::FuncOp function);
  ReshardCost of(mlir::Type from, mlir::Type to) const;
  /// Whether tp.reshard may go from one type to the other (its constraint C3).
  bool isLegal(mlir::Type from, mlir::Type to) const;

  Mesh mesh;
  int64_t dynamicExtent;

private:
  mutable llvm::DenseMap<std::pair<mlir::Type, mlir::Type>, ReshardCost> known;
};

/// Rounds of the rewrites that need no costs of their own; see the files of the same names.
void simplifyReshards(mlir::func::FuncOp function);
void mergeSums(mlir::func::FuncOp function);
void placeReductions(mlir::func::FuncOp function);

/// A value that is a sum of others: an nn.map whose body adds its operands, each once, or arith.addf.
bool isSum(mlir::Operation *op);
/// The sum of `terms`, which have one type; `terms` itself if it is one.
mlir::Value buildSum(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<mlir::Value> terms);
/// Erases ops without effects and uses, last ones first.
void eraseDead(mlir::func::FuncOp function);

} // namespace tp
