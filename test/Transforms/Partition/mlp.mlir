// A column split and a row split need one f and one all-reduce, and every rank gets its part of the weights.
// RUN: tp-opt %s --tp-partition | FileCheck %s

tp.mesh @mesh [tp = 4]

// CHECK: nn.parameter @a : tensor<64x64xf32> {tp.global = tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>>}
nn.parameter @a : tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>>
// CHECK: nn.parameter @b : tensor<64x64xf32>
nn.parameter @b : tensor<256x64xf32, #tp.layout<@mesh, [{tp}, {}]>>

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<8x64xf32> {tp.global = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>})
// CHECK-SAME: -> (tensor<8x64xf32> {tp.global = tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>})
func.func @main(%x: tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>) -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>> {
  %a = nn.get @a : tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>>
  %b = nn.get @b : tensor<256x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  // CHECK: %[[F:.*]] = tp.copy %[[X]] over @mesh[tp], I -> R
  // CHECK: %[[H:.*]] = nn.contract "sh,hf->sf" %[[F]], {{.*}} -> tensor<8x64xf32>
  %h = nn.contract "sh,hf->sf" %x, %a : tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>, tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>>
      -> tensor<8x256xf32, #tp.layout<@mesh, [{}, {tp}]>>
  // CHECK: %[[G:.*]] = nn.map %[[H]]
  %g = nn.map %h : (tensor<8x256xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<8x256xf32, #tp.layout<@mesh, [{}, {tp}]>> {
  ^bb0(%e: f32):
    %t = math.tanh %e : f32
    nn.yield %t : f32
  }
  // CHECK: %[[P:.*]] = nn.contract "sf,fh->sh" %[[G]], {{.*}} -> tensor<8x64xf32>
  %p = nn.contract "sf,fh->sh" %g, %b : tensor<8x256xf32, #tp.layout<@mesh, [{}, {tp}]>>, tensor<256x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
      -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>>
  // CHECK: %[[Y:.*]] = tp.all_reduce sum %[[P]] over @mesh[tp], P -> I {tp.where = "mlp.down_proj", tp.why = "row split"}
  // CHECK-NOT: = tp.
  %y = tp.reshard %p {tp.why = "row split"} : tensor<8x64xf32, #tp.layout<@mesh, [{}, {}], partial = sum<tp>>> -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>> loc("mlp.down_proj")
  // CHECK: return %[[Y]]
  return %y : tensor<8x64xf32, #tp.layout<@mesh, [{}, {}]>>
}
