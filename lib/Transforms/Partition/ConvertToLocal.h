// What the two halves of tp-convert-to-local share: where whole values are used differently by each rank (CopyPlan), and
// how a change of layout is written in collectives (emitReshard).
#pragma once
#include "tp/Analysis/Where.h"
#include "tp/Planning/ReshardPlan.h"
#include "tp/Transforms/Partition.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp {

/// A set of mesh atoms, in the mesh's order.
using AxisSet = std::vector<AxisPart>;

/// Which uses of a laid-out function need f, and over which axes.
///
/// A value has a cotangent if it is a float and comes from an argument, a parameter or a state. Where such a value is whole
/// over an axis, all ranks hold it alike (state I); an op that is split or partial over that axis uses it differently on each
/// rank, so it takes it through f, which makes it R.
class CopyPlan {
public:
  CopyPlan(mlir::func::FuncOp function, const Mesh &mesh);

  bool hasCotangent(mlir::Value value) const { return differentiable.contains(value); }
  /// Axes over which this use needs its value in state R; empty for most.
  AxisSet axesOf(mlir::OpOperand &use) const { return needs.lookup(&use); }
  /// Whether every use of `value` needs it in state R over all of `axes`: then a gather can give R at once.
  bool allUsesDiffer(mlir::Value value, const std::vector<AxisPart> &axes) const;
  /// The different sets that uses of `value` need beyond `given`, smaller ones first.
  std::vector<AxisSet> setsOf(mlir::Value value, const AxisSet &given) const;

private:
  void visit(mlir::Operation *op);

  const Mesh &mesh;
  llvm::DenseSet<mlir::Value> differentiable;
  llvm::DenseMap<mlir::OpOperand *, AxisSet> needs;
};

/// `a` without what `b` covers, cut where `b` ends.
AxisSet minus(const Mesh &mesh, const AxisSet &a, const std::vector<AxisPart> &b);

} // namespace tp
