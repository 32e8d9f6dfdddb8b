// A generic with several results is split into one op per result, unless one of them needs what another accumulates.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: @sum_and_max
// CHECK: nn.reduce sum %arg0 dims [1]
// CHECK: nn.reduce max %arg0 dims [1]
func.func @sum_and_max(%x: tensor<8x64xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  %low = arith.constant dense<0xFF800000> : tensor<8xf32>
  %y:2 = linalg.generic {indexing_maps = [#map, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x64xf32>) outs(%zero, %low : tensor<8xf32>, tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32, %m: f32):
    %t = arith.addf %s, %a : f32
    %n = arith.maximumf %m, %a : f32
    linalg.yield %t, %n : f32, f32
  } -> (tensor<8xf32>, tensor<8xf32>)
  return %y#0, %y#1 : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: @argmax
// CHECK: linalg.generic
func.func @argmax(%x: tensor<8x64xf32>) -> tensor<8xi64> {
  %low = arith.constant dense<0xFF800000> : tensor<8xf32>
  %first = arith.constant dense<0> : tensor<8xi64>
  %y:2 = linalg.generic {indexing_maps = [#map, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x64xf32>) outs(%low, %first : tensor<8xf32>, tensor<8xi64>) {
  ^bb0(%a: f32, %m: f32, %k: i64):
    %j = linalg.index 1 : index
    %i = arith.index_cast %j : index to i64
    %more = arith.cmpf ogt, %a, %m : f32
    %n = arith.select %more, %a, %m : f32
    %l = arith.select %more, %i, %k : i64
    linalg.yield %n, %l : f32, i64
  } -> (tensor<8xf32>, tensor<8xi64>)
  return %y#1 : tensor<8xi64>
}
