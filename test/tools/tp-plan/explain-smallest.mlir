// A collective for which no other wish moves less says so, with how many were tried and what dropping its wish costs; one that ends at
// a result names the result's better layout.
// RUN: tp-plan %s --explain | FileCheck %s
// RUN: tp-plan %s --explain --format json | FileCheck %s --check-prefix=JSON
// RUN: sed 's/-> tensor<8x64xf32> {  \/\/ result/-> (tensor<8x64xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}) {/' %s > %t.mlir
// RUN: tp-plan %t.mlir | FileCheck %s --check-prefix=AFTER

tp.mesh @mesh [tp = 4]

// CHECK: 1. all_reduce over tp of 8x64 f32, at main:[[#]]: 3072 bytes per rank
// CHECK: needed by nn.rms_norm at line [[#]], operand 0
// CHECK: change nothing: with none of 2 other wishes would less be moved
// CHECK-NEXT: without it drop the wishes on arg1: 3072 bytes per rank in this entry, and a rank holds 24.0 KiB more
// CHECK: 2. all_reduce
// CHECK: change declare result 0 as [{tp}, {}] makes it smaller: 4608 bytes per rank in this entry

// JSON: "required_by": [
// JSON-NEXT: "nn.rms_norm at line
// JSON: "ways": [
// JSON: "the wish [{}, {tp}] on argument 1",
// JSON: "change": null

// AFTER: reduce_scatter tp (4) 8x64 f32 1 1536
// AFTER: 3 collectives, 4608 bytes per rank
func.func @main(%x: tensor<8x64xf32>,
                %a: tensor<64x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %b: tensor<64x64xf32>, %g: tensor<64xf32>,
                %c: tensor<64x64xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>},
                %d: tensor<64x64xf32>) -> tensor<8x64xf32> {  // result
  %0 = nn.contract "bi,if->bf" %x, %a : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  %1 = nn.contract "bf,fo->bo" %0, %b : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  %2 = nn.rms_norm %1, %g epsilon 1.0e-5 : tensor<8x64xf32>, tensor<64xf32> -> tensor<8x64xf32>
  %3 = nn.contract "bi,if->bf" %2, %c : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  %4 = nn.contract "bf,fo->bo" %3, %d : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  return %4 : tensor<8x64xf32>
}
