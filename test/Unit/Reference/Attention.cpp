// Rotary embedding in both pairings, and attention with every kind of visibility. With equal scores attention is the mean of
// the values that a query sees, which is easy to check.
#include "Programs.h"

#include <cmath>

namespace tp {

TEST(Rope, RotatesHalvesOrNeighbours) {
  // One token at position 2, one head of width 5: two pairs are rotated by 2*0.5 and 2*0.25, the last element passes.
  HostTensor x = floats({1, 1, 1, 5}, {1, 2, 3, 4, 5}), position = ints({1, 1}, {2});
  std::string types = "tensor<1x1x1x5xf32>, tensor<1x1xi32>", type = "tensor<1x1x1x5xf32>";
  std::string body = "%r = nn.rope %a0, %a1 frequencies [0.5, 0.25] attention_factor ";
  auto rotated = [](double x, double y, double angle) {
    return std::pair(x * std::cos(angle) - y * std::sin(angle), y * std::cos(angle) + x * std::sin(angle));
  };
  auto [a, c] = rotated(1, 3, 1);
  auto [b, d] = rotated(2, 4, 0.5);
  expectNear(evaluated(types, type, body + "1.0 : " + types + " -> " + type, {x, position}), {1, 1, 1, 5}, {a, b, c, d, 5});
  auto [e, f] = rotated(1, 2, 1);
  auto [g, h] = rotated(3, 4, 0.5);
  expectNear(evaluated(types, type, body + "2.0 interleaved : " + types + " -> " + type, {x, position}), {1, 1, 1, 5},
             {2 * e, 2 * f, 2 * g, 2 * h, 5});
}

TEST(Attention, WeighsValuesByScores) {
  // Scores 0 and log 3 after the scale of 2.
  HostTensor query = floats({1, 1, 1, 1}, {1}), key = floats({1, 2, 1, 1}, {0, std::log(3.0) / 2});
  HostTensor value = floats({1, 2, 1, 2}, {4, 0, 0, 8});
  expectNear(evaluated("tensor<1x1x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x2xf32>", "tensor<1x1x1x2xf32>",
                       "%r = nn.attention %a0, %a1, %a2 scale 2.0 : tensor<1x1x1x1xf32>, tensor<1x2x1x1xf32>, "
                       "tensor<1x2x1x2xf32> -> tensor<1x1x1x2xf32>",
                       {query, key, value}),
             {1, 1, 1, 2}, {1, 6});
}

TEST(Attention, SharesKeyHeadsAmongGroupsOfQueries) {
  // 4 query heads, 2 key heads whose values are 1 and 2.
  expectNear(evaluated("tensor<1x1x4x1xf32>, tensor<1x1x2x1xf32>", "tensor<1x1x4x1xf32>",
                       "%r = nn.attention %a0, %a1, %a1 scale 1.0 : tensor<1x1x4x1xf32>, tensor<1x1x2x1xf32>, "
                       "tensor<1x1x2x1xf32> -> tensor<1x1x4x1xf32>",
                       {floats({1, 1, 4, 1}, {5, 6, 7, 8}), floats({1, 1, 2, 1}, {1, 2})}),
             {1, 1, 4, 1}, {1, 1, 2, 2});
}

/// Means over the visible keys of values 1, 2, 4, 8, for queries of zeros.
static HostTensor means(int64_t queries, const std::string &how, const std::string &more, std::vector<HostTensor> extra) {
  std::string s = std::to_string(queries), q = "tensor<1x" + s + "x1x1xf32>", k = "tensor<1x4x1x1xf32>";
  std::vector<HostTensor> inputs = {HostTensor::zeros(DType::F32, {1, queries, 1, 1}), floats({1, 4, 1, 1}, {1, 2, 4, 8})};
  inputs.insert(inputs.end(), extra.begin(), extra.end());
  return evaluated(q + ", " + k + more, q,
                   "%r = nn.attention %a0, %a1, %a1 " + how + " : " + q + ", " + k + ", " + k +
                       (how.find("key_mask") != std::string::npos && how.find("positions") == std::string::npos
                            ? " mask" + more.substr(1)
                            : more) +
                       " -> " + q,
                   inputs);
}

TEST(Attention, CausalLinesUpTheLastQueryWithTheLastKey) {
  expectNear(means(2, "scale 1.0 causal", "", {}), {1, 2, 1, 1}, {7.0 / 3, 15.0 / 4});
}

TEST(Attention, PositionsSayHowFarAQuerySees) {
  expectNear(means(3, "positions %a2 scale 1.0", ", tensor<1x3xi32>", {ints({1, 3}, {0, 2, 9})}), {1, 3, 1, 1},
             {1, 7.0 / 3, 15.0 / 4});
}

TEST(Attention, AQueryThatSeesNoKeyGivesZeros) {
  expectNear(means(2, "positions %a2 scale 1.0", ", tensor<1x2xi32>", {ints({1, 2}, {-1, 1})}), {1, 2, 1, 1}, {0, 1.5});
}

TEST(Attention, AWindowForgetsOldKeys) {
  expectNear(means(2, "positions %a2 scale 1.0 window 2", ", tensor<1x2xi32>", {ints({1, 2}, {0, 3})}), {1, 2, 1, 1}, {1, 6});
}

TEST(Attention, AKeyMaskHidesKeys) {
  expectNear(means(1, "key_mask %a2 scale 1.0", ", tensor<1x4xi32>", {ints({1, 4}, {1, 0, 0, 1})}), {1, 1, 1, 1}, {4.5});
}

} // namespace tp
