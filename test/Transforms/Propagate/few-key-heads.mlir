// Eight query heads over tp = 4 with two key heads: the key heads take the major half of the axis, their weights follow.
// RUN: tp-opt %s --tp-propagate | FileCheck %s

tp.mesh @mesh [tp = 4]

// CHECK: func.func @main(%arg0: tensor<1x6x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>,
// CHECK-SAME: %arg1: tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>>,
// CHECK-SAME: %arg2: tensor<64x16xf32, #tp.layout<@mesh, [{}, {tp(1)2}]>>,
// CHECK-SAME: %arg3: tensor<64x16xf32, #tp.layout<@mesh, [{}, {tp(1)2}]>>)
// CHECK-NOT: tp.reshard
// CHECK: nn.attention {{.*}} -> tensor<1x6x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
func.func @main(%x: tensor<1x6x64xf32>, %wq: tensor<64x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %wk: tensor<64x16xf32>, %wv: tensor<64x16xf32>) -> tensor<1x6x8x8xf32> {
  %q = nn.contract "bsh,hf->bsf" %x, %wq : tensor<1x6x64xf32>, tensor<64x64xf32> -> tensor<1x6x64xf32>
  %k = nn.contract "bsh,hf->bsf" %x, %wk : tensor<1x6x64xf32>, tensor<64x16xf32> -> tensor<1x6x16xf32>
  %v = nn.contract "bsh,hf->bsf" %x, %wv : tensor<1x6x64xf32>, tensor<64x16xf32> -> tensor<1x6x16xf32>
  %q4 = nn.reshape %q : tensor<1x6x64xf32> -> tensor<1x6x8x8xf32>
  %k4 = nn.reshape %k : tensor<1x6x16xf32> -> tensor<1x6x2x8xf32>
  %v4 = nn.reshape %v : tensor<1x6x16xf32> -> tensor<1x6x2x8xf32>
  %o = nn.attention %q4, %k4, %v4 scale 0.35 causal
      : tensor<1x6x8x8xf32>, tensor<1x6x2x8xf32>, tensor<1x6x2x8xf32> -> tensor<1x6x8x8xf32>
  return %o : tensor<1x6x8x8xf32>
}
