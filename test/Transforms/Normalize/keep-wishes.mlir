// Wishes stay where they are: on arguments, on results, and on the value in the middle, on both sides of which ops are raised.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 2]

// CHECK: %arg1: tensor<64x256xf32> {nn.name = "arg1", tp.layout = #tp.layout<@mesh, [{}, {?}]>, tp.parameter}
// CHECK-SAME: -> (tensor<8x64xf32> {nn.name = "result0", tp.layout = #tp.layout<@mesh, [{}, {}]>})
// CHECK: %[[H:.*]] = nn.contract "ac,cb->ab" %arg0, %arg1
// CHECK: %[[C:.*]] = tp.constrain %[[H]] to <@mesh, [{}, {tp}]> : tensor<8x256xf32>
// CHECK: nn.contract "ac,cb->ab" %[[C]], %arg2
// CHECK: tp.constrain %{{.*}} to <@mesh, [{tp}, {}]>
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x256xf32> {tp.layout = #tp.layout<@mesh, [{}, {?}]>}, %b: tensor<256x64xf32>)
    -> (tensor<8x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {}]>}) {
  %init = arith.constant dense<0.0> : tensor<8x256xf32>
  %init1 = arith.constant dense<0.0> : tensor<8x64xf32>
  %h = linalg.matmul ins(%x, %a : tensor<8x64xf32>, tensor<64x256xf32>) outs(%init : tensor<8x256xf32>) -> tensor<8x256xf32>
  %h1 = tp.constrain %h to <@mesh, [{}, {tp}]> : tensor<8x256xf32>
  %y = linalg.matmul ins(%h1, %b : tensor<8x256xf32>, tensor<256x64xf32>) outs(%init1 : tensor<8x64xf32>) -> tensor<8x64xf32>
  %unused = tp.constrain %y to <@mesh, [{tp}, {}]> : tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
