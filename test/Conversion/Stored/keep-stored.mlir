// Matrices that are multiplied with by their rows, or looked up in, stay as their file stores them; every other one is expanded,
// and a remark says why.
// RUN: tp-opt %s --tp-keep-stored --remarks-filter=tp-keep-stored 2>&1 | FileCheck %s
// RUN: tp-opt %s --tp-keep-stored --tp-lower | FileCheck %s --check-prefix=LOWER
tp.mesh @mesh [tp = 2]

// CHECK-DAG: nn.parameter @linear : tensor<32x64xf32> {nn.stored = "Q4_1", source = {tensor = "a"}}
nn.parameter @linear : tensor<32x64xf32> {source = {stored = "Q4_1", tensor = "a"}}
// CHECK-DAG: nn.parameter @table : tensor<10x64xf32> {nn.stored = "BF16", source = {tensor = "b"}}
nn.parameter @table : tensor<10x64xf32> {source = {stored = "BF16", tensor = "b"}}
// CHECK-DAG: cut is stored as Q8_0 and expanded to f32: a rank's part of a row (48 elements) cuts blocks of 32
// CHECK-DAG: nn.parameter @cut : tensor<64x48xf32> {source = {tensor = "c"}}
nn.parameter @cut : tensor<64x48xf32> {source = {stored = "Q8_0", tensor = "c"}}
// CHECK-DAG: turned is stored as Q4_0 and expanded to f32: 'nn.contract' reads it otherwise
nn.parameter @turned : tensor<64x64xf32> {source = {stored = "Q4_0", tensor = "d"}}
// CHECK-DAG: added is stored as F16 and expanded to f32: 'nn.map' reads it otherwise
nn.parameter @added : tensor<4x32xf32> {source = {stored = "F16", tensor = "e"}}
// CHECK-DAG: slice is stored as Q4_0 and expanded to f32: a rank's part of a row (64 elements) cuts blocks of 32
nn.parameter @slice : tensor<32x64xf32> {source = {stored = "Q4_0", tensor = "f", offsets = array<i64: 0, 16>, sizes = array<i64: 32, 64>}}

// LOWER-LABEL: func.func @main
// LOWER-DAG: %[[W:.*]] = tprt.parameter @linear : memref<1280xi8>
// LOWER-DAG: %[[T:.*]] = tprt.parameter @table : memref<1280xi8>
// LOWER: tprt.embedding_stored(%{{.*}}, %[[T]]) -> {{.*}} {format = 30 : i64}
// LOWER: tprt.gemm_stored %{{.*}}[%c64{{.*}}] * %[[W]] -> {{.*}} {format = 3 : i64}
// LOWER-NOT: stored
func.func @main(%ids: tensor<4xi32>) -> tensor<4x32xf32> {
  %table = nn.get @table : tensor<10x64xf32>
  %w = nn.get @linear : tensor<32x64xf32>
  %cut = nn.get @cut : tensor<64x48xf32>
  %turned = nn.get @turned : tensor<64x64xf32>
  %added = nn.get @added : tensor<4x32xf32>
  %slice = nn.get @slice : tensor<32x64xf32>
  %x = nn.embedding %ids, %table : tensor<4xi32>, tensor<10x64xf32> -> tensor<4x64xf32>
  %f = tp.copy %w over @mesh[tp], I -> R : tensor<32x64xf32>
  %h = nn.contract "fh,bh->bf" %f, %x : tensor<32x64xf32>, tensor<4x64xf32> -> tensor<4x32xf32>
  %t = nn.contract "bh,hf->bf" %x, %turned : tensor<4x64xf32>, tensor<64x64xf32> -> tensor<4x64xf32>
  %c = nn.contract "bf,fk->bk" %t, %cut : tensor<4x64xf32>, tensor<64x48xf32> -> tensor<4x48xf32>
  %s = nn.contract "bf,kf->bk" %t, %slice : tensor<4x64xf32>, tensor<32x64xf32> -> tensor<4x32xf32>
  %y = nn.map %h, %added, %s : (tensor<4x32xf32>, tensor<4x32xf32>, tensor<4x32xf32>) -> tensor<4x32xf32> {
  ^bb0(%a: f32, %b: f32, %d: f32):
    %1 = arith.addf %a, %b : f32
    %2 = arith.addf %1, %d : f32
    nn.yield %2 : f32
  }
  return %y : tensor<4x32xf32>
}
