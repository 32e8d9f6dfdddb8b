// From tensors to buffers and calls of the runtime.

#ifndef TP_CONVERSION_LOWER_TD
#define TP_CONVERSION_LOWER_TD

include "mlir/Pass/PassBase.td"

def Lower : Pass<"tp-lower", "::mlir::ModuleOp"> {
  let summary = "one rank's tensor program becomes calls of the runtime on buffers";
  let description = [{
    *Needs* the local form. *Leaves* functions without results, whose arguments are the inputs' and then the outputs' buffers
    (`tprt.output`), made of `tprt` ops, and generated kernels.

    Every op writes into a buffer of its own; what is returned or set is copied at the end. That is obviously right, and
    Memory turns the copies into buffers that are one. Views (reshape, transpose, broadcast, slices) cost nothing: they are
    strides, which gemm, kernels and copies read as they are. Chains of `nn.map` become one kernel; equal kernels are one.

    *Before*
    ```mlir
    %h = nn.contract "bk,kn->bn" %x, %w : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
    %r = tp.all_reduce sum %h over @mesh[tp], P -> I : tensor<8x32xf32>
    ```
    *After*
    ```mlir
    %h = tprt.buffer : memref<8x32xf32>
    tprt.gemm %x[...] * %w[...] -> %h[...] sizes ... : memref<8x64xf32>, memref<64x32xf32>, memref<8x32xf32>
    %r = tprt.buffer : memref<8x32xf32>
    tprt.all_reduce %h -> %r count %c256 group 0 site 0 reduction 0 : memref<8x32xf32> -> memref<8x32xf32>
    ```
  }];
  let dependentDialects = ["::tp::rt::TPRTDialect", "::mlir::memref::MemRefDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::func::FuncDialect"];
}

#endif // TP_CONVERSION_LOWER_TD
