// Softmax and norms on rows small enough to work out by hand.
#include "Programs.h"

#include <cmath>

namespace tp {

TEST(Softmax, NormalisesAlongItsDimension) {
  HostTensor x = floats({2, 2}, {0, 1000, std::log(3.0), 1000});
  x.round();
  expectNear(
      evaluated("tensor<2x2xf32>", "tensor<2x2xf32>", "%r = nn.softmax %a0 dim 0 : tensor<2x2xf32> -> tensor<2x2xf32>", {x}),
      {2, 2}, {0.25, 0.5, 0.75, 0.5});
  expectNear(
      evaluated("tensor<2x2xf32>", "tensor<2x2xf32>", "%r = nn.softmax %a0 dim 1 : tensor<2x2xf32> -> tensor<2x2xf32>", {x}),
      {2, 2}, {0, 1, 0, 1});
}

TEST(RmsNorm, DividesByTheRootMeanSquare) {
  // The mean square of (1, 7) is 25.
  expectNear(evaluated("tensor<1x2xf32>, tensor<2xf32>", "tensor<1x2xf32>",
                       "%r = nn.rms_norm %a0, %a1 epsilon 0.0 : tensor<1x2xf32>, tensor<2xf32> -> tensor<1x2xf32>",
                       {floats({1, 2}, {1, 7}), floats({2}, {1, 10})}),
             {1, 2}, {0.2, 14});
  expectNear(evaluated("tensor<2xf32>, tensor<2xf32>", "tensor<2xf32>",
                       "%r = nn.rms_norm %a0, %a1 epsilon 11.0 : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>",
                       {floats({2}, {1, 7}), floats({2}, {1, 1})}),
             {2}, {1.0 / 6, 7.0 / 6});
}

TEST(LayerNorm, RemovesMeanAndVariance) {
  // Mean 3, variance 4.
  expectNear(evaluated("tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>", "tensor<1x2xf32>",
                       "%r = nn.layer_norm %a0, %a1, %a2 epsilon 0.0 : tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32> -> "
                       "tensor<1x2xf32>",
                       {floats({1, 2}, {1, 5}), floats({2}, {1, 2}), floats({2}, {0.5, -1})}),
             {1, 2}, {-0.5, 1});
}

} // namespace tp
