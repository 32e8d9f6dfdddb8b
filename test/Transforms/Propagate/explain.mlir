// With the option explain, a reshard carries the way of its split and why its user takes it otherwise, and its remark says so; a long
// way is shortened in the middle.
// RUN: tp-opt %s --tp-propagate=explain | FileCheck %s
// RUN: tp-opt %s --tp-propagate=explain --remarks-filter=tp-propagate -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: tp-opt %s --tp-propagate | FileCheck %s --check-prefix=WITHOUT

// REMARK: way of the split: the wish [{}, {tp}] on argument 0 -> nn.map at line [[#]]; nn.softmax at line [[#]] works along dimension 1 and needs it whole
// WITHOUT-NOT: tp.cause
tp.mesh @mesh [tp = 2]

// CHECK-LABEL: @softmax
// CHECK: tp.reshard {{.*}}tp.cause = {need = "nn.softmax at line {{[0-9]+}} works along dimension 1 and needs it whole", ways = {{\[\[}}"the wish [{}, {tp}] on argument 0", "nn.map at line {{[0-9]+}}"]]}
func.func @softmax(%x: tensor<4x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> tensor<4x8xf32> {
  %0 = nn.map %x : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%e: f32):
    %t = math.tanh %e : f32
    nn.yield %t : f32
  }
  %1 = nn.softmax %0 dim 1 : tensor<4x8xf32> -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: @long
// CHECK: "the wish [{}, {tp}] on argument 0", "arith.addf at line {{[0-9]+}}", "arith.mulf at line {{[0-9]+}}", "arith.addf at line {{[0-9]+}}", "... 2 more ...", "arith.addf
func.func @long(%x: tensor<4x8xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> tensor<4x8xf32> {
  %0 = arith.addf %x, %x : tensor<4x8xf32>
  %1 = arith.mulf %0, %0 : tensor<4x8xf32>
  %2 = arith.addf %1, %1 : tensor<4x8xf32>
  %3 = arith.mulf %2, %2 : tensor<4x8xf32>
  %4 = arith.mulf %3, %3 : tensor<4x8xf32>
  %5 = arith.addf %4, %4 : tensor<4x8xf32>
  %6 = arith.mulf %5, %5 : tensor<4x8xf32>
  %7 = arith.addf %6, %6 : tensor<4x8xf32>
  %8 = arith.mulf %7, %7 : tensor<4x8xf32>
  %9 = nn.softmax %8 dim 1 : tensor<4x8xf32> -> tensor<4x8xf32>
  return %9 : tensor<4x8xf32>
}
