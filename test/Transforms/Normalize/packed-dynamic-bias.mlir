// A packed q|k|v with a bias on sequences of any length: the broadcast that asks the product for its length does not keep it packed.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 2]

// CHECK-DAG: nn.parameter @{{.*}}w.0{{"?}} : tensor<8x16xf32> {source = {offsets = array<i64: 0, 0>, {{.*}}tp.layout = #tp.layout<@mesh, [{}, {tp}]>
// CHECK-DAG: nn.parameter @{{.*}}b.1{{"?}} : tensor<16xf32> {source = {offsets = array<i64: 16>
nn.parameter @w : tensor<8x32xf32> {source = {tensor = "w"}, tp.layout = #tp.layout<@mesh, [{}, {tp}]>}
nn.parameter @b : tensor<32xf32> {source = {tensor = "b"}, tp.layout = #tp.layout<@mesh, [{tp}]>}

// CHECK: func.func @main
// CHECK-NOT: nn.slice
// CHECK: %[[P:.*]] = nn.contract
// CHECK: nn.broadcast %{{.*}} dims [2] like %[[P]] : tensor<16xf32>, tensor<2x?x16xf32>
func.func @main(%x: tensor<2x?x8xf32>) -> tensor<2x?x16xf32> attributes {nn.max_dynamic = 4 : i64} {
  %w = nn.get @w : tensor<8x32xf32>
  %p = nn.contract "bsh,hf->bsf" %x, %w : tensor<2x?x8xf32>, tensor<8x32xf32> -> tensor<2x?x32xf32>
  %b = nn.get @b : tensor<32xf32>
  %bias = nn.broadcast %b dims [2] like %p : tensor<32xf32>, tensor<2x?x32xf32> -> tensor<2x?x32xf32>
  %y = nn.map %p, %bias : (tensor<2x?x32xf32>, tensor<2x?x32xf32>) -> tensor<2x?x32xf32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    nn.yield %s : f32
  }
  %k = nn.slice %y offsets [0, 0, 0] sizes [2, -1, 16] strides [1, 1, 1] : tensor<2x?x32xf32> -> tensor<2x?x16xf32>
  %v = nn.slice %y offsets [0, 0, 16] sizes [2, -1, 16] strides [1, 1, 1] : tensor<2x?x32xf32> -> tensor<2x?x16xf32>
  %z = nn.map %k, %v : (tensor<2x?x16xf32>, tensor<2x?x16xf32>) -> tensor<2x?x16xf32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.mulf %e, %f : f32
    nn.yield %s : f32
  }
  return %z : tensor<2x?x16xf32>
}
