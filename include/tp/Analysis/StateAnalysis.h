// What every value of a local program is, over every mesh axis: replicated, invariant, sharded or partial.
#pragma once
#include "dialects/nn/Nn.h"
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp {

/// The state of one local value. An axis (or part of one) that stands in no list is one over which the value is whole and,
/// if it has a cotangent, invariant (I).
struct LocalState {
  /// S: per dimension the axes that split it, major to minor.
  std::vector<std::vector<AxisPart>> dims;
  /// P, and the kind of reduction that is open.
  std::vector<AxisPart> partial;
  Reduction reduction = Reduction::Sum;
  /// R.
  std::vector<AxisPart> replicated;
  /// False for integers, booleans, constants and what is computed from them: then R and I are one.
  bool hasCotangent = false;
  /// Per dimension, whether all elements along it are alike by construction (a constant, a broadcast): then a whole value
  /// serves as a shard of itself.
  std::vector<bool> uniform;
  /// All elements leave a sum (max, min) as it is, so that every rank may hold them as its part of a partial value.
  bool neutralForSum = false, neutralForMax = false, neutralForMin = false;

  bool isNeutral(Reduction kind) const {
    return kind == Reduction::Sum ? neutralForSum : kind == Reduction::Max ? neutralForMax : neutralForMin;
  }
  /// "S(1) over tp, R over dp", "I"
  std::string str() const;
};

/// The state that a laid-out type declares for a local argument, result, parameter or state.
LocalState declaredState(mlir::RankedTensorType global);

/// States of all tensor values of one local function, in the order of the program. Reports what cannot be, and goes on.
class StateAnalysis {
public:
  explicit StateAnalysis(mlir::func::FuncOp function);

  /// Whether the function's states are consistent; if not, errors have been reported.
  bool isConsistent() const { return consistent; }
  /// The state of a tensor value of the function.
  const LocalState &of(mlir::Value value) const { return states.find(value)->second; }

private:
  friend class StateInference;
  llvm::DenseMap<mlir::Value, LocalState> states;
  bool consistent = true;
};

} // namespace tp
