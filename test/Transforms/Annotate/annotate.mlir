// Wishes by name: a glob means parameters and weights, a full name any argument, and the later of two counts.
// RUN: tp-opt %s --tp-annotate="mesh=tp=2 shard=w*=[_,tp];w1=[tp,_];arg0=[?,_]" | FileCheck %s

// CHECK: tp.mesh @mesh [tp = 2]
// CHECK: nn.parameter @w1 : tensor<8x4xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
nn.parameter @w1 : tensor<8x4xf32>
// CHECK: nn.parameter @w2 : tensor<4x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}
nn.parameter @w2 : tensor<4x8xf32>
// CHECK: func.func @main(%{{.*}}: tensor<2x4xf32> {tp.layout = #tp.layout<@mesh, [{?}, {}]>}, %{{.*}}: tensor<2x4xf32> {nn.name = "wide"})
func.func @main(%x: tensor<2x4xf32>, %y: tensor<2x4xf32> {nn.name = "wide"}) {
  return
}
