// Buffers that are alive together never overlap, and the smallest capacity is met, as trying all offsets says what it is.
#include "tp/Planning/PlanArena.h"
#include "tp/Planning/ArenaSearch.h"

#include <gtest/gtest.h>

#include <algorithm>

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

/// Numbers in [0, limit), the same on every machine.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 2 + 1) {}
  int64_t below(int64_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return int64_t((state >> 33) % uint64_t(limit));
  }

private:
  uint64_t state;
};

/// Whether some offsets keep within the capacity: tries all of them.
bool fits(const std::vector<ArenaBuffer> &buffers, int64_t capacity, std::vector<int64_t> &offsets) {
  size_t next = offsets.size();
  if (next == buffers.size())
    return true;
  for (int64_t offset = 0; offset + buffers[next].size <= capacity; ++offset) {
    bool free = true;
    for (size_t other = 0; other < next && free; ++other)
      free = buffers[other].upper <= buffers[next].lower || buffers[next].upper <= buffers[other].lower ||
             offsets[other] + buffers[other].size <= offset || offset + buffers[next].size <= offsets[other];
    if (!free)
      continue;
    offsets.push_back(offset);
    if (fits(buffers, capacity, offsets))
      return true;
    offsets.pop_back();
  }
  return false;
}

int64_t smallestArena(const std::vector<ArenaBuffer> &buffers) {
  std::vector<int64_t> offsets;
  int64_t capacity = arenaLowerBound(buffers);
  while (!fits(buffers, capacity, offsets))
    ++capacity;
  return capacity;
}

TEST(PlanArena, TheSearchFindsWhatThereIsAndNothingElse) {
  // Full at all times, but for buffers left out now and then: whenever two die, one or two of the same bytes together are
  // born. Some such sequences have no offsets.
  Random random(7);
  int aboveBound = 0;
  constexpr int64_t Effort = 10'000'000;
  for (int round = 0; round < 4000; ++round) {
    std::vector<ArenaBuffer> buffers;
    std::vector<size_t> alive;
    auto bear = [&](int64_t time, int64_t size) {
      alive.push_back(buffers.size());
      buffers.push_back({time, 100, size});
    };
    for (int i = 0; i < 4; ++i)
      bear(0, 1 + random.below(4));
    for (int64_t time = 1; buffers.size() < 14; ++time) {
      int64_t bytes = 0;
      for (int i = 0; i < 2; ++i) {
        auto dies = alive.begin() + random.below(int64_t(alive.size()));
        buffers[*dies].upper = time;
        bytes += buffers[*dies].size;
        alive.erase(dies);
      }
      int64_t part = alive.size() < 2 ? 1 + random.below(bytes - 1) : random.below(bytes);
      for (int64_t size : {part, bytes - part})
        if (size > 0)
          bear(time, size);
    }
    for (int i = 0; i < round % 3; ++i)
      buffers.erase(buffers.begin() + random.below(int64_t(buffers.size())));
    int64_t smallest = smallestArena(buffers);
    aboveBound += smallest > arenaLowerBound(buffers);
    ArenaSearchResult found = searchArena(buffers, smallest, Effort);
    ASSERT_EQ(found.verdict, ArenaVerdict::Fits) << "round " << round;
    expectApart(buffers, {found.offsets, smallest});
    ASSERT_EQ(searchArena(buffers, smallest - 1, Effort).verdict, ArenaVerdict::Impossible) << "round " << round;
  }
  EXPECT_GT(aboveBound, 10) << "the lower bound alone would have passed";
}

TEST(PlanArena, TheSearchGivesNothingUpThatFits) {
  // Boxes dropped onto each other fit where they fell.
  Random random(11);
  for (int round = 0; round < 1000; ++round) {
    std::vector<ArenaBuffer> buffers;
    std::vector<int64_t> tops(12, 0);
    for (int i = 0; i < 24; ++i) {
      int64_t lower = random.below(11), upper = std::min<int64_t>(12, lower + 1 + random.below(5)), size = 1 + random.below(9);
      buffers.push_back({lower, upper, size});
      int64_t top = *std::max_element(tops.begin() + lower, tops.begin() + upper) + size;
      std::fill(tops.begin() + lower, tops.begin() + upper, top);
    }
    int64_t capacity = std::min(*std::max_element(tops.begin(), tops.end()), planArena(buffers).bytes);
    ArenaSearchResult found = searchArena(buffers, capacity, 10'000'000);
    ASSERT_EQ(found.verdict, ArenaVerdict::Fits) << "round " << round;
    expectApart(buffers, {found.offsets, capacity});
  }
}

/// A plan without waste, cut out of 1024 times and bytes, of which a tenth is taken out, but nothing that is alive at time 512.
std::vector<ArenaBuffer> looseTable(Random &random, size_t pieces) {
  struct Piece {
    int64_t left, right, below, above;
    int64_t area() const { return (right - left) * (above - below); }
  };
  std::vector<Piece> cut{{0, 1024, 0, 1024}};
  while (cut.size() < pieces) {
    int64_t where = random.below(1024 * 1024);
    auto piece = cut.begin();
    while (where >= piece->area())
      where -= (piece++)->area();
    bool across = piece->right - piece->left < (1 + random.below(5)) * (piece->above - piece->below);
    int64_t low = across ? piece->below : piece->left, high = across ? piece->above : piece->right;
    if (high - low < 8)
      continue;
    int64_t at = low + (high - low) / 5 + random.below((high - low) * 3 / 5), left = piece->left, below = piece->below;
    (across ? piece->below : piece->left) = at;
    Piece other = *piece;
    across ? (other.below = below, other.above = at) : (other.left = left, other.right = at);
    cut.push_back(other);
  }
  std::vector<ArenaBuffer> buffers;
  for (const Piece &piece : cut)
    if ((piece.left <= 512 && 512 < piece.right) || random.below(10) > 0)
      buffers.push_back({piece.left, piece.right, piece.above - piece.below});
  return buffers;
}

TEST(PlanArena, SlackAtAllMomentsButOne) {
  // Takes rounds of all searches; tables that need the search over contours are larger (arena-with-slack.test).
  Random random(16);
  constexpr int64_t Effort = 120'000'000;
  std::vector<ArenaBuffer> buffers = looseTable(random, 190);
  ASSERT_EQ(arenaLowerBound(buffers), 1024);
  ArenaSearchResult found = searchArena(buffers, 1024, Effort);
  ASSERT_EQ(found.verdict, ArenaVerdict::Fits);
  expectApart(buffers, {found.offsets, 1024});
  EXPECT_EQ(searchArena(buffers, 1024, Effort, {}, true).offsets, found.offsets) << "on threads";
}

TEST(PlanArena, ManyBuffersInARow) {
  // The search is as deep as there are buffers: a stack of 8 MB has to do.
  Random random(3);
  std::vector<ArenaBuffer> buffers;
  for (int64_t i = 0; i < 4096; ++i)
    buffers.push_back({i, i + 2 + random.below(12), 64 * (1 + random.below(40))});
  ArenaPlan plan = planArena(buffers, {{}, 0.5});
  expectApart(buffers, plan);
}

TEST(PlanArena, NeverAliveOrEmptyBuffersDoNotCount) {
  // Largest first misses the bound of 6 here, so the search is asked.
  std::vector<ArenaBuffer> buffers{{0, 2, 2}, {1, 1, 100}, {1, 4, 2}, {0, 3, 0}, {3, 6, 2},
                                   {2, 3, 2}, {5, 7, 3},   {0, 1, 4}, {4, 5, 4}};
  ArenaPlan plan = planArena(buffers);
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  EXPECT_EQ(plan.bytes, arenaLowerBound(buffers));
}

TEST(PlanArena, NothingNeedsNothing) { EXPECT_EQ(planArena({}).bytes, 0); }

} // namespace
