// A chain of maps is one kernel, and equal kernels are one function.
// RUN: tp-opt %s --tp-lower | FileCheck %s

// CHECK-LABEL: func.func @chain
// CHECK:         tprt.launch @[[KERNEL:kernel_0_map]] count %c32_i64 grain {{[0-9]+}}(%arg0, %arg1) ->
// CHECK:         tprt.launch @[[KERNEL]] count
// CHECK-NOT:     tprt.launch
// CHECK:       llvm.func internal @[[KERNEL]]
// CHECK:         math.exp
// CHECK:         arith.mulf
// CHECK-NOT:   llvm.func
func.func @chain(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = nn.map %x : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32):
    %r = math.exp %a : f32
    nn.yield %r : f32
  }
  %m = nn.map %e, %y : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %r = arith.mulf %a, %b : f32
    nn.yield %r : f32
  }
  %s = nn.softmax %m dim 1 : tensor<4x8xf32> -> tensor<4x8xf32>
  %e2 = nn.map %s : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32):
    %r = math.exp %a : f32
    nn.yield %r : f32
  }
  %m2 = nn.map %e2, %m : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %r = arith.mulf %a, %b : f32
    nn.yield %r : f32
  }
  return %m2 : tensor<4x8xf32>
}
