// Ops without a name start from an init: it is neutral on every rank, or kept by one; sources are made in the layout wanted.
// RUN: tp-opt %s --tp-partition --tp-verify-local | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-partition,tp-verify-local' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS

// NUMBERS-COUNT-4: same numbers
// NUMBERS-NOT: other numbers

// CHECK-LABEL: func.func @squares
// CHECK-NOT: tp.keep
// CHECK: tp.all_reduce sum
// CHECK-LABEL: func.func @from_one
// CHECK: %[[FILL:.*]] = linalg.fill
// CHECK: tp.keep sum %[[FILL]] over @mesh[tp], I -> P
// CHECK: tp.all_reduce sum
// CHECK-LABEL: func.func @maximum
// CHECK: tp.keep max
// CHECK: tp.all_reduce max
// CHECK-LABEL: func.func @iota
// CHECK: tp.axis_index over @mesh[tp]
// CHECK: nn.iota dim 1 offset
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d0)>
module {
  tp.mesh @mesh [tp = 4]
  func.func @squares(%arg0: tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<8xf32, #tp.layout<@mesh, [{}]>> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<8xf32>
    %1 = tensor.empty() : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>) -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
    %3 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) outs(%2 : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>) {
    ^bb0(%in: f32, %out: f32):
      %5 = arith.mulf %in, %in : f32
      %6 = arith.addf %out, %5 : f32
      linalg.yield %6 : f32
    } -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
    %4 = tp.reshard %3 {tp.why = "linalg.generic at line 6 reduces a dimension split over {tp} by the wish [{}, {tp}] on argument 0; its uses need it as [{}]"} : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>> -> tensor<8xf32, #tp.layout<@mesh, [{}]>>
    return %4 : tensor<8xf32, #tp.layout<@mesh, [{}]>>
  }
  func.func @from_one(%arg0: tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<8xf32, #tp.layout<@mesh, [{}]>> {
    %cst = arith.constant 1.000000e+00 : f32
    %0 = tensor.empty() : tensor<8xf32>
    %1 = tensor.empty() : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>) -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
    %3 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) outs(%2 : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>) {
    ^bb0(%in: f32, %out: f32):
      %5 = arith.mulf %in, %in : f32
      %6 = arith.addf %out, %5 : f32
      linalg.yield %6 : f32
    } -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>>
    %4 = tp.reshard %3 {tp.why = "linalg.generic at line 19 reduces a dimension split over {tp} by the wish [{}, {tp}] on argument 0; its uses need it as [{}]"} : tensor<8xf32, #tp.layout<@mesh, [{}], partial = sum<tp>>> -> tensor<8xf32, #tp.layout<@mesh, [{}]>>
    return %4 : tensor<8xf32, #tp.layout<@mesh, [{}]>>
  }
  func.func @maximum(%arg0: tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>, %arg1: tensor<8xf32, #tp.layout<@mesh, [{}]>>) -> tensor<8xf32, #tp.layout<@mesh, [{}]>> {
    %0 = tp.reshard %arg1 {tp.why = "argument 1 has layout [{}]; linalg.generic at line 29 needs it as [{}], partial = max<tp>"} : tensor<8xf32, #tp.layout<@mesh, [{}]>> -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = max<tp>>>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) outs(%0 : tensor<8xf32, #tp.layout<@mesh, [{}], partial = max<tp>>>) {
    ^bb0(%in: f32, %out: f32):
      %3 = arith.maximumf %out, %in : f32
      linalg.yield %3 : f32
    } -> tensor<8xf32, #tp.layout<@mesh, [{}], partial = max<tp>>>
    %2 = tp.reshard %1 {tp.why = "linalg.generic at line 29 reduces a dimension split over {tp} by the wish [{}, {tp}] on argument 0; its uses need it as [{}]"} : tensor<8xf32, #tp.layout<@mesh, [{}], partial = max<tp>>> -> tensor<8xf32, #tp.layout<@mesh, [{}]>>
    return %2 : tensor<8xf32, #tp.layout<@mesh, [{}]>>
  }
  func.func @iota(%arg0: tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>> {
    %0 = nn.iota dim 1 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
    %cst = arith.constant dense<[[5.000000e-01], [1.000000e+00], [1.500000e+00], [2.000000e+00], [2.500000e+00], [3.000000e+00], [3.500000e+00], [4.000000e+00]]> : tensor<8x1xf32, #tp.layout<@mesh, [{}, {}]>>
    %1 = nn.reshape %cst : tensor<8x1xf32, #tp.layout<@mesh, [{}, {}]>> -> tensor<8xf32, #tp.layout<@mesh, [{}]>>
    %2 = nn.broadcast %1 dims [0] : tensor<8xf32, #tp.layout<@mesh, [{}]>> -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
    %3 = nn.map %arg0, %0, %2 : (tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>, tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>, tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>> {
    ^bb0(%arg1: f32, %arg2: f32, %arg3: f32):
      %4 = arith.mulf %arg1, %arg2 : f32
      %5 = arith.addf %4, %arg3 : f32
      nn.yield %5 : f32
    }
    return %3 : tensor<8x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
  }
}
