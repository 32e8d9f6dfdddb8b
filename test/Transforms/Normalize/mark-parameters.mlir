// An argument that shares a factor with the first dimension of a result is an activation, any other is a weight.
// RUN: tp-opt %s --tp-normalize | FileCheck %s

// The mask has the sequence, but not the batch; the residual comes in flat, batch and sequence in one dimension.
// CHECK: @main(%arg0: tensor<2x8x64xf32> {nn.name = "arg0"},
// CHECK-SAME: %arg1: tensor<64x64xf32> {nn.name = "arg1", tp.parameter},
// CHECK-SAME: %arg2: tensor<8x64xf32> {nn.name = "positions", tp.parameter},
// CHECK-SAME: %arg3: tensor<16x64xf32> {nn.name = "arg3"})
// CHECK-SAME: -> (tensor<2x8x64xf32> {nn.name = "result0"})
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<64x64xf32>, %positions: tensor<8x64xf32> {nn.name = "positions"},
                %flat: tensor<16x64xf32>) -> tensor<2x8x64xf32> {
  %a = nn.contract "bsh,hf->bsf" %x, %w : tensor<2x8x64xf32>, tensor<64x64xf32> -> tensor<2x8x64xf32>
  %p = nn.broadcast %positions dims [1, 2] : tensor<8x64xf32> -> tensor<2x8x64xf32>
  %r = nn.reshape %flat : tensor<16x64xf32> -> tensor<2x8x64xf32>
  %y = arith.addf %a, %p : tensor<2x8x64xf32>
  %z = arith.addf %y, %r : tensor<2x8x64xf32>
  return %z : tensor<2x8x64xf32>
}
