// The dialect `nn`: model ops with value semantics, and parameters and state declared once per module.
//
// Every compute op states beside itself its factor map, what it is linear in, what it computes and how much work that is.
// In the laid-out form each operand has a layout of its own; how they must fit follows from the factor map alone.
// A dynamic extent (`?`) is the number of tokens per sequence: all `?` of one function have the same size, and a bound
// stands on the function as `nn.max_dynamic`.

#ifndef NN_OPS_TD
#define NN_OPS_TD

include "dialects/tp/TpInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::tp::nn";
  let summary = "model ops on whole tensors";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let hasOperationAttrVerify = 1;
}

def NN_ReduceSum : I32EnumAttrCase<"Sum", 0, "sum">;
def NN_ReduceMax : I32EnumAttrCase<"Max", 1, "max">;
def NN_ReduceMin : I32EnumAttrCase<"Min", 2, "min">;
def NN_ReduceKind : I32EnumAttr<"ReduceKind", "how elements are combined",
                                [NN_ReduceSum, NN_ReduceMax, NN_ReduceMin]> {
  let cppNamespace = "::tp::nn";
}

class NN_Op<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic, traits>;

// A compute op. `ruleMethods` names the optional methods of ShardingRule that it implements.
class NN_ComputeOp<string mnemonic, list<string> ruleMethods = [], list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat(traits, [Pure,
        DeclareOpInterfaceMethods<TP_ShardingRuleInterface, ruleMethods>,
        DeclareOpInterfaceMethods<TP_EvaluateInterface>,
        DeclareOpInterfaceMethods<TP_WorkInterface>,
        DeclareOpInterfaceMethods<SymbolUserOpInterface>])> {
  let hasVerifier = 1;
}

//===-- Parameters and state ------------------------------------------------------------------------------------===//

def NN_ParameterOp : NN_Op<"parameter", [Symbol, HasParent<"::mlir::ModuleOp">,
                                         DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a weight: name, global type, where it is stored, and a wish";
  let description = [{
    Has one layout for the whole program; `nn.get` reads it. `source` (a dictionary: `tensor` the stored name, and
    `offsets`/`sizes` where only a slice of the stored tensor is meant, `pad_to` where rows of zeros are appended, or
    `input` for an argument of the entry) says what a rank loads. `tp.layout` is the wish; after Propagate the type carries
    the layout; after Partition the type is local and `tp.global` holds the laid-out type.

    ```mlir
    nn.parameter @wq : tensor<576x576xf32> {source = {tensor = "blk.0.attn_q.weight"}, tp.layout = #tp.layout<@mesh, [{tp}, {} ]>}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type, OptionalAttr<DictionaryAttr>:$source,
                       OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
}

def NN_StateOp : NN_Op<"state", [Symbol, HasParent<"::mlir::ModuleOp">,
                                 DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a value that lives from one execution to the next (KV cache), zero at first";
  let description = [{
    Has one layout for the whole program; read with `nn.get`, written with `nn.set` (the last one in a function counts).

    ```mlir
    nn.state @cache.0.k : tensor<1x2048x3x64xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
}

def NN_GetOp : NN_Op<"get", [MemoryEffects<[MemRead]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a parameter, or of a state at the start of the function";
  let description = [{
    C1: the symbol is a parameter or a state. C2: the types agree.

    ```mlir
    %w = nn.get @wq : tensor<576x576xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def NN_SetOp : NN_Op<"set", [MemoryEffects<[MemWrite]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value that a state has after the function";
  let description = [{
    C1: the symbol is a state. C2: the types agree.

    ```mlir
    nn.set @cache.0.k, %k : tensor<1x2048x3x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name, AnyRankedTensor:$value);
  let assemblyFormat = "$name `,` $value attr-dict `:` type($value)";
}

//===-- Contraction and elementwise -----------------------------------------------------------------------------===//

def NN_ContractOp : NN_ComputeOp<"contract", ["preservesPartial"]> {
  let summary = "sum of products over named dimensions (einsum of two operands)";
  let description = [{
    A letter in both operands but not in the result is summed. Accumulates in f32 for f16 and bf16. Linear in each operand.

    C1: `equation` reads "lhs,rhs->result", one letter per dimension, no letter twice in one tensor. C2: every result letter is
    in an operand, and a letter of one operand only is in the result. C3: equal letters, equal sizes. C4: equal element types.

    ```mlir
    %q = nn.contract "bsh,fh->bsf" %x, %w : tensor<1x8x64xf32>, tensor<256x64xf32> -> tensor<1x8x256xf32>
    ```
  }];
  let arguments = (ins StrAttr:$equation, AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$equation $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
}

def NN_MapOp : NN_ComputeOp<"map", ["preservesPartial"], [SingleBlock, IsolatedFromAbove]> {
  let summary = "a scalar function of equally shaped tensors, element by element";
  let description = [{
    The body is made of scalar `arith` and `math` ops and ends in `nn.yield`. It is linear in a set of operands if the body
    says so (sums, differences, products with and quotients by the others, conversions between floats).

    C1: operands and result have one shape. C2: block arguments and the yielded value have the element types.
    C3: the body holds only scalar arith and math ops and constants.

    ```mlir
    %y = nn.map %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
    ^bb0(%x: f32, %z: f32):
      %s = arith.addf %x, %z : f32
      nn.yield %s : f32
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs);
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "($inputs^)? attr-dict `:` functional-type($inputs, results) $body";
  let extraClassDeclaration = [{
    /// Builds a map whose body is what `fill` returns for the block's arguments.
    static MapOp build(::mlir::OpBuilder &builder, ::mlir::Location loc, ::mlir::RankedTensorType resultType,
                       ::mlir::ValueRange inputs,
                       ::llvm::function_ref<::mlir::Value(::mlir::OpBuilder &, ::mlir::Location, ::mlir::ValueRange)> fill);
  }];
}

def NN_YieldOp : NN_Op<"yield", [Pure, Terminator, HasParent<"MapOp">]> {
  let summary = "the element that a map computes";
  let description = "```mlir\nnn.yield %s : f32\n```";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def NN_ReduceOp : NN_ComputeOp<"reduce", ["preservesPartial"]> {
  let summary = "sum, maximum or minimum over dimensions, which disappear";
  let description = [{
    A split dimension leaves the result partial of the same kind; sum is linear. Accumulates in f32 for f16 and bf16.

    C1: dimensions exist, are sorted and differ. C2: the result is the operand without them.

    ```mlir
    %s = nn.reduce sum %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins NN_ReduceKind:$kind, AnyRankedTensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $input `dims` $dims attr-dict `:` type($input) `->` type($result)";
}

//===-- Shape ---------------------------------------------------------------------------------------------------===//

def NN_BroadcastOp : NN_ComputeOp<"broadcast", ["preservesPartial"]> {
  let summary = "repeats a tensor along new dimensions";
  let description = [{
    Operand dimension i becomes result dimension dims[i]; all others are new. Where a new dimension is dynamic, `like` has the
    result's shape and says how long it is. Linear in the operand.

    C1: dims are sorted, differ, exist. C2: sizes agree along them. C3: `like` if and only if a new dimension is dynamic.

    ```mlir
    %b = nn.broadcast %bias dims [1] : tensor<8xf32> -> tensor<4x8xf32>
    %c = nn.broadcast %bias dims [2] like %x : tensor<8xf32>, tensor<1x?x8xf32> -> tensor<1x?x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$dims, Optional<AnyRankedTensor>:$like);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `dims` $dims (`like` $like^)? attr-dict `:` type($input) (`,` type($like)^)? `->` type($result)";
}

def NN_ReshapeOp : NN_ComputeOp<"reshape", ["preservesPartial"]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    Dimensions split and merge factors; a split of a major factor is carried through. Linear.

    C1: equally many elements; at most one dynamic dimension on either side, and then on both, alone in its factor.

    ```mlir
    %h = nn.reshape %q : tensor<1x8x256xf32> -> tensor<1x8x4x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_TransposeOp : NN_ComputeOp<"transpose", ["preservesPartial"]> {
  let summary = "dimensions in another order";
  let description = [{
    Result dimension i is operand dimension permutation[i]. Linear.

    C1: a permutation of the dimensions. C2: sizes follow.

    ```mlir
    %t = nn.transpose %x perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `perm` $permutation attr-dict `:` type($input) `->` type($result)";
}

def NN_SliceOp : NN_ComputeOp<"slice", ["preservesPartial", "buildLocal"]> {
  let summary = "a fixed part of a tensor";
  let description = [{
    A dimension that is taken from 0 to its end with stride 1 is parallel, any other is whole. Linear.
    The size of a dynamic dimension that is taken whole is written -1.

    C1: one offset, size and stride per dimension. C2: the part lies inside. C3: the result has the sizes.

    ```mlir
    %q = nn.slice %qkv offsets [0, 0] sizes [8, 64] strides [1, 1] : tensor<8x192xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes,
                       DenseI64ArrayAttr:$strides);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `offsets` $offsets `sizes` $sizes `strides` $strides attr-dict `:` type($input) `->` type($result)
  }];
}

def NN_ConcatOp : NN_ComputeOp<"concat", ["preservesPartial"]> {
  let summary = "tensors one after the other along a dimension";
  let description = [{
    The dimension is whole. Linear in all operands together.

    C1: at least one operand, and the dimension exists. C2: all other sizes agree, the sizes along it add up.

    ```mlir
    %c = nn.concat %a, %b dim 1 : (tensor<4x8xf32>, tensor<4x2xf32>) -> tensor<4x10xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, I64Attr:$dim);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$inputs `dim` $dim attr-dict `:` functional-type($inputs, results)";
}

def NN_PadOp : NN_ComputeOp<"pad", ["preservesPartial"]> {
  let summary = "a tensor with elements of one value put around it";
  let description = [{
    A padded dimension is whole. Linear where the value is 0.

    C1: one low and high count per dimension, none negative. C2: the result has the sizes. C3: a dynamic dimension is not padded.

    ```mlir
    %p = nn.pad %x low [0, 1] high [0, 1] value 0.0 : tensor<4x8xf32> -> tensor<4x10xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, F64Attr:$value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `low` $low `high` $high `value` $value attr-dict `:` type($input) `->` type($result)";
}

def NN_IotaOp : NN_ComputeOp<"iota", ["buildLocal"], [AttrSizedOperandSegments]> {
  let summary = "each element's index along one dimension";
  let description = [{
    With `offset` the indices begin there: how a rank makes its shard. Where the result is dynamic, `like` has its shape.

    C1: the dimension exists. C2: `like` if and only if the result has a dynamic dimension.

    ```mlir
    %i = nn.iota dim 0 : tensor<8xi32>
    ```
  }];
  let arguments = (ins I64Attr:$dim, Optional<AnyRankedTensor>:$like, Optional<Index>:$offset);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    `dim` $dim (`like` $like^ `:` type($like))? (`offset` $offset^)? attr-dict `:` type($result)
  }];
}

//===-- Indexing ------------------------------------------------------------------------------------------------===//

def NN_EmbeddingOp : NN_ComputeOp<"embedding", ["preservesPartial", "buildLocal"]> {
  let summary = "rows of a table, by index";
  let description = [{
    result[i.., :] = table[ids[i..], :]. With `first_row` the table holds rows from there on, and an index outside gives zeros:
    so a table split by rows gives a partial sum. Linear in the table.

    C1: ids are integers, the table has 2 dimensions. C2: the result is ids' shape and the table's width.

    ```mlir
    %x = nn.embedding %ids, %table : tensor<1x8xi32>, tensor<100x64xf32> -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$ids, AnyRankedTensor:$table, Optional<Index>:$first_row);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $ids `,` $table (`first_row` $first_row^)? attr-dict `:` type($ids) `,` type($table) `->` type($result)
  }];
}

def NN_GatherOp : NN_ComputeOp<"gather", ["preservesPartial"]> {
  let summary = "slices along one dimension, chosen by index";
  let description = [{
    The first `batch` dimensions are shared by operand and indices; `axis` (>= batch) is the dimension indexed.
    result = operand's dimensions before axis, then indices' dimensions after the batch, then operand's dimensions after axis.
    Indices are clamped to the dimension. The indexed dimension is whole. Linear in the operand.

    C1: 0 <= batch <= axis < rank; indices are integers of rank >= batch. C2: batch sizes agree. C3: the result has that shape.

    ```mlir
    %last = nn.gather %x, %i axis 1 batch 1 : tensor<2x?x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$indices, I64Attr:$axis, I64Attr:$batch);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `,` $indices `axis` $axis `batch` $batch attr-dict `:` type($input) `,` type($indices) `->` type($result)
  }];
}

//===-- Normalisation and attention -----------------------------------------------------------------------------===//

def NN_SoftmaxOp : NN_ComputeOp<"softmax"> {
  let summary = "exp(x - max) / sum of exp(x - max), along one dimension";
  let description = [{
    The dimension is whole, all others parallel. Computed in f32.

    C1: the dimension exists, the element type is a float. C2: operand and result have one type but for their layouts.

    ```mlir
    %p = nn.softmax %x dim 1 : tensor<4x8xf32> -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$dim);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `dim` $dim attr-dict `:` type($input) `->` type($result)";
}

def NN_RmsNormOp : NN_ComputeOp<"rms_norm"> {
  let summary = "x / sqrt(mean(x^2) + epsilon) * weight, along the last dimension (Zhang and Sennrich 2019)";
  let description = [{
    The last dimension is whole. Computed in f32.

    C1: operand and result have one shape, of rank 1 or more. C2: the weight has the size of the last dimension.

    ```mlir
    %y = nn.rms_norm %x, %w epsilon 1.0e-5 : tensor<1x8x64xf32>, tensor<64xf32> -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weight, F64Attr:$epsilon);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight `epsilon` $epsilon attr-dict `:` type($input) `,` type($weight) `->` type($result)
  }];
}

def NN_LayerNormOp : NN_ComputeOp<"layer_norm"> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * weight + bias, along the last dimension (Ba et al. 2016)";
  let description = [{
    The last dimension is whole. Computed in f32.

    C1: operand and result have one shape, of rank 1 or more. C2: weight and bias have the size of the last dimension.

    ```mlir
    %y = nn.layer_norm %x, %w, %b epsilon 1.0e-5
        : tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weight, AnyRankedTensor:$bias, F64Attr:$epsilon);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight `,` $bias `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($weight) `,` type($bias) `->` type($result)
  }];
}

def NN_RopeOp : NN_ComputeOp<"rope", ["preservesPartial"]> {
  let summary = "rotary position embedding (Su et al. 2021)";
  let description = [{
    Rotates the first 2 * |inverse_frequencies| elements of each head by position * inverse frequency, as pairs (i, i + half), or
    (2i, 2i + 1) if `interleaved`; the rest passes. The angle is rounded to f32, as in every implementation of it; sin and cos
    are multiplied by `attention_factor`. Batch, sequence and heads are parallel, the head's width is whole. Linear in the input.

    C1: input is [batch, sequence, heads, width], positions are integers [batch, sequence]. C2: the rotated part fits the width.

    ```mlir
    %r = nn.rope %q, %positions frequencies [1.0, 0.1] attention_factor 1.0
        : tensor<1x8x3x4xf32>, tensor<1x8xi32> -> tensor<1x8x3x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$positions, DenseF32ArrayAttr:$inverse_frequencies,
                       F64Attr:$attention_factor, UnitAttr:$interleaved);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `,` $positions `frequencies` $inverse_frequencies `attention_factor` $attention_factor
    (`interleaved` $interleaved^)? attr-dict `:` type($input) `,` type($positions) `->` type($result)
  }];
}

def NN_CacheUpdateOp : NN_ComputeOp<"cache_update"> {
  let summary = "a cache with fresh rows written at their positions";
  let description = [{
    result = cache, but result[b, positions[b, i], ..] = fresh[b, i, ..]; positions outside the cache (-1 for padding) write
    nothing. The cache's and the fresh rows' second dimensions are whole.

    C1: cache [b, t, x..], fresh [b, s, x..], positions integers [b, s]. C2: result and cache have one shape.

    ```mlir
    %c = nn.cache_update %cache, %k, %positions
        : tensor<1x64x3x8xf32>, tensor<1x?x3x8xf32>, tensor<1x?xi32> -> tensor<1x64x3x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$cache, AnyRankedTensor:$fresh, AnyRankedTensor:$positions);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $cache `,` $fresh `,` $positions attr-dict
    `:` type($cache) `,` type($fresh) `,` type($positions) `->` type($result)
  }];
}

def NN_AttentionOp : NN_ComputeOp<"attention", ["preservesPartial", "buildLocal"], [AttrSizedOperandSegments]> {
  let summary = "softmax(scale * q k^T + mask) v, per head (Vaswani et al. 2017), with grouped heads (Ainslie et al. 2023)";
  let description = [{
    q [b, s, heads, d], k [b, t, kv, d], v [b, t, kv, dv], result [b, s, heads, dv]; query head h uses key head h / (heads / kv).
    Key j is visible to query i of sequence b if (all that apply): with `positions`, j <= positions[b, i]; with `window` > 0, also
    j > positions[b, i] - window; with `causal` and without positions, j <= i + t - s; with `key_mask`, key_mask[b, j] != 0. A query that sees no key gives zeros.
    Factors: b, s, kv and group (heads = kv x group) and dv are parallel; d and t are whole. With `causal`, s is whole unless b, s and t
    are static: then a rank that holds part of s gets positions. Linear in v.

    C1: ranks and sizes as above, kv divides heads. C2: `window` needs positions; not both causal and positions.

    ```mlir
    %o = nn.attention %q, %k, %v positions %p scale 1.25e-1
        : tensor<1x?x9x64xf32>, tensor<1x2048x3x64xf32>, tensor<1x2048x3x64xf32>, tensor<1x?xi32> -> tensor<1x?x9x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$query, AnyRankedTensor:$key, AnyRankedTensor:$value,
                       Optional<AnyRankedTensor>:$positions, Optional<AnyRankedTensor>:$key_mask,
                       F64Attr:$scale, UnitAttr:$causal, DefaultValuedAttr<I64Attr, "0">:$window);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`positions` $positions^)? (`key_mask` $key_mask^)? `scale` $scale
    (`causal` $causal^)? (`window` $window^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value) (`,` type($positions)^)? (`mask` type($key_mask)^)? `->` type($result)
  }];
}

#endif // NN_OPS_TD
