// A rank that holds part of a causal sequence attends by positions; more keys than queries shift them.
// RUN: tp-opt %s --tp-propagate --tp-partition -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: tp-check %s --against %t.mlir

tp.mesh @mesh [cp = 4]

// CHECK: %[[OFFSET:.*]] = arith.addi %{{.*}}, %c4
// CHECK: %[[POSITIONS:.*]] = nn.iota dim 1 offset %[[OFFSET]] : tensor<2x2xi32>
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} positions %[[POSITIONS]] scale 5.000000e-01 : tensor<2x2x3x4xf32>, tensor<2x12x3x4xf32>
func.func @main(%q: tensor<2x8x3x4xf32> {tp.layout = #tp.layout<@mesh, [{}, {cp}, {}, {}]>}, %k: tensor<2x12x3x4xf32>) -> tensor<2x8x3x4xf32> {
  %o = nn.attention %q, %k, %k scale 0.5 causal
      : tensor<2x8x3x4xf32>, tensor<2x12x3x4xf32>, tensor<2x12x3x4xf32> -> tensor<2x8x3x4xf32>
  return %o : tensor<2x8x3x4xf32>
}
