// Ops that move elements.
#include "Programs.h"

namespace tp {

static const HostTensor matrix = floats({2, 3}, {1, 2, 3, 4, 5, 6});

TEST(Shape, BroadcastsAlongNewDimensions) {
  expectNear(evaluated("tensor<2xf32>", "tensor<2x3xf32>", "%r = nn.broadcast %a0 dims [0] : tensor<2xf32> -> tensor<2x3xf32>",
                       {floats({2}, {1, 2})}),
             {2, 3}, {1, 1, 1, 2, 2, 2});
  expectNear(evaluated("tensor<2xf32>, tensor<?x2xf32>", "tensor<?x2xf32>",
                       "%r = nn.broadcast %a0 dims [1] like %a1 : tensor<2xf32>, tensor<?x2xf32> -> tensor<?x2xf32>",
                       {floats({2}, {1, 2}), floats({3, 2}, {0, 0, 0, 0, 0, 0})}),
             {3, 2}, {1, 2, 1, 2, 1, 2});
}

TEST(Shape, ReshapesAroundADynamicDimension) {
  expectNear(evaluated("tensor<?x4xf32>", "tensor<?x2x2xf32>", "%r = nn.reshape %a0 : tensor<?x4xf32> -> tensor<?x2x2xf32>",
                       {floats({1, 4}, {1, 2, 3, 4})}),
             {1, 2, 2}, {1, 2, 3, 4});
}

TEST(Shape, Transposes) {
  expectNear(evaluated("tensor<2x3xf32>", "tensor<3x2xf32>",
                       "%r = nn.transpose %a0 perm [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>", {matrix}),
             {3, 2}, {1, 4, 2, 5, 3, 6});
  HostTensor cube = varied({2, 3, 5});
  HostTensor result = evaluated("tensor<2x3x5xf32>", "tensor<5x2x3xf32>",
                                "%r = nn.transpose %a0 perm [2, 0, 1] : tensor<2x3x5xf32> -> tensor<5x2x3xf32>", {cube});
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t k = 0; k < 5; ++k)
        EXPECT_EQ(result.floats[(k * 2 + i) * 3 + j], cube.floats[(i * 3 + j) * 5 + k]);
}

TEST(Shape, SlicesWithOffsetsAndStrides) {
  expectNear(evaluated("tensor<2x5xf32>", "tensor<2x2xf32>",
                       "%r = nn.slice %a0 offsets [0, 1] sizes [2, 2] strides [1, 3] : tensor<2x5xf32> -> tensor<2x2xf32>",
                       {floats({2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})}),
             {2, 2}, {1, 4, 6, 9});
}

TEST(Shape, Concatenates) {
  expectNear(evaluated("tensor<2x3xf32>, tensor<2x1xf32>", "tensor<2x4xf32>",
                       "%r = nn.concat %a0, %a1 dim 1 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>",
                       {matrix, floats({2, 1}, {8, 9})}),
             {2, 4}, {1, 2, 3, 8, 4, 5, 6, 9});
}

TEST(Shape, Pads) {
  expectNear(evaluated("tensor<2x3xf32>", "tensor<3x5xf32>",
                       "%r = nn.pad %a0 low [0, 1] high [1, 1] value 7.0 : tensor<2x3xf32> -> tensor<3x5xf32>", {matrix}),
             {3, 5}, {7, 1, 2, 3, 7, 7, 4, 5, 6, 7, 7, 7, 7, 7, 7});
}

} // namespace tp
