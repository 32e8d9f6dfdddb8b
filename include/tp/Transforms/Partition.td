// The phase Partition: from the laid-out form to the local form, one pass for each of its steps and one for all of them.

#ifndef TP_TRANSFORMS_PARTITION_TD
#define TP_TRANSFORMS_PARTITION_TD

include "mlir/Pass/PassBase.td"

def Partition : Pass<"tp-partition", "::mlir::ModuleOp"> {
  let summary = "one rank's program: local shapes, explicit collectives, f included";
  let description = [{
    *Needs* the laid-out form. *Leaves* the local form.

    Runs tp-simplify-reshards, tp-place-reductions, tp-simplify-reshards again, and tp-convert-to-local. Before them it
    runs tp-verify-layouts. Nothing is folded or canonicalised on the way.
  }];
  let dependentDialects = ["::tp::TPDialect", "::tp::nn::NNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def SimplifyReshards : Pass<"tp-simplify-reshards", "::mlir::ModuleOp"> {
  let summary = "drops and joins changes of layout that are never needed";
  let description = [{
    *Needs* the laid-out form. *Leaves* it, with fewer `tp.reshard`.

    A reshard to the layout that a value has is the value. A reshard of a reshard starts from the first value where that is
    not dearer. Constants, fills, iota and empty tensors are made again in the layout wanted. Of several reshards of one
    value, those that are cheaper from another's result than from the value start there: all-reduce and a slice of it, not
    all-reduce and reduce-scatter.
  }];
}

def PlaceReductions : Pass<"tp-place-reductions", "::mlir::ModuleOp"> {
  let summary = "reduces partial values as late as that is cheaper";
  let description = [{
    *Needs* the laid-out form. *Leaves* it, with reductions (`tp.reshard` of a partial value) moved.

    A partial value may flow through ops that preserve it. Moving its reduction past an addition merges the reductions of
    parallel branches; moving it past a widening op multiplies the bytes. The reductions sit at the cut with the fewest bytes,
    then the fewest collectives.
  }];
}

def ConvertToLocal : Pass<"tp-convert-to-local", "::mlir::ModuleOp"> {
  let summary = "replaces laid-out tensors by one rank's part of them";
  let description = [{
    *Needs* the laid-out form. *Leaves* the local form.

    Every `tp.reshard` becomes its cheapest sequence of collectives (see ReshardPlan.h); every op is built on local shapes;
    f (`tp.copy`) is inserted once per (value, axes), where a whole float value that has a cotangent meets an op that is split
    or partial over the axes. Arguments, results, parameters and states keep their laid-out type as `tp.global`.
  }];
  let dependentDialects = ["::tp::TPDialect", "::tp::nn::NNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // TP_TRANSFORMS_PARTITION_TD
