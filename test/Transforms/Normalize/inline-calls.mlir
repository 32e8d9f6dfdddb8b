// Calls of private functions are replaced by their bodies; a wish on an argument of the callee is a wish on the value.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 2]

// CHECK-LABEL: func.func @main
// CHECK: %[[H:.*]] = tp.constrain %arg0 to <@mesh, [{}, {tp}]>
// CHECK: nn.map %[[H]]
// CHECK-NOT: func.call
// CHECK-NOT: @layer
func.func @main(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = func.call @layer(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
func.func private @layer(%x: tensor<8x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> tensor<8x64xf32> {
  %y = math.tanh %x : tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
