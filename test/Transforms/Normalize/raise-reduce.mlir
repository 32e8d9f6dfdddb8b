// Reductions become nn.reduce; what the accumulator begins with is combined afterwards unless it is neutral.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @sum
// CHECK: %[[S:.*]] = nn.reduce sum %arg0 dims [1] : tensor<8x64xf32> -> tensor<8xf32>
// CHECK-NEXT: return %[[S]]
func.func @sum(%x: tensor<8x64xf32>) -> tensor<8xf32> {
  %init = arith.constant dense<0.0> : tensor<8xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<8x64xf32>) outs(%init : tensor<8xf32>) dimensions = [1]
  return %s : tensor<8xf32>
}

// CHECK-LABEL: @max
// CHECK: nn.reduce max %arg0 dims [0] : tensor<8x64xf32> -> tensor<64xf32>
// CHECK-NOT: maximumf
// CHECK: return
func.func @max(%x: tensor<8x64xf32>) -> tensor<64xf32> {
  %init = arith.constant dense<0xFF800000> : tensor<64xf32>
  %s = linalg.reduce { arith.maximumf } ins(%x : tensor<8x64xf32>) outs(%init : tensor<64xf32>) dimensions = [0]
  return %s : tensor<64xf32>
}

// CHECK-LABEL: @min_with_init
// CHECK: %[[M:.*]] = nn.reduce min %arg0 dims [1]
// CHECK: nn.map %[[M]], %arg1
// CHECK: arith.minimumf
func.func @min_with_init(%x: tensor<8x64xf32>, %i: tensor<8xf32>) -> tensor<8xf32> {
  %s = linalg.reduce { arith.minimumf } ins(%x : tensor<8x64xf32>) outs(%i : tensor<8xf32>) dimensions = [1]
  return %s : tensor<8xf32>
}

// A result that keeps its reduced dimension, and a body that computes what is summed.
// CHECK-LABEL: @squares
// CHECK: %[[Q:.*]] = nn.map %arg0
// CHECK: arith.mulf
// CHECK: %[[S:.*]] = nn.reduce sum %[[Q]] dims [2] : tensor<2x8x64xf32> -> tensor<2x8xf32>
// CHECK: nn.reshape %[[S]] : tensor<2x8xf32> -> tensor<2x8x1xf32>
func.func @squares(%x: tensor<2x8x64xf32>) -> tensor<2x8x1xf32> {
  %init = arith.constant dense<0.0> : tensor<2x8x1xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<2x8x64xf32>) outs(%init : tensor<2x8x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %q = arith.mulf %a, %a : f32
    %r = arith.addf %o, %q : f32
    linalg.yield %r : f32
  } -> tensor<2x8x1xf32>
  return %s : tensor<2x8x1xf32>
}
