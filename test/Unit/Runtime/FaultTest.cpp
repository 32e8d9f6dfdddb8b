// A rank that fails, stays away or asks for something else ends the run soon, with one error that names it.
#include "OnRanks.h"
#include "runtime/comm/local/Meeting.h"

#include <gtest/gtest.h>

#include <thread>

using namespace tprt::test;

namespace {

std::string failureOf(int64_t n, double timeout, const std::function<void(tprt_context &)> &job) {
  try {
    makeRanks(n, timeout)->run(job);
  } catch (const tp::Error &error) {
    return error.what();
  }
  return "";
}

void allReduce(tprt_context &ctx, int64_t site) {
  float value = 1;
  tprt_all_reduce(&ctx, site, 0, 0, 0, &value, &value, 1);
}

TEST(Faults, AThrowingRankEndsTheOthers) {
  auto begin = tprt::Clock::now();
  EXPECT_EQ(failureOf(4, 60,
                      [](tprt_context &ctx) {
                        if (ctx.rank == 2)
                          throw tp::Error("rank 2 broke");
                        allReduce(ctx, 0);
                      }),
            "rank 2 broke");
  EXPECT_LT(tprt::Clock::now() - begin, std::chrono::seconds(2));
}

TEST(Faults, AnEndedRankIsNamed) {
  EXPECT_EQ(failureOf(3, 60,
                      [](tprt_context &ctx) {
                        if (ctx.rank != 1)
                          allReduce(ctx, 7);
                      })
                .substr(6),
            " waits in vain in all_reduce sum of f32[1] (site 7) over \"tp\": missing rank 1 (its entry has ended)");
}

// A rank that comes, does the rest and leaves just while another asks who is missing is not lost.
TEST(Faults, ARankThatComesWhileItIsMissedIsNotLost) {
  tprt::local::Meeting meeting({0, 1, 2}, /*crowded=*/false);
  bool asked = false;
  meeting.arrive(2);
  meeting.arriveAndWait(0, [&](const std::vector<int64_t> &missing) {
    asked = true;
    EXPECT_EQ(missing, std::vector<int64_t>{1});
    EXPECT_EQ(meeting.lost(0, missing, [](int64_t) { return true; }), missing);
    EXPECT_EQ(meeting.lost(0, missing, [](int64_t) { return false; }), std::vector<int64_t>{});
    auto comesAndLeaves = [&](int64_t peer) {
      meeting.arrive(peer);
      return true;
    };
    EXPECT_EQ(meeting.lost(0, missing, comesAndLeaves), std::vector<int64_t>{});
  });
  EXPECT_TRUE(asked);
}

TEST(Faults, ATimeOutNamesTheMissingRank) {
  std::string text = failureOf(3, 0.2, [](tprt_context &ctx) {
    if (ctx.rank == 1)
      std::this_thread::sleep_for(std::chrono::milliseconds(600));
    else
      allReduce(ctx, 3);
  });
  EXPECT_NE(text.find("waited 0.2 s in all_reduce sum of f32[1] (site 3) over \"tp\": missing rank 1"), std::string::npos)
      << text;
}

TEST(Faults, AHangingRankIsLeftBehind) {
  auto ranks = makeRanks(2, 0.2);
  static std::atomic<bool> release{false};
  EXPECT_THROW(ranks->run([](tprt_context &ctx) {
    if (ctx.rank == 1)
      while (!release)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    else
      allReduce(ctx, 0);
  }),
               tp::Error);
  EXPECT_TRUE(ranks->hasStragglers());
  release = true;
}

TEST(Faults, DifferentCollectivesAreAnErrorThatNamesBoth) {
  EXPECT_EQ(failureOf(3, 60,
                      [](tprt_context &ctx) {
                        float value = 1, whole[3];
                        if (ctx.rank == 2)
                          tprt_all_gather(&ctx, 1, 0, 0, &value, whole, 1, 1, 1);
                        else
                          allReduce(ctx, 0);
                      }),
            "ranks called different collectives: rank 0 all_reduce sum of f32[1] (site 0), rank 2 all_gather of f32[1] (site 1)");
}

TEST(Faults, DifferentSizesAreAnError) {
  std::string text = failureOf(2, 60, [](tprt_context &ctx) {
    std::vector<float> x(8);
    tprt_all_reduce(&ctx, 0, 0, 0, 0, x.data(), x.data(), 4 + ctx.rank);
  });
  EXPECT_NE(text.find("rank 0 all_reduce sum of f32[4] (site 0), rank 1 all_reduce sum of f32[5]"), std::string::npos) << text;
}

// An error inside an entry leaves it without unwinding the module's frames.
TEST(Faults, AFailingFunctionLeavesTheEntry) {
  bool wentOn = false;
  auto ranks = makeRanks(1);
  EXPECT_THROW(ranks->run([&](tprt_context &ctx) {
    tprt::callEntry(ctx, [&](tprt_context *inside) {
      tprt_fill(inside, 77, nullptr, 1, 0);
      wentOn = true;
    });
  }),
               tp::Error);
  EXPECT_FALSE(wentOn);
}

} // namespace
