// Ops of the dialect `tp`.

#ifndef TP_OPS_TD
#define TP_OPS_TD

include "dialects/tp/TpDialect.td"
include "dialects/tp/TpAttributes.td"
include "dialects/tp/TpInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class TP_Op<string mnemonic, list<Trait> traits = []> : Op<TP_Dialect, mnemonic, traits>;

def TP_MeshOp : TP_Op<"mesh", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "the devices, as a grid with named axes";
  let description = [{
    Axes are written major to minor; a rank is the row-major index of its coordinates.

    C1: exactly one per module, at its top level, public. C2: sizes at least 1. C3: axis names differ.

    ```mlir
    tp.mesh @mesh [dp = 2, tp = 4]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$axis_names, DenseI64ArrayAttr:$axis_sizes,
                       OptionalAttr<StrAttr>:$sym_visibility);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = "::tp::Mesh getMesh();";
}

def TP_ConstrainOp : TP_Op<"constrain", [MemoryEffects<[MemWrite]>, AllTypesMatch<["input", "result"]>,
                                         DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a wish on a value, for the value and not only for this use";
  let description = [{
    Has an effect, so that it is not deleted where its result is unused.

    C1: the layout fits the tensor (rank, axes, sizes). C2: not partial.

    ```mlir
    %h1 = tp.constrain %h to <@mesh, [{}, {tp} ]> : tensor<8x256xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, TP_LayoutAttr:$layout);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `to` $layout attr-dict `:` type($result)";
}

def TP_ReshardOp : TP_Op<"reshard", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the same whole tensor in another layout";
  let description = [{
    C1: both types carry a layout of one mesh. C2: shape and element type stay. C3: a result is partial only over
    axes over which the operand is partial or whole, with the same reduction.

    ```mlir
    %1 = tp.reshard %0 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {} ], partial = sum<tp>>>
                      -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {} ]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

// A collective of the local form. Every one names its mesh axes and the states it goes between.
class TP_CollectiveOp<string mnemonic, list<string> optionalMethods = [], list<Trait> traits = []>
    : TP_Op<mnemonic, !listconcat(traits, [Pure,
        DeclareOpInterfaceMethods<TP_CollectiveInterface, optionalMethods>,
        DeclareOpInterfaceMethods<SymbolUserOpInterface>])> {
  dag common = (ins AnyRankedTensor:$input, FlatSymbolRefAttr:$mesh, TP_AxesAttr:$axes, TP_StateAttr:$from,
                    TP_StateAttr:$to);
  let arguments = common;
  let results = (outs AnyRankedTensor:$result);
}

class TP_SameTypeCollectiveOp<string mnemonic, list<string> optionalMethods = []>
    : TP_CollectiveOp<mnemonic, optionalMethods, [AllTypesMatch<["input", "result"]>]>;

def TP_CopyOp : TP_SameTypeCollectiveOp<"copy"> {
  let summary = "f: a value that all ranks use identically becomes one that each uses in its own way";
  let description = [{
    Identity forward, all-reduce backward. Once per (value, axes).

    C1: I -> R.

    ```mlir
    %1 = tp.copy %0 over @mesh[tp], I -> R : tensor<8x64xf32>
    ```
  }];
  let assemblyFormat = [{ $input `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) }];
}

def TP_AllReduceOp : TP_SameTypeCollectiveOp<"all_reduce", ["getReductionKind"]> {
  let summary = "g: the reduction of what all ranks hold, on every rank";
  let description = [{
    C1: P -> I (backward identity) or P -> R (backward all-reduce).

    ```mlir
    %1 = tp.all_reduce sum %0 over @mesh[tp], P -> I : tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins TP_ReductionAttr:$reduction));
  let assemblyFormat = [{ $reduction $input `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) }];
}

def TP_AllGatherOp : TP_CollectiveOp<"all_gather"> {
  let summary = "the shards of all ranks, concatenated along a dimension, on every rank";
  let description = [{
    C1: S -> I (backward slice) or S -> R (backward reduce-scatter). C2: dimension `dim` grows by the size of the group.

    ```mlir
    %1 = tp.all_gather %0 dim 1 over @mesh[tp], S -> R : tensor<8x16xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$dim));
  let assemblyFormat = [{ $input `dim` $dim `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_ReduceScatterOp : TP_CollectiveOp<"reduce_scatter", ["getReductionKind"]> {
  let summary = "each rank's shard of the reduction of what all ranks hold";
  let description = [{
    C1: P -> S (backward all-gather S -> R). C2: dimension `dim` shrinks by the size of the group.

    ```mlir
    %1 = tp.reduce_scatter sum %0 dim 1 over @mesh[tp], P -> S : tensor<8x64xf32> -> tensor<8x16xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$dim, TP_ReductionAttr:$reduction));
  let assemblyFormat = [{ $reduction $input `dim` $dim `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_AllToAllOp : TP_CollectiveOp<"all_to_all"> {
  let summary = "moves the split from dimension `concat` to dimension `split`";
  let description = [{
    C1: S -> S. C2: dimension `split` shrinks and dimension `concat` grows by the size of the group; they differ.

    ```mlir
    %1 = tp.all_to_all %0 split 2 concat 1 over @mesh[tp], S -> S : tensor<8x16x64xf32> -> tensor<8x64x16xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$split, I64Attr:$concat));
  let assemblyFormat = [{ $input `split` $split `concat` $concat `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_SliceOp : TP_CollectiveOp<"slice"> {
  let summary = "this rank's shard of a value that it holds whole";
  let description = [{
    C1: I -> S (backward all-gather) or R -> S (backward: placed into zeros, P). C2: as reduce_scatter's.

    ```mlir
    %1 = tp.slice %0 dim 1 over @mesh[tp], I -> S : tensor<8x64xf32> -> tensor<8x16xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$dim));
  let assemblyFormat = [{ $input `dim` $dim `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_PlaceOp : TP_CollectiveOp<"place"> {
  let summary = "this rank's shard at its place in a whole tensor of zeros";
  let description = [{
    The mirror of a slice of a replicated value. C1: S -> P (backward slice R -> S). C2: as all_gather's.

    ```mlir
    %1 = tp.place %0 dim 1 over @mesh[tp], S -> P : tensor<8x16xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$dim));
  let assemblyFormat = [{ $input `dim` $dim `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_KeepOp : TP_SameTypeCollectiveOp<"keep", ["getReductionKind"]> {
  let summary = "the value on the first rank of the group, the neutral element on the others";
  let description = [{
    A whole value becomes partial; moves nothing. C1: I -> P (backward identity) or R -> P (its own mirror).

    ```mlir
    %1 = tp.keep sum %0 over @mesh[tp], I -> P : tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins TP_ReductionAttr:$reduction));
  let assemblyFormat = [{ $reduction $input `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) }];
}

def TP_BroadcastOp : TP_SameTypeCollectiveOp<"broadcast"> {
  let summary = "the value of group rank `root`, on every rank";
  let description = [{
    C1: R -> I (what the other ranks hold is ignored; backward reduce to the root). C2: root lies in the group.

    ```mlir
    %1 = tp.broadcast %0 root 0 over @mesh[tp], R -> I : tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$root));
  let assemblyFormat = [{ $input `root` $root `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) }];
}

def TP_ReduceOp : TP_SameTypeCollectiveOp<"reduce", ["getReductionKind"]> {
  let summary = "the reduction of what all ranks hold on group rank `root`, the neutral element on the others";
  let description = [{
    C1: P -> P (what is summed stays the same; backward broadcast). C2: root lies in the group.

    ```mlir
    %1 = tp.reduce sum %0 root 0 over @mesh[tp], P -> P : tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$root, TP_ReductionAttr:$reduction));
  let assemblyFormat = [{ $reduction $input `root` $root `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) }];
}

def TP_GatherOp : TP_CollectiveOp<"gather"> {
  let summary = "the shards of all ranks on group rank `root`, zeros on the others";
  let description = [{
    C1: S -> P (backward scatter). C2: as all_gather's. C3: root lies in the group.

    ```mlir
    %1 = tp.gather %0 dim 1 root 0 over @mesh[tp], S -> P : tensor<8x16xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$dim, I64Attr:$root));
  let assemblyFormat = [{ $input `dim` $dim `root` $root `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_ScatterOp : TP_CollectiveOp<"scatter"> {
  let summary = "each rank's shard of the value of group rank `root`";
  let description = [{
    C1: R -> S (what the other ranks hold is ignored; backward gather). C2: as reduce_scatter's. C3: root lies in the group.

    ```mlir
    %1 = tp.scatter %0 dim 1 root 0 over @mesh[tp], R -> S : tensor<8x64xf32> -> tensor<8x16xf32>
    ```
  }];
  let arguments = !con(common, (ins I64Attr:$dim, I64Attr:$root));
  let assemblyFormat = [{ $input `dim` $dim `root` $root `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) `->` type($result) }];
}

def TP_PermuteOp : TP_SameTypeCollectiveOp<"permute"> {
  let summary = "sends from group rank to group rank; zeros where nothing arrives";
  let description = [{
    C1: S -> S (backward: the pairs turned round). C2: pairs name ranks of the group; no source and no target twice.

    ```mlir
    %1 = tp.permute %0 pairs [0, 1, 1, 2] over @mesh[tp], S -> S : tensor<8x64xf32>
    ```
  }];
  let arguments = !con(common, (ins DenseI64ArrayAttr:$pairs));
  let assemblyFormat = [{ $input `pairs` $pairs `over` custom<AxesOfMesh>($mesh, $axes) `,` $from `->` $to attr-dict `:` type($input) }];
}

def TP_AxisIndexOp : TP_Op<"axis_index", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "index of this rank along mesh axes taken together, major to minor";
  let description = [{
    ```mlir
    %i = tp.axis_index over @mesh[dp, tp] : index
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$mesh, TP_AxesAttr:$axes);
  let results = (outs Index:$result);
  let assemblyFormat = [{ `over` custom<AxesOfMesh>($mesh, $axes) attr-dict `:` type($result) }];
}

#endif // TP_OPS_TD
