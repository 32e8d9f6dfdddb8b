// The residual stream split along the sequence: gathered once before the block, reduced and scattered behind it; no weight moves.
// RUN: tp-opt %s --tp-propagate | FileCheck %s

tp.mesh @mesh [tp = 4]

// CHECK: func.func @main(%arg0: tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {tp}, {}]>>
// CHECK: %[[N:.*]] = nn.rms_norm {{.*}} -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {tp}, {}]>>
// CHECK: %[[G:.*]] = tp.reshard %[[N]] {{.*}} -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
// CHECK: nn.contract "bsh,hf->bsf" %[[G]], %arg1
// CHECK: nn.contract "bsh,hf->bsf" %[[G]], %arg2
// CHECK: %[[P:.*]] = nn.contract "bsf,fh->bsh" {{.*}}partial = sum<tp>>>
// CHECK: tp.reshard %[[P]] {{.*}}partial = sum<tp>>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {tp}, {}]>>
// CHECK-NOT: tp.reshard
func.func @main(%x: tensor<2x8x64xf32>, %gate: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %up: tensor<64x256xf32>, %down: tensor<256x64xf32>, %n: tensor<64xf32>) -> tensor<2x8x64xf32> {
  %x1 = tp.constrain %x to <@mesh, [{}, {tp}, {}]> : tensor<2x8x64xf32>
  %m = nn.rms_norm %x1, %n epsilon 1.0e-5 : tensor<2x8x64xf32>, tensor<64xf32> -> tensor<2x8x64xf32>
  %g = nn.contract "bsh,hf->bsf" %m, %gate : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %u = nn.contract "bsh,hf->bsf" %m, %up : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %p = nn.map %g, %u : (tensor<2x8x256xf32>, tensor<2x8x256xf32>) -> tensor<2x8x256xf32> {
  ^bb0(%a: f32, %b: f32):
    %t = math.tanh %a : f32
    %c = arith.mulf %t, %b : f32
    nn.yield %c : f32
  }
  %d = nn.contract "bsf,fh->bsh" %p, %down : tensor<2x8x256xf32>, tensor<256x64xf32> -> tensor<2x8x64xf32>
  %y = nn.map %x1, %d : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    nn.yield %c : f32
  }
  return %y : tensor<2x8x64xf32>
}
