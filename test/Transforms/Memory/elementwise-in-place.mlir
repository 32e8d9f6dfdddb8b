// An elementwise result overwrites an operand that nobody reads afterwards, and the last one is the output itself.
// RUN: tp-opt %s --tp-lower --tp-memory | FileCheck %s

// CHECK-LABEL: func.func @last_use
// CHECK-SAME:    tprt.arena_bytes = 0
// CHECK:         tprt.softmax %arg0 -> %arg1
// CHECK:         tprt.launch @{{.*}}(%arg1) -> (%arg1)
func.func @last_use(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %s = nn.softmax %x dim 1 : tensor<4x8xf32> -> tensor<4x8xf32>
  %y = nn.map %s : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: f32):
    %r = arith.negf %a : f32
    nn.yield %r : f32
  }
  return %y : tensor<4x8xf32>
}

// The softmax is read again after the map, so the map may not overwrite it.
// CHECK-LABEL: func.func @read_again
// CHECK-SAME:    tprt.arena_bytes = 128
// CHECK:         tprt.softmax %arg0 -> %[[S:.*]] sizes
// CHECK:         tprt.launch @{{.*}}(%[[S]]) -> (%[[M:.*]]) with
// CHECK:         tprt.gemm %[[S]][{{.*}}] * %[[M]][{{.*}}] -> %arg1
func.func @read_again(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %s = nn.softmax %x dim 1 : tensor<4x4xf32> -> tensor<4x4xf32>
  %m = nn.map %s : (tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%a: f32):
    %r = arith.negf %a : f32
    nn.yield %r : f32
  }
  %y = nn.contract "mk,kn->mn" %s, %m : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
