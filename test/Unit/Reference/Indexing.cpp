// Ops that make or follow indices, with the offsets that a rank's shard has.
#include "Programs.h"

namespace tp {

TEST(Iota, CountsFromItsOffset) {
  expectNear(
      evaluated("index", "tensor<2x3xi32>", "%r = nn.iota dim 1 offset %a0 : tensor<2x3xi32>", {ints({}, {10}, DType::I64)}),
      {2, 3}, {10, 11, 12, 10, 11, 12});
}

static const HostTensor table = floats({3, 2}, {0, 1, 10, 11, 20, 21});

TEST(Embedding, TakesRows) {
  expectNear(evaluated("tensor<2xi32>, tensor<3x2xf32>", "tensor<2x2xf32>",
                       "%r = nn.embedding %a0, %a1 : tensor<2xi32>, tensor<3x2xf32> -> tensor<2x2xf32>",
                       {ints({2}, {2, 0}), table}),
             {2, 2}, {20, 21, 0, 1});
}

TEST(Embedding, GivesZerosOutsideOfAShard) {
  // The table holds rows 4, 5 and 6.
  expectNear(evaluated("tensor<4xi32>, tensor<3x2xf32>, index", "tensor<4x2xf32>",
                       "%r = nn.embedding %a0, %a1 first_row %a2 : tensor<4xi32>, tensor<3x2xf32> -> tensor<4x2xf32>",
                       {ints({4}, {3, 4, 6, 7}), table, ints({}, {4}, DType::I64)}),
             {4, 2}, {0, 0, 0, 1, 20, 21, 0, 0});
}

TEST(Embedding, RefusesAnIdOutsideOfAWholeTable) {
  Program program(R"(func.func @main(%i: tensor<1xi32>, %t: tensor<3x2xf32>) -> tensor<1x2xf32> {
    %r = nn.embedding %i, %t : tensor<1xi32>, tensor<3x2xf32> -> tensor<1x2xf32>
    return %r : tensor<1x2xf32>
  })");
  EXPECT_EQ(program.errorOf({ints({1}, {3}), table}), "'nn.embedding' op got id 3, but the table has 3 rows");
}

TEST(Gather, ChoosesPerBatchAndClamps) {
  HostTensor x = floats({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  expectNear(evaluated("tensor<2x3x2xf32>, tensor<2xi32>", "tensor<2x2xf32>",
                       "%r = nn.gather %a0, %a1 axis 1 batch 1 : tensor<2x3x2xf32>, tensor<2xi32> -> tensor<2x2xf32>",
                       {x, ints({2}, {1, 5})}),
             {2, 2}, {2, 3, 10, 11});
  expectNear(evaluated("tensor<2x3x2xf32>, tensor<2xi32>", "tensor<2x3x2xf32>",
                       "%r = nn.gather %a0, %a1 axis 2 batch 0 : tensor<2x3x2xf32>, tensor<2xi32> -> tensor<2x3x2xf32>",
                       {x, ints({2}, {1, -1})}),
             {2, 3, 2}, {1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10});
}

TEST(CacheUpdate, WritesRowsAtTheirPositionsAndSkipsPadding) {
  expectNear(evaluated("tensor<2x3x1xf32>, tensor<2x2x1xf32>, tensor<2x2xi32>", "tensor<2x3x1xf32>",
                       "%r = nn.cache_update %a0, %a1, %a2 : tensor<2x3x1xf32>, tensor<2x2x1xf32>, tensor<2x2xi32> -> "
                       "tensor<2x3x1xf32>",
                       {floats({2, 3, 1}, {1, 2, 3, 4, 5, 6}), floats({2, 2, 1}, {10, 20, 30, 40}), ints({2, 2}, {2, 0, -1, 1})}),
             {2, 3, 1}, {20, 2, 10, 4, 40, 6});
}

} // namespace tp
