// Buffers that are one, and where they lie.

#ifndef TP_TRANSFORMS_MEMORY_TD
#define TP_TRANSFORMS_MEMORY_TD

include "mlir/Pass/PassBase.td"

def Memory : Pass<"tp-memory", "::mlir::ModuleOp"> {
  let summary = "joins buffers where nothing is lost, and gives the others places in one arena";
  let description = [{
    *Needs* what Lower leaves. *Leaves* every `tprt.buffer` with an offset, and `tprt.arena_bytes` on the function: enough
    for the largest number of tokens.

    Two buffers are joined if a copy leads from one to the other, or a function may work in place on them, and they never
    hold two different values that both are still read. So a KV cache is updated where it lies, elementwise results
    overwrite their operands, and results are computed into the outputs. A copy between two buffers that are one is gone.

    *Before*
    ```mlir
    %new = tprt.buffer : memref<1x64x8xf32>
    tprt.copy %cache[...] -> %new[...] sizes [...] {whole} : memref<1x64x8xf32> -> memref<1x64x8xf32>
    tprt.cache_update %new, %fresh at %positions sizes ... : memref<1x64x8xf32>, memref<1x1x8xf32>, memref<1x1xi32>
    tprt.copy %new[...] -> %cache[...] sizes [...] {whole} : memref<1x64x8xf32> -> memref<1x64x8xf32>
    ```
    *After*
    ```mlir
    tprt.cache_update %cache, %fresh at %positions sizes ... : memref<1x64x8xf32>, memref<1x1x8xf32>, memref<1x1xi32>
    ```
  }];
  let dependentDialects = ["::tp::rt::TPRTDialect"];
}

#endif // TP_TRANSFORMS_MEMORY_TD
