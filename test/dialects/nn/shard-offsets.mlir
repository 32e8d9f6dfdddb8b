// Ops whose meaning depends on where their shard lies ask for its offset: rows of a table, indices, slices.
// RUN: tp-opt %s --tp-propagate --tp-partition -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: tp-check %s --against %t.mlir

tp.mesh @mesh [dp = 2, tp = 2]

nn.parameter @table : tensor<10x8xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}

// CHECK-LABEL: @table_split_by_rows
// CHECK: nn.embedding %{{.*}}, %{{.*}} first_row %{{.*}} : tensor<3x4xi32>, tensor<5x8xf32> -> tensor<3x4x8xf32>
// CHECK: tp.all_reduce sum
func.func @table_split_by_rows(%ids: tensor<3x4xi32>) -> tensor<3x4x8xf32> {
  %t = nn.get @table : tensor<10x8xf32>
  %x = nn.embedding %ids, %t : tensor<3x4xi32>, tensor<10x8xf32> -> tensor<3x4x8xf32>
  return %x : tensor<3x4x8xf32>
}

// CHECK-LABEL: @iota_and_slice
func.func @iota_and_slice(%x: tensor<8x12xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>})
    -> (tensor<8x6xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}) {
  // CHECK: nn.iota dim 0 offset %{{.*}} : tensor<4x6xf32>
  %i = nn.iota dim 0 : tensor<8x6xf32>
  // The split dimension is taken whole, in the rank's own size.
  // CHECK: nn.slice %{{.*}} offsets [0, 3] sizes [4, 6] strides [1, 1] : tensor<4x12xf32> -> tensor<4x6xf32>
  %s = nn.slice %x offsets [0, 3] sizes [8, 6] strides [1, 1] : tensor<8x12xf32> -> tensor<8x6xf32>
  %y = nn.map %i, %s : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%a: f32, %b: f32):
    %p = arith.mulf %a, %b : f32
    nn.yield %p : f32
  }
  return %y : tensor<8x6xf32>
}
