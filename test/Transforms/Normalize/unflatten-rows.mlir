// Batch and sequence flattened for a matmul are unflattened: a split of the sequence could not be said of the merged dimension.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK: %[[H:.*]] = nn.contract "{{.*}}" %arg0, %arg1 : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
// CHECK-NOT: nn.reshape
// CHECK: nn.broadcast %arg2 dims [2] : tensor<256xf32> -> tensor<2x8x256xf32>
// CHECK-NOT: nn.reshape
// CHECK: return
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<64x256xf32>, %b: tensor<256xf32>) -> tensor<2x8x256xf32> {
  %init = arith.constant dense<0.0> : tensor<16x256xf32>
  %empty = tensor.empty() : tensor<16x256xf32>
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %h = linalg.matmul ins(%flat, %w : tensor<16x64xf32>, tensor<64x256xf32>) outs(%init : tensor<16x256xf32>) -> tensor<16x256xf32>
  %bias = linalg.broadcast ins(%b : tensor<256xf32>) outs(%empty : tensor<16x256xf32>) dimensions = [0]
  %hb = arith.addf %h, %bias : tensor<16x256xf32>
  %t = math.tanh %hb : tensor<16x256xf32>
  %y = tensor.expand_shape %t [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  return %y : tensor<2x8x256xf32>
}
