// Upstream ops as other front ends leave them: structured ops from their maps and bodies, tensor ops, scalars.
#include "Programs.h"

namespace tp {

TEST(Linalg, GenericWithSeveralResultsAndIndices) {
  // Row maxima and where they are, as argmax looks in exported graphs.
  Program program(R"(func.func @main(%x: tensor<2x3xf32>) -> (tensor<2xf32>, tensor<2xi64>) {
    %low = arith.constant 0xFF800000 : f32
    %zero = arith.constant 0 : i64
    %e = tensor.empty() : tensor<2xf32>
    %f = linalg.fill ins(%low : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
    %g = tensor.empty() : tensor<2xi64>
    %h = linalg.fill ins(%zero : i64) outs(%g : tensor<2xi64>) -> tensor<2xi64>
    %r:2 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>,
                                            affine_map<(d0, d1) -> (d0)>],
                           iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<2x3xf32>) outs(%f, %h : tensor<2xf32>, tensor<2xi64>) {
    ^bb0(%v: f32, %best: f32, %at: i64):
      %i = linalg.index 1 : index
      %j = arith.index_cast %i : index to i64
      %better = arith.cmpf ogt, %v, %best : f32
      %m = arith.select %better, %v, %best : f32
      %n = arith.select %better, %j, %at : i64
      linalg.yield %m, %n : f32, i64
    } -> (tensor<2xf32>, tensor<2xi64>)
    return %r#0, %r#1 : tensor<2xf32>, tensor<2xi64>
  })");
  std::vector<HostTensor> results = program.run({floats({2, 3}, {1, 5, 2, -1, -3, -2})});
  ASSERT_EQ(results.size(), 2u);
  expectNear(results[0], {2}, {5, -1});
  expectNear(results[1], {2}, {1, 0});
}

TEST(Linalg, GenericReadsATableByIndexAndBroadcastsAConstantMap) {
  expectNear(evaluated("tensor<2xi64>, tensor<3x2xf32>, tensor<1xf32>", "tensor<2x2xf32>", R"(
    %e = tensor.empty() : tensor<2x2xf32>
    %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (0)>,
                                          affine_map<(d0, d1) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel"]}
        ins(%a0, %a2 : tensor<2xi64>, tensor<1xf32>) outs(%e : tensor<2x2xf32>) {
    ^bb0(%id: i64, %s: f32, %out: f32):
      %i = arith.index_cast %id : i64 to index
      %j = linalg.index 1 : index
      %v = tensor.extract %a1[%i, %j] : tensor<3x2xf32>
      %y = arith.mulf %v, %s : f32
      linalg.yield %y : f32
    } -> tensor<2x2xf32>)",
                       {ints({2}, {2, 1}, DType::I64), floats({3, 2}, {0, 1, 10, 11, 20, 21}), floats({1}, {2})}),
             {2, 2}, {40, 42, 20, 22});
}

TEST(Linalg, NamedOpsFollowTheirMaps) {
  HostTensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6}), w = floats({3, 2}, {1, 2, 0, 1, -1, 0});
  expectNear(evaluated("tensor<2x3xf32>, tensor<3x2xf32>, tensor<2x2xf32>", "tensor<2x2xf32>", R"(
    %r = linalg.matmul ins(%a0, %a1 : tensor<2x3xf32>, tensor<3x2xf32>) outs(%a2 : tensor<2x2xf32>) -> tensor<2x2xf32>)",
                       {x, w, floats({2, 2}, {100, 0, 0, 0})}),
             {2, 2}, {98, 4, -2, 13});
  expectNear(evaluated("tensor<2x3xf32>, tensor<3x2xf32>", "tensor<3x2xf32>", R"(
    %r = linalg.transpose ins(%a0 : tensor<2x3xf32>) outs(%a1 : tensor<3x2xf32>) permutation = [1, 0])",
                       {x, w}),
             {3, 2}, {1, 4, 2, 5, 3, 6});
  expectNear(evaluated("tensor<1x2xf32>, tensor<1x2xf32>", "tensor<1x2xf32>", R"(
    %r = linalg.softmax dimension(1) ins(%a0 : tensor<1x2xf32>) outs(%a1 : tensor<1x2xf32>) -> tensor<1x2xf32>)",
                       {floats({1, 2}, {7, 7}), floats({1, 2}, {0, 0})}),
             {1, 2}, {0.5, 0.5});
}

TEST(Linalg, AWindowSlides) {
  expectNear(evaluated("tensor<5xf32>, tensor<2xf32>, tensor<4xf32>", "tensor<4xf32>", R"(
    %r = linalg.conv_1d ins(%a0, %a1 : tensor<5xf32>, tensor<2xf32>) outs(%a2 : tensor<4xf32>) -> tensor<4xf32>)",
                       {floats({5}, {1, 2, 3, 4, 5}), floats({2}, {10, 1}), floats({4}, {0, 0, 0, 0})}),
             {4}, {12, 23, 34, 45});
}

TEST(TensorOps, MoveElements) {
  HostTensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  expectNear(evaluated("tensor<2x3xf32>", "tensor<2xf32>",
                       "%r = tensor.extract_slice %a0[0, 1] [2, 1] [1, 1] : tensor<2x3xf32> to tensor<2xf32>", {x}),
             {2}, {2, 5});
  expectNear(evaluated("tensor<2x3xf32>, tensor<1x2xf32>", "tensor<2x3xf32>",
                       "%r = tensor.insert_slice %a1 into %a0[1, 0] [1, 2] [1, 2] : tensor<1x2xf32> into tensor<2x3xf32>",
                       {x, floats({1, 2}, {8, 9})}),
             {2, 3}, {1, 2, 3, 8, 5, 9});
  expectNear(evaluated("tensor<2x3xf32>", "tensor<6xf32>",
                       "%r = tensor.collapse_shape %a0 [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>", {x}),
             {6}, {1, 2, 3, 4, 5, 6});
  expectNear(evaluated("tensor<2x3xf32>", "tensor<4x3xf32>",
                       "%r = tensor.concat dim(0) %a0, %a0 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>", {x}),
             {4, 3}, {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6});
  expectNear(evaluated("tensor<2x3xf32>", "tensor<3x3xf32>", R"(
    %v = arith.constant 9.0 : f32
    %r = tensor.pad %a0 low[1, 0] high[0, 0] {
    ^bb0(%i: index, %j: index):
      tensor.yield %v : f32
    } : tensor<2x3xf32> to tensor<3x3xf32>)",
                       {x}),
             {3, 3}, {9, 9, 9, 1, 2, 3, 4, 5, 6});
}

TEST(Elementwise, OnTensorsWithConstants) {
  expectNear(evaluated("tensor<3xf32>", "tensor<3xf32>", R"(
    %c = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
    %s = arith.constant dense<10.0> : tensor<3xf32>
    %t = arith.constant true
    %p = arith.mulf %a0, %c : tensor<3xf32>
    %q = arith.addf %p, %s : tensor<3xf32>
    %r = arith.select %t, %q, %a0 : tensor<3xf32>)",
                       {floats({3}, {1, 1, 2})}),
             {3}, {11, 12, 16});
}

TEST(Elementwise, ReadsResources) {
  Program program(R"(func.func @main() -> tensor<2xf32> {
    %r = arith.constant dense_resource<weights> : tensor<2xf32>
    return %r : tensor<2xf32>
  }
  {-# dialect_resources: { builtin: { weights: "0x040000000000803F00000040" } } #-})");
  std::vector<HostTensor> results = program.run({});
  ASSERT_EQ(results.size(), 1u);
  expectNear(results[0], {2}, {1, 2});
}

} // namespace tp
