// Buffers that are alive together never overlap, and the arena is as small as the lower bound where that is easy.
#include "tp/Planning/PlanArena.h"

#include <gtest/gtest.h>

using namespace tp;

namespace {

void expectApart(const std::vector<ArenaBuffer> &buffers, const ArenaPlan &plan) {
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_GE(plan.offsets[i], 0);
    EXPECT_LE(plan.offsets[i] + buffers[i].size, plan.bytes);
    for (size_t j = 0; j < i; ++j) {
      bool together = buffers[i].lower < buffers[j].upper && buffers[j].lower < buffers[i].upper;
      bool apart = plan.offsets[i] + buffers[i].size <= plan.offsets[j] || plan.offsets[j] + buffers[j].size <= plan.offsets[i];
      EXPECT_TRUE(!together || apart) << "buffers " << i << " and " << j;
    }
  }
}

TEST(PlanArena, ReusesWhatIsDead) {
  // A chain: each buffer is read by the step that writes the next one.
  std::vector<ArenaBuffer> chain;
  for (int64_t i = 0; i < 50; ++i)
    chain.push_back({i, i + 2, 64 * (1 + i % 3)});
  ArenaPlan plan = planArena(chain);
  expectApart(chain, plan);
  EXPECT_EQ(plan.bytes, arenaLowerBound(chain));
}

TEST(PlanArena, IsTheSameEachTime) {
  std::vector<ArenaBuffer> buffers;
  uint64_t random = 1;
  for (int64_t i = 0; i < 80; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    int64_t lower = (random >> 33) % 100;
    buffers.push_back({lower, lower + 1 + int64_t((random >> 40) % 30), 1 + int64_t((random >> 20) % 5000)});
  }
  ArenaPlan plan = planArena(buffers);
  expectApart(buffers, plan);
  EXPECT_EQ(plan.offsets, planArena(buffers).offsets);
}

TEST(PlanArena, NothingNeedsNothing) { EXPECT_EQ(planArena({}).bytes, 0); }

} // namespace
