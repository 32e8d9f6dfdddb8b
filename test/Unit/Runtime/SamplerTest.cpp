// Greedy takes the largest logit and the lowest id of equals; sampling follows the probabilities and the seed only.
#include "tprt/Sampler.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using tprt::sampleToken;

TEST(Sampler, GreedyTakesTheLowestOfEquals) {
  std::vector<float> logits = {1, 7, 3, 7, -2};
  EXPECT_EQ(tprt::greedyToken(logits.data(), 5), 1);
  EXPECT_EQ(sampleToken(logits.data(), 5, {}, 0, 0), 1);
  logits = {NAN, -INFINITY, -5, NAN};
  EXPECT_EQ(tprt::greedyToken(logits.data(), 4), 2);
  EXPECT_EQ(tprt::greedyToken(std::vector<float>(3, NAN).data(), 3), 0);
  EXPECT_EQ(tprt::greedyToken(std::vector<float>{NAN, -INFINITY}.data(), 2), 1);
  for (int64_t largest : {0, 15, 16, 38, 39, 40}) {
    std::vector<float> many(41, -1);
    many[largest] = many[40] = 0;
    EXPECT_EQ(tprt::greedyToken(many.data(), 41), largest);
  }
}

TEST(Sampler, FollowsTheProbabilities) {
  std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  std::vector<int> counts(3);
  for (int64_t step = 0; step < 20000; ++step)
    ++counts[sampleToken(logits.data(), 3, {.temperature = 1, .seed = 4}, 0, step)];
  EXPECT_NEAR(counts[0] / 20000.0, 0.5, 0.02);
  EXPECT_NEAR(counts[1] / 20000.0, 0.3, 0.02);
}

TEST(Sampler, SeedsGiveTheSameTokensAgain) {
  std::vector<float> logits(100, 0);
  tprt::SamplingOptions options{.temperature = 1, .seed = 9};
  int different = 0;
  for (int64_t step = 0; step < 50; ++step) {
    EXPECT_EQ(sampleToken(logits.data(), 100, options, 1, step), sampleToken(logits.data(), 100, options, 1, step));
    different += sampleToken(logits.data(), 100, options, 1, step) != sampleToken(logits.data(), 100, options, 2, step);
  }
  EXPECT_GT(different, 40);
}

TEST(Sampler, TopKAndTopPCutTheTail) {
  std::vector<float> logits = {0, std::log(4.0f), std::log(2.0f), std::log(3.0f)}; // 0.1, 0.4, 0.2, 0.3
  for (int64_t step = 0; step < 500; ++step) {
    int64_t byK = sampleToken(logits.data(), 4, {.temperature = 1, .topK = 2}, 0, step);
    EXPECT_TRUE(byK == 1 || byK == 3);
    int64_t byP = sampleToken(logits.data(), 4, {.temperature = 1, .topP = 0.65}, 0, step);
    EXPECT_TRUE(byP == 1 || byP == 3);
    EXPECT_EQ(sampleToken(logits.data(), 4, {.temperature = 1, .topP = 0.01}, 0, step), 1);
  }
}

} // namespace
