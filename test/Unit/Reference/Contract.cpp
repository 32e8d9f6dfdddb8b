// Contractions and reductions, against sums written out.
#include "Programs.h"

namespace tp {

TEST(Contract, MultipliesMatricesInEitherOrder) {
  HostTensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6}), w = floats({2, 3}, {1, 0, -1, 2, 1, 0});
  HostTensor wt = floats({3, 2}, {1, 2, 0, 1, -1, 0});
  expectNear(evaluated("tensor<2x3xf32>, tensor<2x3xf32>", "tensor<2x2xf32>",
                       R"(%r = nn.contract "bh,fh->bf" %a0, %a1 : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x2xf32>)", {x, w}),
             {2, 2}, {-2, 4, -2, 13});
  expectNear(evaluated("tensor<2x3xf32>, tensor<3x2xf32>", "tensor<2x2xf32>",
                       R"(%r = nn.contract "bh,hf->fb" %a0, %a1 : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>)", {x, wt}),
             {2, 2}, {-2, -2, 4, 13});
}

TEST(Contract, BatchesAndAgreesWithLoops) {
  // Sizes that are no multiples of the blocks.
  int64_t batch = 3, rows = 5, columns = 7, depth = 19;
  HostTensor x = varied({rows, batch, depth}), y = varied({batch, depth, columns}, 3);
  HostTensor result = evaluated(
      "tensor<5x3x19xf32>, tensor<3x19x7xf32>", "tensor<3x5x7xf32>",
      R"(%r = nn.contract "mbk,bkn->bmn" %a0, %a1 : tensor<5x3x19xf32>, tensor<3x19x7xf32> -> tensor<3x5x7xf32>)", {x, y});
  std::vector<double> expected;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t n = 0; n < columns; ++n) {
        double sum = 0;
        for (int64_t k = 0; k < depth; ++k)
          sum += x.floats[(m * batch + b) * depth + k] * y.floats[(b * depth + k) * columns + n];
        expected.push_back(sum);
      }
  expectNear(result, {3, 5, 7}, expected, 1e-12);
}

TEST(Contract, ScalesRowsWithoutASum) {
  expectNear(evaluated("tensor<2x2xf32>, tensor<2xf32>", "tensor<2x2xf32>",
                       R"(%r = nn.contract "ij,i->ij" %a0, %a1 : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>)",
                       {floats({2, 2}, {1, 2, 3, 4}), floats({2}, {10, 100})}),
             {2, 2}, {10, 20, 300, 400});
}

TEST(Contract, RoundsOnceToTheElementType) {
  // 1 + 2^-9 is no bf16; added twice it is 1 + 2^-8, no bf16 either; four times, 1 + 2^-7, is one.
  HostTensor x = floats({5}, {1, 0.001953125, 0.001953125, 0.001953125, 0.001953125}, DType::BF16);
  HostTensor ones = floats({5}, {1, 1, 1, 1, 1}, DType::BF16);
  expectNear(evaluated("tensor<5xbf16>, tensor<5xbf16>", "tensor<bf16>",
                       R"(%r = nn.contract "i,i->" %a0, %a1 : tensor<5xbf16>, tensor<5xbf16> -> tensor<bf16>)", {x, ones}),
             {}, {1.0078125}, 0);
}

TEST(Contract, TakesADynamicExtent) {
  expectNear(evaluated("tensor<?x2xf32>, tensor<1x2xf32>", "tensor<?x1xf32>",
                       R"(%r = nn.contract "sh,fh->sf" %a0, %a1 : tensor<?x2xf32>, tensor<1x2xf32> -> tensor<?x1xf32>)",
                       {floats({3, 2}, {1, 2, 3, 4, 5, 6}), floats({1, 2}, {1, 10})}),
             {3, 1}, {21, 43, 65});
}

TEST(Reduce, SumsAndFindsExtremes) {
  HostTensor x = floats({2, 3}, {1, -2, 3, 4, 5, -6});
  auto reduced = [&](const std::string &how, const std::string &type) {
    return evaluated("tensor<2x3xf32>", type, "%r = nn.reduce " + how + " : tensor<2x3xf32> -> " + type, {x});
  };
  expectNear(reduced("sum %a0 dims [1]", "tensor<2xf32>"), {2}, {2, 3});
  expectNear(reduced("sum %a0 dims [0, 1]", "tensor<f32>"), {}, {5});
  expectNear(reduced("max %a0 dims [0]", "tensor<3xf32>"), {3}, {4, 5, 3});
  expectNear(reduced("min %a0 dims [1]", "tensor<2xf32>"), {2}, {-2, -6});
  expectNear(evaluated("tensor<3xi32>", "tensor<i32>", "%r = nn.reduce max %a0 dims [0] : tensor<3xi32> -> tensor<i32>",
                       {ints({3}, {-5, -2, -9})}),
             {}, {-2});
}

} // namespace tp
