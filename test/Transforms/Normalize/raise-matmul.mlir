// A matmul becomes a contraction however it is spelled: named, transposed by its maps, batched, or generic.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-LABEL: @matmul
// CHECK: %[[Y:.*]] = nn.contract "ac,cb->ab" %{{.*}}, %{{.*}} : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
// CHECK-NEXT: return %[[Y]]
func.func @matmul(%x: tensor<8x64xf32>, %w: tensor<64x32xf32>) -> tensor<8x32xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x32xf32>) -> tensor<8x32xf32>
  %y = linalg.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x32xf32>) outs(%init : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}

// CHECK-LABEL: @transposed
// CHECK: nn.contract "ac,bc->ab"
func.func @transposed(%x: tensor<8x64xf32>, %w: tensor<32x64xf32>) -> tensor<8x32xf32> {
  %init = arith.constant dense<0.0> : tensor<8x32xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<8x64xf32>, tensor<32x64xf32>) outs(%init : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}

// CHECK-LABEL: @batched
// CHECK: nn.contract "abd,adc->abc"
func.func @batched(%x: tensor<2x8x64xf32>, %w: tensor<2x64x32xf32>) -> tensor<2x8x32xf32> {
  %init = arith.constant dense<0.0> : tensor<2x8x32xf32>
  %y = linalg.batch_matmul ins(%x, %w : tensor<2x8x64xf32>, tensor<2x64x32xf32>) outs(%init : tensor<2x8x32xf32>) -> tensor<2x8x32xf32>
  return %y : tensor<2x8x32xf32>
}

// CHECK-LABEL: @vectors
// CHECK: nn.contract "ab,b->a"
// CHECK: nn.contract "b,ba->a"
// CHECK: nn.contract "a,a->"
func.func @vectors(%w: tensor<64x64xf32>, %v: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>, tensor<f32>) {
  %init = arith.constant dense<0.0> : tensor<64xf32>
  %init0 = arith.constant dense<0.0> : tensor<f32>
  %a = linalg.matvec ins(%w, %v : tensor<64x64xf32>, tensor<64xf32>) outs(%init : tensor<64xf32>) -> tensor<64xf32>
  %b = linalg.vecmat ins(%v, %w : tensor<64xf32>, tensor<64x64xf32>) outs(%init : tensor<64xf32>) -> tensor<64xf32>
  %c = linalg.dot ins(%a, %v : tensor<64xf32>, tensor<64xf32>) outs(%init0 : tensor<f32>) -> tensor<f32>
  return %a, %b, %c : tensor<64xf32>, tensor<64xf32>, tensor<f32>
}

// CHECK-LABEL: @contract
// CHECK: nn.contract "acd,bcd->ab"
func.func @contract(%x: tensor<8x4x16xf32>, %w: tensor<32x4x16xf32>) -> tensor<8x32xf32> {
  %init = arith.constant dense<0.0> : tensor<8x32xf32>
  %y = linalg.contract indexing_maps = [affine_map<(m, n, h, k) -> (m, h, k)>, affine_map<(m, n, h, k) -> (n, h, k)>, affine_map<(m, n, h, k) -> (m, n)>]
      ins(%x, %w : tensor<8x4x16xf32>, tensor<32x4x16xf32>) outs(%init : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}
