// A KV cache is updated where it lies; where the old cache is read afterwards, the new one is a copy.
// RUN: tp-opt %s --tp-lower --tp-memory --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    tprt.arena_bytes = 0
// CHECK:         %[[CACHE:.*]] = tprt.state @cache
// CHECK-NOT:     tprt.copy
// CHECK:         tprt.cache_update %[[CACHE]], %arg0 at %arg1
// CHECK:         tprt.reduce kind 0 %[[CACHE]] -> %arg2
// CHECK-NOT:     tprt.copy
nn.state @cache : tensor<1x64x8xf32>
func.func @in_place(%fresh: tensor<1x1x8xf32>, %positions: tensor<1x1xi32>) -> tensor<1x8xf32> {
  %old = nn.get @cache : tensor<1x64x8xf32>
  %new = nn.cache_update %old, %fresh, %positions
      : tensor<1x64x8xf32>, tensor<1x1x8xf32>, tensor<1x1xi32> -> tensor<1x64x8xf32>
  nn.set @cache, %new : tensor<1x64x8xf32>
  %sum = nn.reduce sum %new dims [1] : tensor<1x64x8xf32> -> tensor<1x8xf32>
  return %sum : tensor<1x8xf32>
}

// -----

// CHECK-LABEL: func.func @old_is_read
// CHECK-SAME:    tprt.arena_bytes = 2048
// CHECK:         tprt.copy %[[CACHE:.*]][%c1_i64] -> %[[NEW:.*]][%c1_i64]
// CHECK:         tprt.cache_update %[[NEW]]
// CHECK:         tprt.reduce kind 0 %[[CACHE]]
// CHECK:         tprt.copy %[[NEW]][%c1_i64] -> %[[CACHE]]
nn.state @cache : tensor<1x64x8xf32>
func.func @old_is_read(%fresh: tensor<1x1x8xf32>, %positions: tensor<1x1xi32>) -> tensor<1x8xf32> {
  %old = nn.get @cache : tensor<1x64x8xf32>
  %new = nn.cache_update %old, %fresh, %positions
      : tensor<1x64x8xf32>, tensor<1x1x8xf32>, tensor<1x1xi32> -> tensor<1x64x8xf32>
  nn.set @cache, %new : tensor<1x64x8xf32>
  %sum = nn.reduce sum %old dims [1] : tensor<1x64x8xf32> -> tensor<1x8xf32>
  return %sum : tensor<1x8xf32>
}
