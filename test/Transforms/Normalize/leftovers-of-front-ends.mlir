// What other front ends leave beside the mathematics goes: assertions about shapes and ids, a seed, casts, f64 in between, attributes.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

// CHECK-NOT: ml_program
// CHECK: func.func @forward
// CHECK-NOT: cf.assert
// CHECK-NOT: linalg
// CHECK-NOT: tensor.
// CHECK: nn.embedding
// CHECK: nn.rms_norm
// CHECK: nn.contract "abd,cd->abc"
// CHECK: return
#map = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map2 = affine_map<(d0, d1, d2) -> (d2)>
#map4 = affine_map<(d0, d1, d2) -> (d1, d2)>
#ids = affine_map<(d0, d1, d2) -> (d0, d1)>
module attributes {torch.debug_module_name = "M"} {
  ml_program.global private mutable @global_seed(dense<0> : tensor<i64>) : tensor<i64>
  func.func @forward(%ids: tensor<2x8xi64>, %table: tensor<32x64xf32>, %g: tensor<64xf32>, %w: tensor<64x64xf32>, %bias: tensor<64xf32>) -> tensor<2x8x64xf32> attributes {torch.assume_strict_symbolic_shapes} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c0_i64 = arith.constant 0 : i64
    %c32_i64 = arith.constant 32 : i64
    %c64_i64 = arith.constant 64 : i64
    %cst = arith.constant 0.0 : f32
    %eps = arith.constant 1.0e-5 : f64
    %d = tensor.dim %ids, %c0 : tensor<2x8xi64>
    %dd = arith.index_cast %d : index to i64
    %c2_i64 = arith.constant 2 : i64
    %ok = arith.cmpi eq, %dd, %c2_i64 : i64
    cf.assert %ok, "mismatched size for broadcast"
    %e = tensor.empty() : tensor<2x8x64xf32>
    %x = linalg.generic {indexing_maps = [#ids, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%ids : tensor<2x8xi64>) outs(%e : tensor<2x8x64xf32>) {
    ^bb0(%in: i64, %out: f32):
      %2 = linalg.index 2 : index
      %3 = arith.cmpi slt, %in, %c32_i64 : i64
      cf.assert %3, "index must be smaller than dim size"
      %4 = arith.cmpi sge, %in, %c0_i64 : i64
      cf.assert %4, "index must be larger or equal to 0"
      %5 = arith.index_cast %in : i64 to index
      %extracted = tensor.extract %table[%5, %2] : tensor<32x64xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x8x64xf32>
    %e64 = tensor.empty() : tensor<2x8x64xf64>
    %xd = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : tensor<2x8x64xf32>) outs(%e64 : tensor<2x8x64xf64>) {
    ^bb0(%in: f32, %out: f64):
      %2 = arith.extf %in : f32 to f64
      %3 = arith.mulf %2, %2 : f64
      linalg.yield %3 : f64
    } -> tensor<2x8x64xf64>
    %r = tensor.empty() : tensor<2x8x1xf64>
    %z64 = arith.constant 0.0 : f64
    %rf = linalg.fill ins(%z64 : f64) outs(%r : tensor<2x8x1xf64>) -> tensor<2x8x1xf64>
    %s = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%xd : tensor<2x8x64xf64>) outs(%rf : tensor<2x8x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %2 = arith.addf %in, %out : f64
      linalg.yield %2 : f64
    } -> tensor<2x8x1xf64>
    %r32 = tensor.empty() : tensor<2x8x1xf32>
    %n = arith.sitofp %c64_i64 : i64 to f64
    %rs = linalg.generic {indexing_maps = [#map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s : tensor<2x8x1xf64>) outs(%r32 : tensor<2x8x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %2 = arith.divf %in, %n : f64
      %3 = arith.addf %2, %eps : f64
      %4 = arith.truncf %3 : f64 to f32
      %5 = math.rsqrt %4 : f32
      linalg.yield %5 : f32
    } -> tensor<2x8x1xf32>
    %y = linalg.generic {indexing_maps = [#map, #map1, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %rs, %g : tensor<2x8x64xf32>, tensor<2x8x1xf32>, tensor<64xf32>) outs(%e : tensor<2x8x64xf32>) {
    ^bb0(%in: f32, %in1: f32, %in2: f32, %out: f32):
      %2 = arith.mulf %in, %in1 : f32
      %3 = arith.mulf %2, %in2 : f32
      linalg.yield %3 : f32
    } -> tensor<2x8x64xf32>
    %e3 = tensor.empty() : tensor<64x64xf32>
    %wt = linalg.transpose ins(%w : tensor<64x64xf32>) outs(%e3 : tensor<64x64xf32>) permutation = [1, 0]
    %e4 = tensor.empty() : tensor<2x64x64xf32>
    %wb = linalg.generic {indexing_maps = [#map4, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%wt : tensor<64x64xf32>) outs(%e4 : tensor<2x64x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x64x64xf32>
    %f = linalg.fill ins(%cst : f32) outs(%e : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    %mm = linalg.batch_matmul ins(%y, %wb : tensor<2x8x64xf32>, tensor<2x64x64xf32>) outs(%f : tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    %o = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%mm, %bias : tensor<2x8x64xf32>, tensor<64xf32>) outs(%e : tensor<2x8x64xf32>) {
    ^bb0(%in: f32, %in1: f32, %out: f32):
      %2 = arith.addf %in, %in1 : f32
      linalg.yield %2 : f32
    } -> tensor<2x8x64xf32>
    %cast = tensor.cast %o : tensor<2x8x64xf32> to tensor<?x8x64xf32>
    %cast2 = tensor.cast %cast : tensor<?x8x64xf32> to tensor<2x8x64xf32>
    return %cast2 : tensor<2x8x64xf32>
  }
}
