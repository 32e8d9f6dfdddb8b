// A weight that was broadcast over the batch and transposed for a batched matmul is contracted as it is stored.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK: %[[Y:.*]] = nn.contract "abd,cd->abc" %arg0, %arg1 : tensor<2x8x64xf32>, tensor<32x64xf32> -> tensor<2x8x32xf32>
// CHECK-NEXT: return %[[Y]]
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<32x64xf32>) -> tensor<2x8x32xf32> {
  %turned = tensor.empty() : tensor<64x32xf32>
  %repeated = tensor.empty() : tensor<2x64x32xf32>
  %init = arith.constant dense<0.0> : tensor<2x8x32xf32>
  %wt = linalg.transpose ins(%w : tensor<32x64xf32>) outs(%turned : tensor<64x32xf32>) permutation = [1, 0]
  %wb = linalg.broadcast ins(%wt : tensor<64x32xf32>) outs(%repeated : tensor<2x64x32xf32>) dimensions = [0]
  %y = linalg.batch_matmul ins(%x, %wb : tensor<2x8x64xf32>, tensor<2x64x32xf32>) outs(%init : tensor<2x8x32xf32>) -> tensor<2x8x32xf32>
  return %y : tensor<2x8x32xf32>
}
