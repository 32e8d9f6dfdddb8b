// The pass that every phase on the laid-out form runs first.

#ifndef TP_ANALYSIS_VERIFYLAYOUTS_TD
#define TP_ANALYSIS_VERIFYLAYOUTS_TD

include "mlir/Pass/PassBase.td"

def VerifyLayouts : Pass<"tp-verify-layouts", "::mlir::ModuleOp"> {
  let summary = "refuses a laid-out program whose layouts do not fit its ops";
  let description = [{
    *Needs* the laid-out form. *Leaves* it as it is, or fails with one error per mistake.

    What types and ops can check by themselves is checked when they are parsed. This pass refuses the rest: tensors
    without a layout beside tensors with one, layouts of sizes that do not divide, ops without a sharding rule whose
    tensors are not whole, calls whose types differ, and wishes (`tp.layout`, `tp.constrain`) that Propagate left behind.
    A program without any layout in a type passes.
  }];
}

#endif // TP_ANALYSIS_VERIFYLAYOUTS_TD
