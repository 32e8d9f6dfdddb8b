// A parallel loop covers every index once, and an exception of a piece reaches the caller.
#include "OnRanks.h"

#include <gtest/gtest.h>

namespace {

TEST(ThreadPool, CoversEveryIndexOnce) {
  for (int64_t threads : {1, 2, 5}) {
    tprt::ThreadPool pool(threads);
    for (int64_t round = 0; round < 300; ++round) {
      int64_t count = round * 7 % 1001;
      std::vector<std::atomic<int>> hits(count);
      pool.parallelFor(count, 1 + round % 13, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          ++hits[i];
      });
      for (int64_t i = 0; i < count; ++i)
        ASSERT_EQ(hits[i], 1);
    }
  }
}

TEST(ThreadPool, RethrowsOnceAndGoesOn) {
  tprt::ThreadPool pool(3);
  auto failing = [&] {
    pool.parallelFor(100, 1, [](int64_t, int64_t end) {
      if (end > 50)
        throw tp::Error("no luck");
    });
  };
  EXPECT_THROW(failing(), tp::Error);
  std::atomic<int64_t> total = 0;
  pool.parallelFor(100, 1, [&](int64_t begin, int64_t end) { total += end - begin; });
  EXPECT_EQ(total, 100);
}

TEST(ThreadPool, GeneratedLoopsRunThroughTheAbi) {
  std::vector<int64_t> out(1000);
  void *args[] = {out.data()};
  tprt::test::makeRanks(1, 20, 2)->run([&](tprt_context &ctx) {
    tprt_parallel_for(
        &ctx,
        [](void *const *args, int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i)
            static_cast<int64_t *>(args[0])[i] = i * i;
        },
        args, 1000, 10);
  });
  for (int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(out[i], i * i);
}

} // namespace
