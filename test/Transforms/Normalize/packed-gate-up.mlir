// Packed gate|up: the wish on the packed activation holds for both parts.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 2]

// CHECK: func.func @main
// CHECK-SAME: nn.name = "arg1.0"
// CHECK-SAME: nn.name = "arg1.1"
// CHECK-DAG: %[[G:.*]] = nn.contract "bsh,hf->bsf" %arg0, %arg1
// CHECK-DAG: %[[U:.*]] = nn.contract "bsh,hf->bsf" %arg0, %arg2
// CHECK-DAG: tp.constrain %[[G]] to <@mesh, [{}, {}, {tp}]> : tensor<2x8x128xf32>
// CHECK-DAG: tp.constrain %[[U]] to <@mesh, [{}, {}, {tp}]> : tensor<2x8x128xf32>
// CHECK-NOT: nn.slice
// CHECK-NOT: tensor<2x8x256xf32>
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<64x256xf32>, %d: tensor<128x64xf32>) -> tensor<2x8x64xf32> {
  %p = nn.contract "bsh,hf->bsf" %x, %w : tensor<2x8x64xf32>, tensor<64x256xf32> -> tensor<2x8x256xf32>
  %unused = tp.constrain %p to <@mesh, [{}, {}, {tp}]> : tensor<2x8x256xf32>
  %gate = tensor.extract_slice %p[0, 0, 0] [2, 8, 128] [1, 1, 1] : tensor<2x8x256xf32> to tensor<2x8x128xf32>
  %up = tensor.extract_slice %p[0, 0, 128] [2, 8, 128] [1, 1, 1] : tensor<2x8x256xf32> to tensor<2x8x128xf32>
  %g = math.tanh %gate : tensor<2x8x128xf32>
  %h = arith.mulf %g, %up : tensor<2x8x128xf32>
  %y = nn.contract "bsh,hf->bsf" %h, %d : tensor<2x8x128xf32>, tensor<128x64xf32> -> tensor<2x8x64xf32>
  return %y : tensor<2x8x64xf32>
}
