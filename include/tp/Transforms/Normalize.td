// The first phase: one vocabulary for every graph.

#ifndef TP_TRANSFORMS_NORMALIZE_TD
#define TP_TRANSFORMS_NORMALIZE_TD

include "mlir/Pass/PassBase.td"

def Normalize : Pass<"tp-normalize", "::mlir::ModuleOp"> {
  let summary = "says in nn what a graph says in linalg, tensor, arith and math, and loads slices of weights as weights";
  let description = [{
    *Needs* the global form. *Leaves* the global form: flat entries in `nn`, `arith.constant`, `tp.constrain`, and
    `linalg.generic` for what has no name.

    Sharding rules, derivatives and verifiers are written once, for `nn`; so a graph of another front end is first said in
    `nn`. Then three things that would hide a split are undone: rows flattened for a matmul (batch and sequence merged),
    weights broadcast over the batch, and weights packed side by side (q|k|v, gate|up), whose slices become weights of their
    own. Wishes stay on the values they were put on; the wish on a packed weight holds for each of its slices.
    Every argument and result gets a name (`nn.name`), and every weight among the arguments the attribute `tp.parameter`.

    *Before*
    ```mlir
    func.func @main(%x: tensor<8x64xf32>, %w: tensor<64x32xf32>) -> tensor<8x32xf32> {
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<8x32xf32>
      %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x32xf32>) -> tensor<8x32xf32>
      %y = linalg.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x32xf32>)
                         outs(%init : tensor<8x32xf32>) -> tensor<8x32xf32>
      return %y : tensor<8x32xf32>
    }
    ```

    *After*
    ```mlir
    func.func @main(%x: tensor<8x64xf32> {nn.name = "arg0"}, %w: tensor<64x32xf32> {nn.name = "arg1", tp.parameter})
        -> (tensor<8x32xf32> {nn.name = "result0"}) {
      %y = nn.contract "ac,cb->ab" %x, %w : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
      return %y : tensor<8x32xf32>
    }
    ```
  }];
  let dependentDialects = ["::tp::nn::NNDialect", "::tp::TPDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect", "::mlir::linalg::LinalgDialect"];
}

#endif // TP_TRANSFORMS_NORMALIZE_TD
