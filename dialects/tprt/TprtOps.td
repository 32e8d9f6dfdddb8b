// The dialect `tprt`: what one rank's program asks of the runtime, on buffers.
//
// One op per function of runtime/functions.def. An op's name is the function's, its operands and attributes have the
// names and the order of the function's parameters; element types (`dtype`, `element_bytes`, ...) are not repeated, they
// are those of the buffers. So the step to calls (lib/Conversion/Emit) is one rule for all ops. Sizes, strides and counts
// are i64 values, because they may follow the number of tokens; flags and numbers of groups and sites are attributes.

#ifndef TPRT_OPS_TD
#define TPRT_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def TPRT_Dialect : Dialect {
  let name = "tprt";
  let cppNamespace = "::tp::rt";
  let summary = "calls of the runtime on buffers";
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def TPRT_CallInterface : OpInterface<"RuntimeCall"> {
  let cppNamespace = "::tp::rt";
  let description = "An op that becomes one call of a function of runtime/functions.def.";
  let methods = [
    InterfaceMethod<[{
        Pairs (operand read, operand written) that may be one and the same buffer: the function works in place.
      }], "::llvm::SmallVector<std::pair<unsigned, unsigned>>", "getInPlacePairs", (ins), "", "return {};">,
  ];
}

class TPRT_Op<string mnemonic, list<Trait> traits = []> : Op<TPRT_Dialect, mnemonic, traits>;

def TPRT_Read : Arg<AnyMemRef, "a buffer that is read", [MemRead]>;
def TPRT_Written : Arg<AnyMemRef, "a buffer that is written as a whole", [MemWrite]>;
def TPRT_Updated : Arg<AnyMemRef, "a buffer that is read and written", [MemRead, MemWrite]>;

// A function that may not work in place, and one that may: its operand `read` may be its operand `written`.
class TPRT_Call<string mnemonic, list<Trait> traits = []>
    : TPRT_Op<mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<TPRT_CallInterface>])>;
class TPRT_InPlaceCall<string mnemonic, list<Trait> traits = []>
    : TPRT_Op<mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<TPRT_CallInterface, ["getInPlacePairs"]>])>;

//===-- Buffers and numbers -------------------------------------------------------------------------------------===//

def TPRT_BufferOp : TPRT_Op<"buffer"> {
  let summary = "room in the rank's arena";
  let description = [{
    `sizes` are those of the dynamic dimensions. `offset`, in bytes from the arena's begin, is given by Memory: a buffer
    without one has no place yet. The contents are undefined at first.

    ```mlir
    %b = tprt.buffer(%n) : memref<1x?x64xf32>
    ```
  }];
  let arguments = (ins Variadic<I64>:$sizes, OptionalAttr<I64Attr>:$offset);
  let results = (outs Res<AnyMemRef, "", [MemAlloc]>:$result);
  let assemblyFormat = "(`(` $sizes^ `)`)? attr-dict `:` type($result)";
}

def TPRT_ParameterOp : TPRT_Op<"parameter", [Pure]> {
  let summary = "this rank's part of a parameter; read only";
  let description = "```mlir\n%w = tprt.parameter @wq : memref<256x64xf32>\n```";
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def TPRT_StateOp : TPRT_Op<"state", [Pure]> {
  let summary = "this rank's part of a state, which keeps what is written into it";
  let description = "```mlir\n%c = tprt.state @cache.0.k : memref<1x2048x3x64xf32>\n```";
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def TPRT_ConstantOp : TPRT_Op<"constant", [Pure]> {
  let summary = "a table in the module; read only";
  let description = "```mlir\n%f = tprt.constant dense<[1.0, 0.1]> : tensor<2xf32> as memref<2xf32>\n```";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$value `as` type($result) attr-dict";
}

def TPRT_NullOp : TPRT_Op<"null", [Pure]> {
  let summary = "no buffer, where a function takes none";
  let description = "```mlir\n%0 = tprt.null : memref<0xi8>\n```";
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def TPRT_ViewOp : TPRT_Op<"view", [Pure]> {
  let summary = "a buffer seen from its element `offset` on, in another shape";
  let description = "```mlir\n%v = tprt.view %b[%offset] : memref<4x64xf32> to memref<2x64xf32>\n```";
  let arguments = (ins AnyMemRef:$source, I64:$offset);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$source `[` $offset `]` attr-dict `:` type($source) `to` type($result)";
}

def TPRT_TokensOp : TPRT_Op<"tokens", [Pure]> {
  let summary = "the number of tokens per sequence of this execution, divided by `split` (rounded up)";
  let description = "```mlir\n%n = tprt.tokens split 2\n```";
  let arguments = (ins I64Attr:$split);
  let results = (outs I64:$result);
  let assemblyFormat = "`split` $split attr-dict";
}

def TPRT_LaunchOp : TPRT_Op<"launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<TPRT_CallInterface, ["getInPlacePairs"]>]> {
  let summary = "a generated kernel, spread over the rank's threads (tprt_parallel_for)";
  let description = [{
    Calls @kernel(arguments, begin, end) for pieces of [0, count) of at least `grain` iterations. The kernel finds its
    arguments in one array: read buffers, written buffers, numbers. `in_place` holds pairs (read, written): places in the
    two lists whose buffers may be the same.

    ```mlir
    tprt.launch @add count %count grain 4096 (%a, %b) -> (%c) with (%n) {in_place = array<i64: 0, 0>}
        : memref<?xf32>, memref<?xf32>, memref<?xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, I64:$count, I64Attr:$grain,
                       Arg<Variadic<AnyMemRef>, "", [MemRead]>:$reads, Arg<Variadic<AnyMemRef>, "", [MemWrite]>:$writes,
                       Variadic<I64>:$numbers, DenseI64ArrayAttr:$in_place);
  let assemblyFormat = [{
    $kernel `count` $count `grain` $grain `(` $reads `)` `->` `(` $writes `)` `with` `(` $numbers `)` attr-dict
    `:` type($reads) `->` type($writes)
  }];
}

def TPRT_AxisIndexOp : TPRT_Op<"axis_index", [Pure, DeclareOpInterfaceMethods<TPRT_CallInterface>]> {
  let summary = "this rank's index in a group";
  let description = "```mlir\n%i = tprt.axis_index group 0\n```";
  let arguments = (ins I64Attr:$group);
  let results = (outs I64:$result);
  let assemblyFormat = "`group` $group attr-dict";
}

//===-- Computation ---------------------------------------------------------------------------------------------===//

def TPRT_GemmOp : TPRT_Call<"gemm"> {
  let summary = "c = a b, or c += a b, per batch";
  let description = [{
    ```mlir
    tprt.gemm %a[%0, %k, %1] * %b[%0, %1, %k] -> %c[%0, %n] sizes %1, %m, %n, %k {accumulate = 0 : i64, parameter = 3 : i64}
        : memref<8x64xf32>, memref<256x64xf32>, memref<8x256xf32>
    ```
  }];
  let arguments = (ins I64:$batch, I64:$m, I64:$n, I64:$k, TPRT_Read:$a, I64:$a_batch, I64:$a_row, I64:$a_col,
                       TPRT_Read:$b, I64:$b_batch, I64:$b_row, I64:$b_col, TPRT_Written:$c, I64:$c_batch, I64:$c_row,
                       I64Attr:$accumulate, I64Attr:$parameter);
  let assemblyFormat = [{
    $a `[` $a_batch `,` $a_row `,` $a_col `]` `*` $b `[` $b_batch `,` $b_row `,` $b_col `]` `->` $c `[` $c_batch `,` $c_row `]`
    `sizes` $batch `,` $m `,` $n `,` $k attr-dict `:` type($a) `,` type($b) `,` type($c)
  }];
}

def TPRT_GemmStoredOp : TPRT_Call<"gemm_stored"> {
  let summary = "c = a b^T, where b is kept as its file stores it";
  let description = [{
    `format` is GGUF's code of b's blocks; b is a buffer of bytes.

    ```mlir
    tprt.gemm_stored %a[%k] * %b -> %c[%n] sizes %m, %n, %k {format = 3 : i64} : memref<1x64xf32>, memref<10240xi8>, memref<1x256xf32>
    ```
  }];
  let arguments = (ins I64Attr:$format, I64:$m, I64:$n, I64:$k, TPRT_Read:$a, I64:$a_row, TPRT_Read:$b, TPRT_Written:$c,
                       I64:$c_row);
  let assemblyFormat = [{
    $a `[` $a_row `]` `*` $b `->` $c `[` $c_row `]` `sizes` $m `,` $n `,` $k attr-dict `:` type($a) `,` type($b) `,` type($c)
  }];
}

def TPRT_AttentionOp : TPRT_Call<"attention"> {
  let summary = "softmax(scale q k^T) v per head";
  let description = "`positions` and `key_mask` may be tprt.null. `sizes` are b, s, t, heads, kv_heads, d, dv.";
  let arguments = (ins TPRT_Read:$q, TPRT_Read:$k, TPRT_Read:$v, TPRT_Read:$positions, TPRT_Read:$key_mask,
                       TPRT_Written:$out, I64:$b, I64:$s, I64:$t, I64:$heads, I64:$kv_heads, I64:$d, I64:$dv,
                       F64Attr:$scale, I64Attr:$causal, I64Attr:$window);
  let assemblyFormat = [{
    `(` $q `,` $k `,` $v `,` $positions `,` $key_mask `)` `->` $out
    `sizes` $b `,` $s `,` $t `,` $heads `,` $kv_heads `,` $d `,` $dv attr-dict
    `:` type($q) `,` type($k) `,` type($v) `,` type($positions) `,` type($key_mask) `->` type($out)
  }];
}

def TPRT_SoftmaxOp : TPRT_InPlaceCall<"softmax"> {
  let summary = "softmax over the middle extent";
  let arguments = (ins TPRT_Read:$x, TPRT_Written:$out, I64:$outer, I64:$n, I64:$inner);
  let assemblyFormat = "$x `->` $out `sizes` $outer `,` $n `,` $inner attr-dict `:` type($x) `->` type($out)";
}

def TPRT_RmsNormOp : TPRT_InPlaceCall<"rms_norm"> {
  let summary = "x / sqrt(mean(x^2) + eps) * weight per row";
  let arguments = (ins TPRT_Read:$x, TPRT_Read:$weight, TPRT_Written:$out, I64:$rows, I64:$n, F64Attr:$eps);
  let assemblyFormat = [{
    `(` $x `,` $weight `)` `->` $out `sizes` $rows `,` $n attr-dict `:` type($x) `,` type($weight) `->` type($out)
  }];
}

def TPRT_LayerNormOp : TPRT_InPlaceCall<"layer_norm"> {
  let summary = "(x - mean) / sqrt(variance + eps) * weight + bias per row";
  let arguments = (ins TPRT_Read:$x, TPRT_Read:$weight, TPRT_Read:$bias, TPRT_Written:$out, I64:$rows, I64:$n,
                       F64Attr:$eps);
  let assemblyFormat = [{
    `(` $x `,` $weight `,` $bias `)` `->` $out `sizes` $rows `,` $n attr-dict
    `:` type($x) `,` type($weight) `,` type($bias) `->` type($out)
  }];
}

def TPRT_RopeOp : TPRT_InPlaceCall<"rope"> {
  let summary = "rotary position embedding";
  let arguments = (ins TPRT_Read:$x, TPRT_Read:$positions, TPRT_Read:$inv_freq, TPRT_Written:$out, I64:$b, I64:$s,
                       I64:$heads, I64:$d, I64:$rotary_dim, F64Attr:$attention_factor, I64Attr:$interleaved);
  let assemblyFormat = [{
    `(` $x `,` $positions `,` $inv_freq `)` `->` $out `sizes` $b `,` $s `,` $heads `,` $d `,` $rotary_dim attr-dict
    `:` type($x) `,` type($positions) `,` type($inv_freq) `->` type($out)
  }];
}

def TPRT_EmbeddingOp : TPRT_Call<"embedding"> {
  let summary = "rows of a table, zeros outside";
  let arguments = (ins TPRT_Read:$ids, TPRT_Read:$table, TPRT_Written:$out, I64:$count, I64:$rows, I64:$width,
                       I64:$first_row);
  let assemblyFormat = [{
    `(` $ids `,` $table `)` `->` $out `sizes` $count `,` $rows `,` $width `first_row` $first_row attr-dict
    `:` type($ids) `,` type($table) `->` type($out)
  }];
}

def TPRT_EmbeddingStoredOp : TPRT_Call<"embedding_stored"> {
  let summary = "rows of a table that is kept as its file stores it, zeros outside";
  let arguments = (ins I64Attr:$format, TPRT_Read:$ids, TPRT_Read:$table, TPRT_Written:$out, I64:$count, I64:$rows, I64:$width,
                       I64:$first_row);
  let assemblyFormat = [{
    `(` $ids `,` $table `)` `->` $out `sizes` $count `,` $rows `,` $width `first_row` $first_row attr-dict
    `:` type($ids) `,` type($table) `->` type($out)
  }];
}

def TPRT_CacheUpdateOp : TPRT_Call<"cache_update"> {
  let summary = "writes fresh rows into a cache, where it lies";
  let arguments = (ins TPRT_Updated:$cache, TPRT_Read:$fresh, TPRT_Read:$positions, I64:$b, I64:$t, I64:$s, I64:$row);
  let assemblyFormat = [{
    $cache `,` $fresh `at` $positions `sizes` $b `,` $t `,` $s `,` $row attr-dict
    `:` type($cache) `,` type($fresh) `,` type($positions)
  }];
}

def TPRT_GatherOp : TPRT_Call<"gather"> {
  let summary = "slices chosen by index";
  let arguments = (ins TPRT_Read:$x, TPRT_Read:$indices, TPRT_Written:$out, I64:$outer, I64:$axis_extent, I64:$inner,
                       I64:$count, I64:$indices_per_outer);
  let assemblyFormat = [{
    `(` $x `,` $indices `)` `->` $out `sizes` $outer `,` $axis_extent `,` $inner `,` $count `per_outer` $indices_per_outer
    attr-dict `:` type($x) `,` type($indices) `->` type($out)
  }];
}

def TPRT_CopyOp : TPRT_Op<"copy", [SameVariadicOperandSize, DeclareOpInterfaceMethods<TPRT_CallInterface>]> {
  let summary = "elements from one place to another, each side with its own strides";
  let description = [{
    `whole` says that source and destination are two equally large buffers from begin to end: Memory makes them one
    where it can. A copy without it leaves the rest of the destination as it was.

    ```mlir
    tprt.copy %a[%s0, %s1] -> %b[%d0, %d1] sizes [%n0, %n1] : memref<4x8xf32> -> memref<8x4xf32>
    ```
  }];
  let arguments = (ins Variadic<I64>:$sizes, TPRT_Read:$src, Variadic<I64>:$src_strides,
                       TPRT_Written:$dst, Variadic<I64>:$dst_strides, UnitAttr:$whole);
  let assemblyFormat = [{
    $src `[` $src_strides `]` `->` $dst `[` $dst_strides `]` `sizes` `[` $sizes `]` attr-dict `:` type($src) `->` type($dst)
  }];
}

def TPRT_FillOp : TPRT_Call<"fill"> {
  let summary = "one value everywhere";
  let arguments = (ins TPRT_Written:$dst, I64:$count, F64Attr:$value);
  let assemblyFormat = "$dst `count` $count `value` $value attr-dict `:` type($dst)";
}

def TPRT_ReduceOp : TPRT_Call<"reduce"> {
  let summary = "sum 0, max 1, min 2 or product 3 over the middle extent";
  let arguments = (ins I64Attr:$kind, TPRT_Read:$x, TPRT_Written:$out, I64:$outer, I64:$n, I64:$inner);
  let assemblyFormat = [{
    `kind` $kind $x `->` $out `sizes` $outer `,` $n `,` $inner attr-dict `:` type($x) `->` type($out)
  }];
}

//===-- Collectives ---------------------------------------------------------------------------------------------===//
// `site` is the number of the collective in the entry's manifest, `group` that of the ranks in the module's.

def TPRT_AllReduceOp : TPRT_InPlaceCall<"all_reduce"> {
  let summary = "the reduction of what all ranks hold";
  let arguments = (ins I64Attr:$site, I64Attr:$group, I64Attr:$reduction, TPRT_Read:$src, TPRT_Written:$dst, I64:$count);
  let assemblyFormat = [{
    $src `->` $dst `count` $count `group` $group `site` $site `reduction` $reduction attr-dict `:` type($src) `->` type($dst)
  }];
}

def TPRT_AllGatherOp : TPRT_Call<"all_gather"> {
  let summary = "all ranks' parts one after the other";
  let arguments = (ins I64Attr:$site, I64Attr:$group, TPRT_Read:$src, TPRT_Written:$dst, I64:$outer, I64:$extent, I64:$inner);
  let assemblyFormat = [{
    $src `->` $dst `sizes` $outer `,` $extent `,` $inner `group` $group `site` $site attr-dict `:` type($src) `->` type($dst)
  }];
}

def TPRT_ReduceScatterOp : TPRT_Call<"reduce_scatter"> {
  let summary = "this rank's part of the reduction";
  let arguments = (ins I64Attr:$site, I64Attr:$group, I64Attr:$reduction, TPRT_Read:$src, TPRT_Written:$dst, I64:$outer,
                       I64:$extent, I64:$inner);
  let assemblyFormat = [{
    $src `->` $dst `sizes` $outer `,` $extent `,` $inner `group` $group `site` $site `reduction` $reduction attr-dict
    `:` type($src) `->` type($dst)
  }];
}

def TPRT_AllToAllOp : TPRT_Call<"all_to_all"> {
  let summary = "splits one dimension and gathers another";
  let arguments = (ins I64Attr:$site, I64Attr:$group, TPRT_Read:$src, TPRT_Written:$dst, I64:$outer, I64:$split, I64:$middle,
                       I64:$concat, I64:$inner, I64Attr:$split_first);
  let assemblyFormat = [{
    $src `->` $dst `sizes` $outer `,` $split `,` $middle `,` $concat `,` $inner `split_first` $split_first
    `group` $group `site` $site attr-dict `:` type($src) `->` type($dst)
  }];
}

def TPRT_BroadcastOp : TPRT_InPlaceCall<"broadcast"> {
  let summary = "the root's value on every rank";
  let arguments = (ins I64Attr:$site, I64Attr:$group, I64Attr:$root, TPRT_Read:$src, TPRT_Written:$dst, I64:$count);
  let assemblyFormat = [{
    $src `->` $dst `count` $count `root` $root `group` $group `site` $site attr-dict `:` type($src) `->` type($dst)
  }];
}

def TPRT_ReduceToOp : TPRT_InPlaceCall<"reduce_to"> {
  let summary = "the reduction on the root, the neutral element elsewhere";
  let arguments = (ins I64Attr:$site, I64Attr:$group, I64Attr:$reduction, I64Attr:$root, TPRT_Read:$src, TPRT_Written:$dst,
                       I64:$count);
  let assemblyFormat = [{
    $src `->` $dst `count` $count `root` $root `group` $group `site` $site `reduction` $reduction attr-dict
    `:` type($src) `->` type($dst)
  }];
}

def TPRT_GatherToOp : TPRT_Call<"gather_to"> {
  let summary = "all ranks' parts on the root, zeros elsewhere";
  let arguments = (ins I64Attr:$site, I64Attr:$group, I64Attr:$root, TPRT_Read:$src, TPRT_Written:$dst, I64:$outer,
                       I64:$extent, I64:$inner);
  let assemblyFormat = [{
    $src `->` $dst `sizes` $outer `,` $extent `,` $inner `root` $root `group` $group `site` $site attr-dict
    `:` type($src) `->` type($dst)
  }];
}

def TPRT_ScatterFromOp : TPRT_Call<"scatter_from"> {
  let summary = "this rank's part of the root's value";
  let arguments = (ins I64Attr:$site, I64Attr:$group, I64Attr:$root, TPRT_Read:$src, TPRT_Written:$dst, I64:$outer,
                       I64:$extent, I64:$inner);
  let assemblyFormat = [{
    $src `->` $dst `sizes` $outer `,` $extent `,` $inner `root` $root `group` $group `site` $site attr-dict
    `:` type($src) `->` type($dst)
  }];
}

def TPRT_PermuteOp : TPRT_Call<"permute"> {
  let summary = "from group rank to group rank, zeros where nothing arrives";
  let arguments = (ins I64Attr:$site, I64Attr:$group, DenseI64ArrayAttr:$pairs, TPRT_Read:$src, TPRT_Written:$dst,
                       I64:$count);
  let assemblyFormat = [{
    $src `->` $dst `count` $count `pairs` $pairs `group` $group `site` $site attr-dict `:` type($src) `->` type($dst)
  }];
}

#endif // TPRT_OPS_TD
