// What an accumulator begins with is added afterwards; half precision operands are widened first, as the body says.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @accumulate
// CHECK: %[[P:.*]] = nn.contract "ac,cb->ab"
// CHECK: nn.map %[[P]], %arg2
// CHECK: arith.addf
func.func @accumulate(%x: tensor<8x64xf32>, %w: tensor<64x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x32xf32>) outs(%b : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}

// CHECK-LABEL: @widened
// CHECK: nn.map %arg0
// CHECK: arith.extf
// CHECK: nn.map %arg1
// CHECK: nn.contract "ac,cb->ab" %{{.*}}, %{{.*}} : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
func.func @widened(%x: tensor<8x64xbf16>, %w: tensor<64x32xbf16>) -> tensor<8x32xf32> {
  %init = arith.constant dense<0.0> : tensor<8x32xf32>
  %y = linalg.matmul ins(%x, %w : tensor<8x64xbf16>, tensor<64x32xbf16>) outs(%init : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}
