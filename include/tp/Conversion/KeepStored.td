// Which parameters stay as their file stores them.

#ifndef TP_CONVERSION_KEEP_STORED_TD
#define TP_CONVERSION_KEEP_STORED_TD

include "mlir/Pass/PassBase.td"

def KeepStored : Pass<"tp-keep-stored", "::mlir::ModuleOp"> {
  let summary = "parameters that are only multiplied with and looked up in stay as their file stores them";
  let description = [{
    *Needs* the local form. *Leaves* every parameter whose source says how it is stored (`stored = "Q4_1"`) either with the
    attribute `nn.stored`, or without any such word and a remark that says why it is expanded to its element type.

    A rank's part must be whole blocks, and every use one that the runtime can do on blocks: the right side of a product that
    sums over the rows' elements (a linear layer [out, in]), or the table of an embedding. What the program computes is the
    same either way; what a rank holds and reads per token is not.

    *Before*
    ```mlir
    nn.parameter @w : tensor<256x64xf32> {source = {stored = "Q4_1", tensor = "blk.0.attn_q.weight"}, ...}
    ```
    *After*
    ```mlir
    nn.parameter @w : tensor<256x64xf32> {nn.stored = "Q4_1", source = {tensor = "blk.0.attn_q.weight"}, ...}
    ```
  }];
  let dependentDialects = ["::tp::nn::NNDialect"];
}

#endif // TP_CONVERSION_KEEP_STORED_TD
