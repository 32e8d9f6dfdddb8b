// A packed weight that is also used whole, or whose slices overlap, stays one weight; so does one whose wish divides no part.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 4]

// CHECK-LABEL: @also_whole
// CHECK-SAME: %arg1: tensor<64x128xf32> {nn.name = "arg1", tp.parameter}
// CHECK: nn.slice
func.func @also_whole(%x: tensor<8x64xf32>, %w: tensor<64x128xf32>) -> (tensor<8x64xf32>, tensor<8x128xf32>) {
  %p = nn.contract "sh,hf->sf" %x, %w : tensor<8x64xf32>, tensor<64x128xf32> -> tensor<8x128xf32>
  %q = nn.slice %p offsets [0, 0] sizes [8, 64] strides [1, 1] : tensor<8x128xf32> -> tensor<8x64xf32>
  return %q, %p : tensor<8x64xf32>, tensor<8x128xf32>
}

// CHECK-LABEL: @overlap
// CHECK-SAME: %arg1: tensor<64x128xf32> {nn.name = "arg1", tp.parameter}
func.func @overlap(%x: tensor<8x64xf32>, %w: tensor<64x128xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %p = nn.contract "sh,hf->sf" %x, %w : tensor<8x64xf32>, tensor<64x128xf32> -> tensor<8x128xf32>
  %q = nn.slice %p offsets [0, 0] sizes [8, 64] strides [1, 1] : tensor<8x128xf32> -> tensor<8x64xf32>
  %r = nn.slice %p offsets [0, 32] sizes [8, 64] strides [1, 1] : tensor<8x128xf32> -> tensor<8x64xf32>
  return %q, %r : tensor<8x64xf32>, tensor<8x64xf32>
}

// CHECK-LABEL: @does_not_divide
// CHECK-SAME: %arg1: tensor<64x128xf32> {nn.name = "arg1", tp.layout
func.func @does_not_divide(%x: tensor<8x64xf32>, %w: tensor<64x128xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>})
    -> (tensor<8x126xf32>, tensor<8x2xf32>) {
  %p = nn.contract "sh,hf->sf" %x, %w : tensor<8x64xf32>, tensor<64x128xf32> -> tensor<8x128xf32>
  %q = nn.slice %p offsets [0, 0] sizes [8, 126] strides [1, 1] : tensor<8x128xf32> -> tensor<8x126xf32>
  %r = nn.slice %p offsets [0, 126] sizes [8, 2] strides [1, 1] : tensor<8x128xf32> -> tensor<8x2xf32>
  return %q, %r : tensor<8x126xf32>, tensor<8x2xf32>
}
