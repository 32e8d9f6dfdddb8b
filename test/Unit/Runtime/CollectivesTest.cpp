// Every collective on 1, 2, 3, 4 and 8 ranks equals a naive loop, bit-equal on all ranks and from run to run, for
// operands of the sizes at which another algorithm takes over.
#include "OnRanks.h"

#include <gtest/gtest.h>

using namespace tprt::test;
using tp::DType;

namespace {

const std::vector<int64_t> rankCounts = {1, 2, 3, 4, 8};

std::vector<std::vector<float>> operands(int64_t ranks, int64_t count) {
  std::vector<std::vector<float>> result;
  for (int64_t r = 0; r < ranks; ++r)
    result.push_back(randomFloats(count, 100 + r));
  return result;
}

/// Sum in rank order, in f32: what every algorithm has to give to the bit.
std::vector<float> sumInOrder(const std::vector<std::vector<float>> &sources) {
  std::vector<float> total = sources[0];
  for (size_t r = 1; r < sources.size(); ++r)
    for (size_t i = 0; i < total.size(); ++i)
      total[i] += sources[r][i];
  return total;
}

TEST(Collectives, AllReduceAddsInRankOrder) {
  for (int64_t n : rankCounts)
    for (int64_t count : {1, 17, 256, 257, 1000, 5000, 100003, 300001}) {
      std::vector<std::vector<float>> src = operands(n, count), dst(n, std::vector<float>(count)), inPlace = src;
      std::vector<float> wanted = sumInOrder(src);
      makeRanks(n)->run([&](tprt_context &ctx) {
        tprt_all_reduce(&ctx, 0, 0, 0, 0, src[ctx.rank].data(), dst[ctx.rank].data(), count);
        tprt_all_reduce(&ctx, 1, 0, 0, 0, inPlace[ctx.rank].data(), inPlace[ctx.rank].data(), count);
      });
      for (int64_t r = 0; r < n; ++r) {
        EXPECT_EQ(dst[r], wanted) << n << " ranks, " << count;
        EXPECT_EQ(inPlace[r], wanted) << n << " ranks in place, " << count;
      }
    }
}

TEST(Collectives, AllReduceOfOtherTypesAndKinds) {
  int64_t n = 3, count = 50;
  for (DType type : {DType::F16, DType::BF16, DType::F64, DType::I8, DType::I32, DType::I64})
    for (int64_t kind = 0; kind < 3; ++kind) {
      std::vector<tp::HostTensor> src;
      tp::HostTensor wanted = tp::HostTensor::zeros(type, {count});
      for (int64_t r = 0; r < n; ++r) {
        std::vector<float> values = randomFloats(count, r, 10);
        tp::HostTensor tensor = tp::HostTensor::zeros(type, {count});
        for (int64_t i = 0; i < count; ++i) {
          if (tp::isFloat(type))
            tensor.floats[i] = tp::roundTo(type, values[i]);
          else
            tensor.ints[i] = static_cast<int64_t>(values[i]);
          auto combine = [&](auto &total, auto value) {
            total = r == 0 ? value : kind == 0 ? total + value : kind == 1 ? std::max(total, value) : std::min(total, value);
          };
          if (tp::isFloat(type))
            combine(wanted.floats[i], tensor.floats[i]);
          else
            combine(wanted.ints[i], tensor.ints[i]);
        }
        src.push_back(tensor);
      }
      wanted.round();
      std::vector<std::vector<char>> memory(n);
      for (int64_t r = 0; r < n; ++r)
        memory[r] = tp::toBytes(src[r]);
      makeRanks(n)->run([&](tprt_context &ctx) {
        char *mine = memory[ctx.rank].data();
        tprt_all_reduce(&ctx, 0, 0, code(type), kind, mine, mine, count);
      });
      tp::HostTensor got = tp::fromBytes(type, {count}, memory[0].data());
      for (int64_t i = 0; i < count; ++i)
        EXPECT_NEAR(got.at(i), wanted.at(i), std::abs(wanted.at(i)) * toleranceOf(type)) << tp::name(type) << kind;
      for (int64_t r = 1; r < n; ++r)
        EXPECT_EQ(memory[r], memory[0]);
    }
}

TEST(Collectives, GatherAndScatterAlongTheMiddle) {
  for (int64_t n : rankCounts)
    for (auto [outer, extent, inner] : {std::array<int64_t, 3>{1, 5, 1}, {3, 2, 4}, {7, 100, 33}}) {
      int64_t piece = outer * extent * inner, rootRank = n - 1;
      std::vector<std::vector<float>> shard = operands(n, piece), whole = operands(n, piece * n);
      auto zero = std::vector<std::vector<float>>(n, std::vector<float>(piece * n, 5));
      auto gathered = zero, atRoot = zero;
      auto scattered = std::vector<std::vector<float>>(n, std::vector<float>(piece)), fromRoot = scattered;
      makeRanks(n)->run([&](tprt_context &ctx) {
        int64_t r = ctx.rank;
        tprt_all_gather(&ctx, 0, 0, 0, shard[r].data(), gathered[r].data(), outer, extent, inner);
        tprt_reduce_scatter(&ctx, 1, 0, 0, 0, whole[r].data(), scattered[r].data(), outer, extent, inner);
        tprt_gather_to(&ctx, 2, 0, 0, rootRank, shard[r].data(), atRoot[r].data(), outer, extent, inner);
        tprt_scatter_from(&ctx, 3, 0, 0, rootRank, r == rootRank ? whole[r].data() : nullptr, fromRoot[r].data(), outer, extent,
                          inner);
      });
      std::vector<float> total = sumInOrder(whole);
      for (int64_t r = 0; r < n; ++r)
        for (int64_t o = 0; o < outer; ++o)
          for (int64_t i = 0; i < extent * inner; ++i) {
            int64_t row = extent * inner;
            for (int64_t from = 0; from < n; ++from) {
              float wanted = shard[from][o * row + i];
              int64_t at = (o * n + from) * row + i;
              ASSERT_EQ(gathered[r][at], wanted);
              ASSERT_EQ(atRoot[r][at], r == rootRank ? wanted : 0);
            }
            ASSERT_EQ(scattered[r][o * row + i], total[(o * n + r) * row + i]);
            ASSERT_EQ(fromRoot[r][o * row + i], whole[rootRank][(o * n + r) * row + i]);
          }
    }
}

TEST(Collectives, AllToAllBothWays) {
  for (int64_t n : rankCounts)
    for (int64_t inner : {1, 300}) {
      int64_t outer = 2, split = 3, middle = 2, concat = 5, count = outer * split * n * middle * concat * inner;
      std::vector<std::vector<float>> src = operands(n, count);
      std::vector<std::vector<float>> first(n, std::vector<float>(count)), last = first, back = first;
      makeRanks(n)->run([&](tprt_context &ctx) {
        int64_t r = ctx.rank;
        tprt_all_to_all(&ctx, 0, 0, 0, src[r].data(), first[r].data(), outer, split, middle, concat, inner, 1);
        tprt_all_to_all(&ctx, 1, 0, 0, src[r].data(), last[r].data(), outer, split, middle, concat, inner, 0);
        // Splitting what was gathered and gathering what was split is the inverse.
        tprt_all_to_all(&ctx, 2, 0, 0, first[r].data(), back[r].data(), outer, concat, middle, split, inner, 0);
      });
      EXPECT_EQ(back, src);
      for (int64_t r = 0; r < n; ++r)
        for (int64_t from = 0; from < n; ++from)
          for (int64_t o = 0; o < outer; ++o)
            for (int64_t a = 0; a < split; ++a)
              for (int64_t m = 0; m < middle; ++m)
                for (int64_t c = 0; c < concat; ++c) {
                  int64_t x = (((o * n + r) * split + a) * middle + m) * concat + c;
                  int64_t y = ((o * split + a) * middle + m) * n * concat + from * concat + c;
                  ASSERT_EQ(first[r][y * inner], src[from][x * inner]);
                  x = ((o * concat + c) * middle + m) * n * split + r * split + a;
                  y = ((o * n * concat + from * concat + c) * middle + m) * split + a;
                  ASSERT_EQ(last[r][y * inner], src[from][x * inner]);
                }
    }
}

TEST(Collectives, BroadcastReduceAndPermute) {
  for (int64_t n : rankCounts)
    for (int64_t count : {3, 20000}) {
      int64_t root = n / 2;
      std::vector<std::vector<float>> src = operands(n, count), inPlace = src, moved = src, reduced = src;
      std::vector<std::vector<float>> largest(n, std::vector<float>(count));
      std::vector<int64_t> pairs;
      for (int64_t r = 0; r + 1 < n; ++r)
        pairs.insert(pairs.end(), {r, r + 1});
      makeRanks(n)->run([&](tprt_context &ctx) {
        int64_t r = ctx.rank;
        tprt_broadcast(&ctx, 0, 0, 0, root, inPlace[r].data(), inPlace[r].data(), count);
        tprt_reduce_to(&ctx, 1, 0, 0, 0, root, reduced[r].data(), reduced[r].data(), count);
        tprt_reduce_to(&ctx, 2, 0, 0, 1, root, src[r].data(), largest[r].data(), count);
        tprt_permute(&ctx, 3, 0, 0, pairs.data(), pairs.size() / 2, src[r].data(), moved[r].data(), count);
      });
      std::vector<float> total = sumInOrder(src), zeros(count, 0);
      for (int64_t r = 0; r < n; ++r) {
        EXPECT_EQ(inPlace[r], src[root]);
        EXPECT_EQ(reduced[r], r == root ? total : zeros);
        if (r != root)
          EXPECT_EQ(largest[r], std::vector<float>(count, -INFINITY));
        EXPECT_EQ(moved[r], r == 0 ? zeros : src[r - 1]);
      }
    }
}

// A mesh of 2 x 4, groups along parts of axes: who meets whom, and in which order.
TEST(Collectives, GroupsOfAxesAndParts) {
  tp::Mesh mesh = tp::Mesh::parse("dp=2,tp=4");
  std::vector<std::vector<tp::AxisPart>> groups = {{{"tp"}}, {{"dp"}}, {{"tp", 2, 2}}, {{"tp", 1, 2}, {"dp"}}};
  tprt::Ranks ranks(mesh, groups, 1, tprt::localWorld(mesh.size(), 20));
  for (size_t g = 0; g < groups.size(); ++g) {
    int64_t n = mesh.sizeOf(groups[g]);
    std::vector<std::vector<float>> out(8, std::vector<float>(n));
    ranks.run([&](tprt_context &ctx) {
      float mine = static_cast<float>(ctx.rank);
      tprt_all_gather(&ctx, 0, g, 0, &mine, out[ctx.rank].data(), 1, 1, 1);
      EXPECT_EQ(tprt_axis_index(&ctx, g), mesh.indexAlong(groups[g], ctx.rank));
    });
    for (int64_t r = 0; r < 8; ++r) {
      std::vector<int64_t> members = mesh.groupOf(groups[g], r);
      EXPECT_EQ(out[r], std::vector<float>(members.begin(), members.end()));
    }
  }
}

// Many small and large ones after each other, so that ranks run ahead of one another.
TEST(Collectives, ManyInARowStayApart) {
  int64_t n = 4;
  std::vector<double> sums(n);
  makeRanks(n)->run([&](tprt_context &ctx) {
    std::vector<float> large(9000 * 4);
    for (int64_t round = 0; round < 500; ++round) {
      float value = static_cast<float>(ctx.rank + round), total = 0;
      tprt_all_reduce(&ctx, 0, 0, 0, 0, &value, &total, 1);
      sums[ctx.rank] += total == 4 * round + 6 ? 1 : 0;
      if (round % 50 == 0) {
        std::fill(large.begin(), large.end(), value);
        tprt_all_reduce(&ctx, 1, 0, 0, 0, large.data(), large.data(), large.size());
        sums[ctx.rank] += large.front() == total && large.back() == total ? 0 : 1000;
      }
    }
  });
  EXPECT_EQ(sums, std::vector<double>(n, 500));
}

// Cards take turns: here those of small collectives follow on one and on two arrivals of large ones, and operands change at once.
TEST(Collectives, SmallOnesBetweenLargeOnesStayApart) {
  int64_t n = 3;
  std::vector<int64_t> right(n);
  makeRanks(n)->run([&](tprt_context &ctx) {
    std::vector<float> large(400), small(n);
    for (int64_t round = 0; round < 2000; ++round) {
      for (int64_t i = 0; i <= round % 3; ++i) {
        float value = static_cast<float>(10 * round + i + ctx.rank);
        tprt_all_gather(&ctx, 0, 0, 0, &value, small.data(), 1, 1, 1);
        value = -1;
        right[ctx.rank] += small[0] == 10 * round + i && small[2] == 10 * round + i + 2;
      }
      std::fill(large.begin(), large.end(), static_cast<float>(round));
      tprt_all_reduce(&ctx, 1, 0, 0, 0, large.data(), large.data(), large.size());
      right[ctx.rank] += large.front() == 3 * round && large.back() == 3 * round;
    }
  });
  EXPECT_EQ(right, std::vector<int64_t>(n, 5999));
}

// Whatever of a call may not differ between ranks shows in its fingerprint; what is for people does not.
TEST(Collectives, FingerprintsTellCallsApart) {
  using Call = tprt::CollectiveCall;
  const Call call{.site = 3, .extent = 64, .where = "here"};
  const std::vector<void (*)(Call &)> changes = {[](Call &c) { c.kind = tp::CollectiveKind::Reduce; },
                                                 [](Call &c) { c.site = 4; },
                                                 [](Call &c) { c.group = 1; },
                                                 [](Call &c) { c.type = tp::DType::BF16; },
                                                 [](Call &c) { c.root = 1; },
                                                 [](Call &c) { c.extent = 65; },
                                                 [](Call &c) { c.reduction = tp::Reduction::Max; },
                                                 [](Call &c) { c.outer = 2; },
                                                 [](Call &c) { c.middle = 2; },
                                                 [](Call &c) { c.splitFirst = true; },
                                                 [](Call &c) { c.concat = 2; },
                                                 [](Call &c) { c.inner = 2; },
                                                 [](Call &c) { c.pairCount = 1; },
                                                 [](Call &c) { c.outer = 64, c.extent = 1; }};
  for (auto change : changes) {
    Call other = call;
    change(other);
    EXPECT_FALSE(call.matches(other));
    EXPECT_NE(call.fingerprint(), other.fingerprint()) << other.str();
  }
  Call same = call;
  same.where = "there";
  EXPECT_EQ(call.fingerprint(), same.fingerprint());
}

TEST(Collectives, AreCounted) {
  auto ranks = makeRanks(4);
  ranks->run([&](tprt_context &ctx) {
    ctx.recorder.beginEntry(0, 2);
    std::vector<float> x(64), whole(256);
    tprt_all_reduce(&ctx, 0, 0, 0, 0, x.data(), x.data(), 64);
    tprt_all_reduce(&ctx, 0, 0, 0, 0, x.data(), x.data(), 64);
    tprt_all_gather(&ctx, 1, 0, 0, x.data(), whole.data(), 1, 64, 1);
  });
  const std::vector<tprt::SiteCount> &counts = ranks->context(3).recorder.counts.at(0);
  EXPECT_EQ(counts[0].calls, 2);
  EXPECT_EQ(counts[0].wireBytes, 2 * (2 * 3 * 256 / 4));
  EXPECT_EQ(counts[1].wireBytes, 3 * 256);
}

} // namespace
