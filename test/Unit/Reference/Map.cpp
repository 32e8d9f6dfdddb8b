// Scalar bodies: floats, integers, comparisons and conversions, over more elements than one round of lanes.
#include "Programs.h"

#include <cmath>

namespace tp {

TEST(Map, AppliesItsBodyToEveryElement) {
  HostTensor x = varied({3, 200});
  HostTensor result = evaluated("tensor<3x200xf32>", "tensor<3x200xf32>", R"(
    %r = nn.map %a0 : (tensor<3x200xf32>) -> tensor<3x200xf32> {
    ^bb0(%x: f32):
      %one = arith.constant 1.0 : f32
      %n = arith.negf %x : f32
      %e = math.exp %n : f32
      %d = arith.addf %one, %e : f32
      %y = arith.divf %x, %d : f32
      nn.yield %y : f32
    })",
                                {x});
  ASSERT_EQ(result.count(), 600);
  for (int64_t i = 0; i < 600; ++i)
    EXPECT_EQ(result.floats[i], static_cast<float>(x.floats[i] / (1 + std::exp(-x.floats[i]))));
}

TEST(Map, ComparesSelectsAndConverts) {
  expectNear(evaluated("tensor<4xf32>, tensor<4xi32>", "tensor<4xi64>", R"(
    %r = nn.map %a0, %a1 : (tensor<4xf32>, tensor<4xi32>) -> tensor<4xi64> {
    ^bb0(%x: f32, %i: i32):
      %zero = arith.constant 0.0 : f32
      %below = arith.cmpf olt, %x, %zero : f32
      %t = arith.fptosi %x : f32 to i32
      %s = arith.select %below, %i, %t : i32
      %w = arith.extsi %s : i32 to i64
      nn.yield %w : i64
    })",
                       {floats({4}, {-1.5, 2.75, -0.5, 7}), ints({4}, {-10, 20, 30, 40})}),
             {4}, {-10, 2, 30, 7});
}

TEST(Map, WrapsIntegersToTheirWidth) {
  expectNear(evaluated("tensor<2xi8>", "tensor<2xi8>", R"(
    %r = nn.map %a0 : (tensor<2xi8>) -> tensor<2xi8> {
    ^bb0(%x: i8):
      %y = arith.addi %x, %x : i8
      nn.yield %y : i8
    })",
                       {ints({2}, {100, -100}, DType::I8)}),
             {2}, {-56, 56});
  expectNear(evaluated("tensor<2xi8>", "tensor<2xi32>", R"(
    %r = nn.map %a0 : (tensor<2xi8>) -> tensor<2xi32> {
    ^bb0(%x: i8):
      %y = arith.extui %x : i8 to i32
      nn.yield %y : i32
    })",
                       {ints({2}, {-1, 1}, DType::I8)}),
             {2}, {255, 1});
}

TEST(Map, TakesOneTensorTwice) {
  expectNear(evaluated("tensor<2xf32>", "tensor<2xf32>", R"(
    %r = nn.map %a0, %a0 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
    ^bb0(%x: f32, %y: f32):
      %p = arith.mulf %x, %y : f32
      nn.yield %p : f32
    })",
                       {floats({2}, {3, -4})}),
             {2}, {9, 16});
}

} // namespace tp
