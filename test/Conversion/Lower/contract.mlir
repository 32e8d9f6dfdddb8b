// A contraction is one matrix product on the tensors where they lie, if letters of one role can be merged into one stride.
// RUN: tp-opt %s --tp-lower | FileCheck %s

// Weights stored [out, in] are read as they are, b and s are one dimension of rows, and the parameter's number is passed on.
// CHECK-LABEL: func.func @linear
// CHECK-SAME:    %[[X:.*]]: memref<2x?x64xf32>, %{{.*}}: memref<2x?x32xf32>
// CHECK-DAG:     %[[W:.*]] = tprt.parameter @w
// CHECK-DAG:     %[[ROWS:.*]] = arith.muli
// CHECK:         tprt.gemm %[[X]][%c0_i64, %c64_i64, %c1_i64] * %[[W]][%c0_i64, %c1_i64, %c64_i64] -> %{{.*}}[%c0_i64, %c32_i64]
// CHECK-SAME:      sizes %c1_i64, %[[ROWS]], %c32_i64, %c64_i64
// CHECK-SAME:      parameter = 1
nn.parameter @other : tensor<4xf32>
nn.parameter @w : tensor<32x64xf32>
func.func @linear(%x: tensor<2x?x64xf32>) -> tensor<2x?x32xf32> attributes {nn.max_dynamic = 16 : i64} {
  %w = nn.get @w : tensor<32x64xf32>
  %y = nn.contract "bsh,fh->bsf" %x, %w : tensor<2x?x64xf32>, tensor<32x64xf32> -> tensor<2x?x32xf32>
  return %y : tensor<2x?x32xf32>
}

// The left operand's free letter is last in the result: the operands change places.
// CHECK-LABEL: func.func @swapped
// CHECK:         tprt.gemm %arg1[{{.*}}] * %arg0[{{.*}}]
func.func @swapped(%w: tensor<32x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x32xf32> {
  %y = nn.contract "fh,bh->bf" %w, %x : tensor<32x64xf32>, tensor<8x64xf32> -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}

// No order of the summed letters p and q has one stride in both: one operand is copied.
// CHECK-LABEL: func.func @copied
// CHECK:         tprt.copy
// CHECK:         tprt.gemm
func.func @copied(%a: tensor<8x4x6xf32>, %b: tensor<6x4x5xf32>) -> tensor<8x5xf32> {
  %y = nn.contract "mpq,qpn->mn" %a, %b : tensor<8x4x6xf32>, tensor<6x4x5xf32> -> tensor<8x5xf32>
  return %y : tensor<8x5xf32>
}

// The result's batch letter is last: the product is made apart and copied into that order.
// CHECK-LABEL: func.func @result_apart
// CHECK:         tprt.gemm %{{.*}} -> %[[P:.*]][
// CHECK:         tprt.copy %[[P]]
func.func @result_apart(%a: tensor<3x8x4xf32>, %b: tensor<3x4x5xf32>) -> tensor<8x5x3xf32> {
  %y = nn.contract "zmk,zkn->mnz" %a, %b : tensor<3x8x4xf32>, tensor<3x4x5xf32> -> tensor<8x5x3xf32>
  return %y : tensor<8x5x3xf32>
}
