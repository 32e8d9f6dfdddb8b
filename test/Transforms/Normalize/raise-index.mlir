// The index of a loop becomes nn.iota: a causal mask is computed from two of them.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

#map = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: @causal_mask
// CHECK-DAG: %[[I:.*]] = nn.iota dim 0 : tensor<8xi64>
// CHECK-DAG: %[[J:.*]] = nn.broadcast %{{.*}} dims [0] : tensor<8xi64> -> tensor<8x8xi64>
// CHECK-DAG: %[[K:.*]] = nn.broadcast %{{.*}} dims [1] : tensor<8xi64> -> tensor<8x8xi64>
// CHECK: nn.map %{{.*}}, %{{.*}}, %arg0
// CHECK: arith.cmpi sge
// CHECK: arith.select
func.func @causal_mask(%scores: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %empty = tensor.empty() : tensor<8x8xf32>
  %low = arith.constant -1.0e9 : f32
  %y = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) {
  ^bb0(%s: f32, %o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %seen = arith.cmpi sge, %i, %j : index
    %m = arith.select %seen, %s, %low : f32
    linalg.yield %m : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
