// Reshape, transpose, broadcast and slice move nothing: a copy is made only where an op needs dense elements.
// RUN: tp-opt %s --tp-lower | FileCheck %s

// CHECK-LABEL: func.func @dense_reader
// CHECK:         %[[T:.*]] = tprt.buffer : memref<8x4xf32>
// CHECK-NEXT:    tprt.copy %arg0[{{.*}}] -> %[[T]]
// CHECK-NEXT:    %[[Y:.*]] = tprt.buffer : memref<8x4xf32>
// CHECK-NEXT:    tprt.softmax %[[T]] -> %[[Y]]
func.func @dense_reader(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  %t = nn.transpose %x perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %y = nn.softmax %t dim 1 : tensor<8x4xf32> -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @strided_reader
// CHECK-NOT:     tprt.copy %arg0
// CHECK:         tprt.launch @{{.*}}(%{{.*}}, %arg1) ->
// CHECK-NOT:     tprt.copy %arg
func.func @strided_reader(%x: tensor<4x8xf32>, %bias: tensor<4xf32>) -> tensor<4x4xf32> {
  %s = nn.slice %x offsets [0, 4] sizes [4, 4] strides [1, 1] : tensor<4x8xf32> -> tensor<4x4xf32>
  %t = nn.transpose %s perm [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %b = nn.broadcast %bias dims [1] : tensor<4xf32> -> tensor<4x4xf32>
  %y = nn.map %t, %b : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%p: f32, %q: f32):
    %r = arith.addf %p, %q : f32
    nn.yield %r : f32
  }
  return %y : tensor<4x4xf32>
}
