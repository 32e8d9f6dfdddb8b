// Batch and heads flattened for batched matmuls are unflattened, softmax and mask in between included.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK: nn.contract "{{.*}}" %arg0, %arg1 : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32> -> tensor<2x4x8x8xf32>
// CHECK: nn.broadcast %arg3 dims [2, 3] : tensor<8x8xf32> -> tensor<2x4x8x8xf32>
// CHECK: nn.softmax %{{.*}} dim 3 : tensor<2x4x8x8xf32> -> tensor<2x4x8x8xf32>
// CHECK: nn.contract "{{.*}}" %{{.*}}, %arg2 : tensor<2x4x8x8xf32>, tensor<2x4x8x16xf32> -> tensor<2x4x8x16xf32>
// CHECK-NEXT: return
// CHECK-NOT: nn.reshape
func.func @main(%q: tensor<2x4x8x16xf32>, %k: tensor<2x4x8x16xf32>, %v: tensor<2x4x8x16xf32>, %mask: tensor<8x8xf32>) -> tensor<2x4x8x16xf32> {
  %scores = arith.constant dense<0.0> : tensor<8x8x8xf32>
  %zeros = arith.constant dense<0.0> : tensor<8x8x16xf32>
  %empty = tensor.empty() : tensor<8x8x8xf32>
  %turned = tensor.empty() : tensor<2x4x16x8xf32>
  %q1 = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %kt = linalg.transpose ins(%k : tensor<2x4x8x16xf32>) outs(%turned : tensor<2x4x16x8xf32>) permutation = [0, 1, 3, 2]
  %k1 = tensor.collapse_shape %kt [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
  %v1 = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  %s = linalg.batch_matmul ins(%q1, %k1 : tensor<8x8x16xf32>, tensor<8x16x8xf32>) outs(%scores : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %m = linalg.broadcast ins(%mask : tensor<8x8xf32>) outs(%empty : tensor<8x8x8xf32>) dimensions = [0]
  %sm = arith.addf %s, %m : tensor<8x8x8xf32>
  %p = linalg.softmax dimension(2) ins(%sm : tensor<8x8x8xf32>) outs(%empty : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %o = linalg.batch_matmul ins(%p, %v1 : tensor<8x8x8xf32>, tensor<8x8x16xf32>) outs(%zeros : tensor<8x8x16xf32>) -> tensor<8x8x16xf32>
  %y = tensor.expand_shape %o [[0, 1], [2], [3]] output_shape [2, 4, 8, 16] : tensor<8x8x16xf32> into tensor<2x4x8x16xf32>
  return %y : tensor<2x4x8x16xf32>
}
