// Packed q|k|v whose three parts come first by a transpose, [3, batch, heads, sequence, width], as vision models do it.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK: func.func @main
// CHECK-SAME: nn.name = "arg1.0"
// CHECK-SAME: nn.name = "arg1.1"
// CHECK-SAME: nn.name = "arg1.2"
// CHECK-NOT: nn.slice
func.func @main(%x: tensor<2x8x64xf32>, %w: tensor<192x64xf32>) -> tensor<2x4x8x16xf32> {
  %p = nn.contract "bsh,fh->bsf" %x, %w : tensor<2x8x64xf32>, tensor<192x64xf32> -> tensor<2x8x192xf32>
  %r = nn.reshape %p : tensor<2x8x192xf32> -> tensor<2x8x3x4x16xf32>
  %t = nn.transpose %r perm [2, 0, 3, 1, 4] : tensor<2x8x3x4x16xf32> -> tensor<3x2x4x8x16xf32>
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, 2, 4, 8, 16] [1, 1, 1, 1, 1] : tensor<3x2x4x8x16xf32> to tensor<2x4x8x16xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, 2, 4, 8, 16] [1, 1, 1, 1, 1] : tensor<3x2x4x8x16xf32> to tensor<2x4x8x16xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, 2, 4, 8, 16] [1, 1, 1, 1, 1] : tensor<3x2x4x8x16xf32> to tensor<2x4x8x16xf32>
  %s = nn.contract "nhqd,nhkd->nhqk" %q, %k : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32> -> tensor<2x4x8x8xf32>
  %a = nn.softmax %s dim 3 : tensor<2x4x8x8xf32> -> tensor<2x4x8x8xf32>
  %o = nn.contract "nhqk,nhkd->nhqd" %a, %v : tensor<2x4x8x8xf32>, tensor<2x4x8x16xf32> -> tensor<2x4x8x16xf32>
  return %o : tensor<2x4x8x16xf32>
}
