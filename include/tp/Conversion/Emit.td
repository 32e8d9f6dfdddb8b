// From calls of the runtime to LLVM.

#ifndef TP_CONVERSION_EMIT_TD
#define TP_CONVERSION_EMIT_TD

include "mlir/Pass/PassBase.td"

def Emit : Pass<"tp-emit", "::mlir::ModuleOp"> {
  let summary = "calls of the runtime and kernels become LLVM";
  let description = [{
    *Needs* what Memory leaves. *Leaves* LLVM only: for each entry a function `tpm_<entry>` (context, parameters, states, inputs,
    outputs, arena, n), the kernels, and declarations of the runtime's functions as runtime/functions.def lists them.

    An op's operands and attributes have the names and the order of its function's parameters, so one rule serves all. In
    kernels, exp, tanh, erf and their like become polynomials, which LLVM vectorises; the rest calls libm.

    *Before*
    ```mlir
    tprt.fill %b count %c8 value 0.0 : memref<8xf32>
    ```
    *After*
    ```mlir
    llvm.call @tprt_fill(%ctx, %c0, %b, %c8, %zero) : (!llvm.ptr, i64, !llvm.ptr, i64, f64) -> ()
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

#endif // TP_CONVERSION_EMIT_TD
