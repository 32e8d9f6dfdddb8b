// A wish on a flattened value is one on its unflattened form: on the batch, the major part, where it splits the rows.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [dp = 2, tp = 2]

// CHECK: %[[H:.*]] = nn.contract "{{.*}}" %arg0, %arg1 : {{.*}} -> tensor<2x8x256xf32>
// CHECK: tp.constrain %[[H]] to <@mesh, [{dp}, {}, {tp}]> : tensor<2x8x256xf32>
// CHECK-NOT: nn.reshape
// CHECK: return
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<64x256xf32>) -> tensor<2x8x256xf32> {
  %init = arith.constant dense<0.0> : tensor<16x256xf32>
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x8x64xf32> into tensor<16x64xf32>
  %h = linalg.matmul ins(%flat, %w : tensor<16x64xf32>, tensor<64x256xf32>) outs(%init : tensor<16x256xf32>) -> tensor<16x256xf32>
  %h1 = tp.constrain %h to <@mesh, [{dp}, {tp}]> : tensor<16x256xf32>
  %t = math.tanh %h1 : tensor<16x256xf32>
  %y = tensor.expand_shape %t [[0, 1], [2]] output_shape [2, 8, 256] : tensor<16x256xf32> into tensor<2x8x256xf32>
  return %y : tensor<2x8x256xf32>
}
