// Every op of nn prints as it is written.
// RUN: tp-opt %s | tp-opt | FileCheck %s

tp.mesh @mesh [dp = 2, tp = 4]
// CHECK: nn.parameter @wq : tensor<64x64xf32> {source = {tensor = "blk.0.attn_q.weight"}, tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
nn.parameter @wq : tensor<64x64xf32> {source = {tensor = "blk.0.attn_q.weight"}, tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
// CHECK: nn.state @cache : tensor<1x32x2x16xf32>
nn.state @cache : tensor<1x32x2x16xf32>

// CHECK: func.func @all{{.*}} attributes {nn.max_dynamic = 5 : i64}
func.func @all(%x: tensor<1x8x64xf32>, %ids: tensor<1x8xi32>, %v: tensor<64xf32>, %dynamic: tensor<1x?x64xf32>, %offset: index)
    attributes {nn.max_dynamic = 5 : i64} {
  // CHECK: %[[W:.*]] = nn.get @wq : tensor<64x64xf32>
  %w = nn.get @wq : tensor<64x64xf32>
  // CHECK: nn.contract "bsh,fh->bsf" %{{.*}}, %[[W]] : tensor<1x8x64xf32>, tensor<64x64xf32> -> tensor<1x8x64xf32>
  %y = nn.contract "bsh,fh->bsf" %x, %w : tensor<1x8x64xf32>, tensor<64x64xf32> -> tensor<1x8x64xf32>
  // CHECK: nn.map %{{.*}}, %{{.*}} : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32> {
  // CHECK: nn.yield %{{.*}} : f32
  %m = nn.map %x, %y : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    nn.yield %s : f32
  }
  // CHECK: nn.reduce max %{{.*}} dims [1] : tensor<1x8x64xf32> -> tensor<1x64xf32>
  %r = nn.reduce max %m dims [1] : tensor<1x8x64xf32> -> tensor<1x64xf32>
  // CHECK: nn.broadcast %{{.*}} dims [2] like %{{.*}} : tensor<64xf32>, tensor<1x?x64xf32> -> tensor<1x?x64xf32>
  %b = nn.broadcast %v dims [2] like %dynamic : tensor<64xf32>, tensor<1x?x64xf32> -> tensor<1x?x64xf32>
  // CHECK: nn.reshape %{{.*}} : tensor<1x?x64xf32> -> tensor<1x?x4x16xf32>
  %h = nn.reshape %b : tensor<1x?x64xf32> -> tensor<1x?x4x16xf32>
  // CHECK: nn.transpose %{{.*}} perm [1, 0] : tensor<1x64xf32> -> tensor<64x1xf32>
  %t = nn.transpose %r perm [1, 0] : tensor<1x64xf32> -> tensor<64x1xf32>
  // CHECK: nn.slice %{{.*}} offsets [0, 0, 2, 0] sizes [1, -1, 2, 16] strides [1, 1, 1, 1] : tensor<1x?x4x16xf32> -> tensor<1x?x2x16xf32>
  %k = nn.slice %h offsets [0, 0, 2, 0] sizes [1, -1, 2, 16] strides [1, 1, 1, 1] : tensor<1x?x4x16xf32> -> tensor<1x?x2x16xf32>
  // CHECK: nn.concat %{{.*}}, %{{.*}} dim 1 : (tensor<64x1xf32>, tensor<64x1xf32>) -> tensor<64x2xf32>
  %c = nn.concat %t, %t dim 1 : (tensor<64x1xf32>, tensor<64x1xf32>) -> tensor<64x2xf32>
  // CHECK: nn.pad %{{.*}} low [0, 1] high [0, 0] value 0.000000e+00 : tensor<64x1xf32> -> tensor<64x2xf32>
  %p = nn.pad %t low [0, 1] high [0, 0] value 0.0 : tensor<64x1xf32> -> tensor<64x2xf32>
  // CHECK: nn.iota dim 1 like %{{.*}} : tensor<1x?x64xf32> offset %{{.*}} : tensor<1x?x64xi32>
  %i = nn.iota dim 1 like %b : tensor<1x?x64xf32> offset %offset : tensor<1x?x64xi32>
  // CHECK: nn.iota dim 0 : tensor<8xi32>
  %j = nn.iota dim 0 : tensor<8xi32>
  // CHECK: nn.embedding %{{.*}}, %{{.*}} first_row %{{.*}} : tensor<1x8xi32>, tensor<64x64xf32> -> tensor<1x8x64xf32>
  %e = nn.embedding %ids, %w first_row %offset : tensor<1x8xi32>, tensor<64x64xf32> -> tensor<1x8x64xf32>
  // CHECK: nn.gather %{{.*}}, %{{.*}} axis 2 batch 1 : tensor<1x8x64xf32>, tensor<1x8xi32> -> tensor<1x8x8xf32>
  %g = nn.gather %e, %ids axis 2 batch 1 : tensor<1x8x64xf32>, tensor<1x8xi32> -> tensor<1x8x8xf32>
  // CHECK: nn.softmax %{{.*}} dim 2 : tensor<1x8x64xf32> -> tensor<1x8x64xf32>
  %sm = nn.softmax %e dim 2 : tensor<1x8x64xf32> -> tensor<1x8x64xf32>
  // CHECK: nn.rms_norm %{{.*}}, %{{.*}} epsilon 1.000000e-05 : tensor<1x8x64xf32>, tensor<64xf32> -> tensor<1x8x64xf32>
  %rn = nn.rms_norm %sm, %v epsilon 1.0e-5 : tensor<1x8x64xf32>, tensor<64xf32> -> tensor<1x8x64xf32>
  // CHECK: nn.layer_norm %{{.*}}, %{{.*}}, %{{.*}} epsilon 1.000000e-05 : tensor<1x8x64xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<1x8x64xf32>
  %ln = nn.layer_norm %rn, %v, %v epsilon 1.0e-5 : tensor<1x8x64xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<1x8x64xf32>
  return
}

// CHECK-LABEL: @attention
func.func @attention(%q: tensor<1x8x4x16xf32>, %k: tensor<1x8x2x16xf32>, %p: tensor<1x8xi32>, %mask: tensor<1x8xi1>,
                     %long: tensor<1x32xi1>) {
  // CHECK: nn.rope %{{.*}}, %{{.*}} frequencies [1.000000e+00, 1.000000e-01] attention_factor 1.000000e+00 interleaved : tensor<1x8x2x16xf32>, tensor<1x8xi32> -> tensor<1x8x2x16xf32>
  %r = nn.rope %k, %p frequencies [1.0, 0.1] attention_factor 1.0 interleaved
      : tensor<1x8x2x16xf32>, tensor<1x8xi32> -> tensor<1x8x2x16xf32>
  %c = nn.get @cache : tensor<1x32x2x16xf32>
  // CHECK: nn.cache_update %{{.*}}, %{{.*}}, %{{.*}} : tensor<1x32x2x16xf32>, tensor<1x8x2x16xf32>, tensor<1x8xi32> -> tensor<1x32x2x16xf32>
  %n = nn.cache_update %c, %r, %p : tensor<1x32x2x16xf32>, tensor<1x8x2x16xf32>, tensor<1x8xi32> -> tensor<1x32x2x16xf32>
  // CHECK: nn.set @cache, %{{.*}} : tensor<1x32x2x16xf32>
  nn.set @cache, %n : tensor<1x32x2x16xf32>
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} positions %{{.*}} key_mask %{{.*}} scale 2.500000e-01 window 4 : tensor<1x8x4x16xf32>, tensor<1x32x2x16xf32>, tensor<1x32x2x16xf32>, tensor<1x8xi32> mask tensor<1x32xi1> -> tensor<1x8x4x16xf32>
  %o = nn.attention %q, %n, %n positions %p key_mask %long scale 0.25 window 4
      : tensor<1x8x4x16xf32>, tensor<1x32x2x16xf32>, tensor<1x32x2x16xf32>, tensor<1x8xi32> mask tensor<1x32xi1> -> tensor<1x8x4x16xf32>
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 2.500000e-01 causal : tensor<1x8x4x16xf32>
  %a = nn.attention %q, %r, %r scale 0.25 causal
      : tensor<1x8x4x16xf32>, tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32> -> tensor<1x8x4x16xf32>
  return
}
