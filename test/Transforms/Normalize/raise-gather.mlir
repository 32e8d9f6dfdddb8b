// A body that reads a table at an index that is an element becomes an embedding (rows of a table) or a gather.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

#ids = affine_map<(d0, d1, d2) -> (d0, d1)>
#out = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: @embedding
// CHECK: %[[E:.*]] = nn.embedding %arg0, %arg1 : tensor<2x8xi64>, tensor<32x16xf32> -> tensor<2x8x16xf32>
// CHECK-NEXT: return %[[E]]
func.func @embedding(%ids: tensor<2x8xi64>, %table: tensor<32x16xf32>) -> tensor<2x8x16xf32> {
  %empty = tensor.empty() : tensor<2x8x16xf32>
  %rows = arith.constant 32 : i64
  %x = linalg.generic {indexing_maps = [#ids, #out], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<2x8xi64>) outs(%empty : tensor<2x8x16xf32>) {
  ^bb0(%id: i64, %o: f32):
    %row = arith.index_cast %id : i64 to index
    %column = linalg.index 2 : index
    %fits = arith.cmpi slt, %id, %rows : i64
    cf.assert %fits, "index must be smaller than dim size"
    %e = tensor.extract %table[%row, %column] : tensor<32x16xf32>
    linalg.yield %e : f32
  } -> tensor<2x8x16xf32>
  return %x : tensor<2x8x16xf32>
}

// The last token of each sequence: the batch is shared by the table and the indices.
#last = affine_map<(d0, d1) -> (d0)>
#row = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: @last_token
// CHECK: nn.gather %arg0, %arg1 axis 1 batch 1 : tensor<2x8x16xf32>, tensor<2xi32> -> tensor<2x16xf32>
func.func @last_token(%x: tensor<2x8x16xf32>, %last: tensor<2xi32>) -> tensor<2x16xf32> {
  %empty = tensor.empty() : tensor<2x16xf32>
  %y = linalg.generic {indexing_maps = [#last, #row], iterator_types = ["parallel", "parallel"]}
      ins(%last : tensor<2xi32>) outs(%empty : tensor<2x16xf32>) {
  ^bb0(%i: i32, %o: f32):
    %b = linalg.index 0 : index
    %d = linalg.index 1 : index
    %t = arith.index_cast %i : i32 to index
    %e = tensor.extract %x[%b, %t, %d] : tensor<2x8x16xf32>
    linalg.yield %e : f32
  } -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}
