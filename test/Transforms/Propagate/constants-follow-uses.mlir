// A constant is made anew in the layout of each use; no split travels through it to another op.
// RUN: tp-opt %s --tp-propagate | FileCheck %s

tp.mesh @mesh [tp = 2]

// CHECK-DAG: %[[S:.*]] = arith.constant dense<2.000000e+00> : tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>>
// CHECK-DAG: %[[W:.*]] = arith.constant dense<2.000000e+00> : tensor<4x8xf32, #tp.layout<@mesh, [{}, {}]>>
// CHECK: nn.map %arg0, %[[S]]
// CHECK: nn.map %arg1, %[[W]]
// CHECK-NOT: tp.reshard
func.func @main(%x: tensor<4x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}, %z: tensor<4x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %c = arith.constant dense<2.0> : tensor<4x8xf32>
  %a = nn.map %x, %c : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: f32, %q: f32):
    %s = arith.mulf %p, %q : f32
    nn.yield %s : f32
  }
  %b = nn.map %z, %c : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: f32, %q: f32):
    %s = arith.addf %p, %q : f32
    nn.yield %s : f32
  }
  return %a, %b : tensor<4x8xf32>, tensor<4x8xf32>
}
