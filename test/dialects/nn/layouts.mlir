// Layouts that follow from the factor maps verify: splits of batch, heads and rows, and partial values through linear ops.
// RUN: tp-opt %s | FileCheck %s

tp.mesh @mesh [dp = 2, tp = 4]
#whole1 = #tp.layout<@mesh, [{}]>
#rows = #tp.layout<@mesh, [{tp}, {}]>
#ids = #tp.layout<@mesh, [{dp}, {}]>
#batch = #tp.layout<@mesh, [{dp}, {}, {}]>
#partial = #tp.layout<@mesh, [{dp}, {}, {}], partial = sum<tp>>
#partial4 = #tp.layout<@mesh, [{dp}, {}, {}, {}], partial = sum<tp>>
#batch4 = #tp.layout<@mesh, [{dp}, {}, {}, {}]>

// CHECK-LABEL: @partial_through_linear_ops
func.func @partial_through_linear_ops(%ids: tensor<2x8xi32, #ids>, %table: tensor<128x64xf32, #rows>, %k: tensor<2x8x4x16xf32, #batch4>) {
  // A table split by rows: each rank finds its own rows, and the sum is the lookup.
  %x = nn.embedding %ids, %table : tensor<2x8xi32, #ids>, tensor<128x64xf32, #rows> -> tensor<2x8x64xf32, #partial>
  %h = nn.reshape %x : tensor<2x8x64xf32, #partial> -> tensor<2x8x4x16xf32, #partial4>
  // CHECK: nn.rope
  %r = nn.rope %h, %ids frequencies [1.0, 0.5] attention_factor 1.0
      : tensor<2x8x4x16xf32, #partial4>, tensor<2x8xi32, #ids> -> tensor<2x8x4x16xf32, #partial4>
  // Attention is linear in the values.
  // CHECK: nn.attention
  %o = nn.attention %k, %k, %r scale 1.0 causal
      : tensor<2x8x4x16xf32, #batch4>, tensor<2x8x4x16xf32, #batch4>, tensor<2x8x4x16xf32, #partial4> -> tensor<2x8x4x16xf32, #partial4>
  // CHECK: nn.map
  %s = nn.map %r, %o : (tensor<2x8x4x16xf32, #partial4>, tensor<2x8x4x16xf32, #partial4>) -> tensor<2x8x4x16xf32, #partial4> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.constant 0.5 : f32
    %d = arith.mulf %a, %c : f32
    %e = arith.subf %d, %b : f32
    nn.yield %e : f32
  }
  return
}

// 8 query heads and 2 key heads over 4 ranks: the major half of the axis splits the key heads.
// CHECK-LABEL: @fewer_key_heads_than_ranks
func.func @fewer_key_heads_than_ranks(%q: tensor<2x8x8x16xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>,
                                      %k: tensor<2x8x2x16xf32, #tp.layout<@mesh, [{dp}, {}, {tp(1)2}, {}]>>) {
  %o = nn.attention %q, %k, %k scale 1.0 causal
      : tensor<2x8x8x16xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>, tensor<2x8x2x16xf32, #tp.layout<@mesh, [{dp}, {}, {tp(1)2}, {}]>>,
        tensor<2x8x2x16xf32, #tp.layout<@mesh, [{dp}, {}, {tp(1)2}, {}]>> -> tensor<2x8x8x16xf32, #tp.layout<@mesh, [{dp}, {}, {tp}, {}]>>
  return
}

// A maximum over a split dimension is a partial maximum.
// CHECK-LABEL: @partial_maximum
func.func @partial_maximum(%x: tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {tp}]>>) {
  %m = nn.reduce max %x dims [1] : tensor<8x64xf32, #tp.layout<@mesh, [{dp}, {tp}]>> -> tensor<8xf32, #tp.layout<@mesh, [{dp}], partial = max<tp>>>
  return
}
