// The pass that puts the user's wishes on parameters and arguments.

#ifndef TP_TRANSFORMS_ANNOTATE_TD
#define TP_TRANSFORMS_ANNOTATE_TD

include "mlir/Pass/PassBase.td"

def Annotate : Pass<"tp-annotate", "::mlir::ModuleOp"> {
  let summary = "puts wishes given by name on parameters and arguments";
  let description = [{
    *Needs* the global form. *Leaves* the global form with exactly one mesh, and `tp.layout` on every parameter and argument that
    a wish names.

    A wish names tensors by a glob: parameters by their symbol, arguments by `nn.name` or as `arg0`, `arg1`, ... It replaces the
    wish that a tensor already has; of two that match one tensor the later counts, and one that matches nothing is an error,
    because it is a typing mistake. An argument is meant by a glob only where it is a weight (`tp.parameter`, or a function
    without any); by its full name always.

    *Before*
    ```mlir
    tp.mesh @mesh [tp = 2]
    func.func @main(%x: tensor<8x64xf32>, %w: tensor<256x64xf32> {tp.parameter}) -> tensor<8x256xf32>
    ```
    *After* `shard=arg1=[tp,_]`
    ```mlir
    tp.mesh @mesh [tp = 2]
    func.func @main(%x: tensor<8x64xf32>, %w: tensor<256x64xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {} ]>, tp.parameter})
        -> tensor<8x256xf32>
    ```
  }];
  let options = [
    Option<"mesh", "mesh", "std::string", "\"\"", "axes of the mesh, as in dp=2,tp=4; must be those of tp.mesh where there is one">,
    Option<"shard", "shard", "std::string", "\"\"", "wishes PATTERN=[_,tp], separated by semicolons">
  ];
  let dependentDialects = ["::tp::TPDialect"];
}

#endif // TP_TRANSFORMS_ANNOTATE_TD
