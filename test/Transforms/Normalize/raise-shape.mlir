// Ops that only move elements become reshape, transpose, broadcast, slice, pad and concat.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @reshapes
// CHECK: nn.reshape %arg0 : tensor<2x8x64xf32> -> tensor<2x8x4x16xf32>
// CHECK: nn.transpose %{{.*}} perm [0, 2, 1, 3] : tensor<2x8x4x16xf32> -> tensor<2x4x8x16xf32>
// CHECK: nn.reshape %{{.*}} : tensor<2x4x8x16xf32> -> tensor<8x8x16xf32>
func.func @reshapes(%x: tensor<2x8x64xf32>) -> tensor<8x8x16xf32> {
  %a = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 8, 4, 16] : tensor<2x8x64xf32> into tensor<2x8x4x16xf32>
  %e = tensor.empty() : tensor<2x4x8x16xf32>
  %b = linalg.transpose ins(%a : tensor<2x8x4x16xf32>) outs(%e : tensor<2x4x8x16xf32>) permutation = [0, 2, 1, 3]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
  return %c : tensor<8x8x16xf32>
}

// CHECK-LABEL: @slices
// CHECK: %[[S:.*]] = nn.slice %arg0 offsets [0, 1, 16] sizes [2, 1, 32] strides [1, 1, 1]
// CHECK: nn.reshape %[[S]] : tensor<2x1x32xf32> -> tensor<2x32xf32>
func.func @slices(%x: tensor<2x8x64xf32>) -> tensor<2x32xf32> {
  %s = tensor.extract_slice %x[0, 1, 16] [2, 1, 32] [1, 1, 1] : tensor<2x8x64xf32> to tensor<2x32xf32>
  return %s : tensor<2x32xf32>
}

// CHECK-LABEL: @into_zeros
// CHECK: nn.pad %arg0 low [1, 2] high [3, 4] value 0
func.func @into_zeros(%x: tensor<4x4xf32>) -> tensor<8x10xf32> {
  %zeros = arith.constant dense<0.0> : tensor<8x10xf32>
  %y = tensor.insert_slice %x into %zeros[1, 2] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: @into_other
// CHECK: nn.concat %{{.*}}, %arg0, %{{.*}} dim 1 : (tensor<4x2xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x10xf32>
// CHECK: nn.concat %{{.*}}, %{{.*}}, %{{.*}} dim 0 : (tensor<1x10xf32>, tensor<4x10xf32>, tensor<3x10xf32>) -> tensor<8x10xf32>
func.func @into_other(%x: tensor<4x4xf32>, %into: tensor<8x10xf32>) -> tensor<8x10xf32> {
  %y = tensor.insert_slice %x into %into[1, 2] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: @concat_and_pad
// CHECK: nn.concat %arg0, %arg1 dim 1
// CHECK: nn.pad %{{.*}} low [0, 1] high [2, 0] value 1
func.func @concat_and_pad(%x: tensor<4x4xf32>, %y: tensor<4x2xf32>) -> tensor<6x7xf32> {
  %one = arith.constant 1.0 : f32
  %c = tensor.concat dim(1) %x, %y : (tensor<4x4xf32>, tensor<4x2xf32>) -> tensor<4x6xf32>
  %p = tensor.pad %c low[0, 1] high[2, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %one : f32
  } : tensor<4x6xf32> to tensor<6x7xf32>
  return %p : tensor<6x7xf32>
}
