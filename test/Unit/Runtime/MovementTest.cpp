// Embedding, cache update, gather and strided copy move the right elements and touch nothing else.
#include "OnRanks.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace tprt::test;
using tp::DType;

namespace {

TEST(Movement, EmbeddingOfOneShard) {
  std::vector<float> table = randomFloats(4 * 3, 1), out(6 * 3, 9);
  std::vector<int64_t> ids = {10, 13, 9, 14, 11, 10};
  makeRanks(1)->run(
      [&](tprt_context &ctx) { tprt_embedding(&ctx, 0, code(DType::I64), ids.data(), table.data(), out.data(), 6, 4, 3, 10); });
  for (size_t i = 0; i < ids.size(); ++i)
    for (int64_t j = 0; j < 3; ++j) {
      bool mine = ids[i] >= 10 && ids[i] < 14;
      EXPECT_EQ(out[i * 3 + j], mine ? table[(ids[i] - 10) * 3 + j] : 0);
    }
}

TEST(Movement, CacheUpdateSkipsPadding) {
  int64_t b = 2, t = 5, s = 3, row = 4;
  std::vector<uint16_t> cache(b * t * row, 7), fresh(b * s * row);
  std::iota(fresh.begin(), fresh.end(), 100);
  std::vector<int32_t> positions = {1, 2, 5, 4, -1, 0};
  std::vector<uint16_t> wanted = cache;
  for (int64_t i = 0; i < b * s; ++i)
    if (positions[i] >= 0 && positions[i] < t)
      for (int64_t j = 0; j < row; ++j)
        wanted[(i / s * t + positions[i]) * row + j] = fresh[i * row + j];
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_cache_update(&ctx, code(DType::BF16), cache.data(), fresh.data(), positions.data(), b, t, s, row);
  });
  EXPECT_EQ(cache, wanted);
}

TEST(Movement, GatherWithOwnAndSharedIndices) {
  std::vector<int32_t> x(2 * 4 * 3), own = {3, 0, 1, 9}, shared = {-4, 2};
  std::iota(x.begin(), x.end(), 0);
  std::vector<int32_t> out(2 * 2 * 3), again(2 * 2 * 3);
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_gather(&ctx, 4, x.data(), code(DType::I32), own.data(), out.data(), 2, 4, 3, 2, 2);
    tprt_gather(&ctx, 4, x.data(), code(DType::I32), shared.data(), again.data(), 2, 4, 3, 2, 0);
  });
  int64_t clampedOwn[] = {3, 0, 1, 3}, clampedShared[] = {0, 2, 0, 2};
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 3; ++j) {
      EXPECT_EQ(out[i * 3 + j], x[((i / 2) * 4 + clampedOwn[i]) * 3 + j]);
      EXPECT_EQ(again[i * 3 + j], x[((i / 2) * 4 + clampedShared[i]) * 3 + j]);
    }
}

template <class T>
void checkCopy(std::vector<int64_t> sizes, std::vector<int64_t> from, std::vector<int64_t> to, int64_t threads) {
  int64_t rank = sizes.size(), srcSize = 1, dstSize = 1, srcStart = 0;
  for (int64_t i = 0; i < rank; ++i) {
    srcSize += (sizes[i] - 1) * std::abs(from[i]);
    dstSize += (sizes[i] - 1) * to[i];
    srcStart += from[i] < 0 ? (sizes[i] - 1) * -from[i] : 0;
  }
  std::vector<T> src(srcSize), dst(dstSize, T(3)), wanted = dst;
  std::mt19937 generator(5);
  for (T &value : src)
    value = static_cast<T>(generator());
  std::vector<int64_t> index(rank, 0);
  for (bool more = true; more;) {
    int64_t x = srcStart, y = 0;
    for (int64_t i = 0; i < rank; ++i)
      x += index[i] * from[i], y += index[i] * to[i];
    wanted[y] = src[x];
    more = false;
    for (int64_t i = rank - 1; i >= 0 && !more; --i)
      if (++index[i] < sizes[i])
        more = true;
      else
        index[i] = 0;
  }
  makeRanks(1, 20, threads)->run([&](tprt_context &ctx) {
    tprt_copy(&ctx, sizeof(T), rank, sizes.data(), src.data() + srcStart, from.data(), dst.data(), to.data());
  });
  EXPECT_EQ(dst, wanted);
}

TEST(Movement, StridedCopies) {
  for (int64_t threads : {1, 3}) {
    checkCopy<float>({}, {}, {}, threads);
    checkCopy<float>({1000}, {1}, {1}, threads);
    checkCopy<uint16_t>({70, 90}, {1, 70}, {90, 1}, threads);         // transpose
    checkCopy<float>({300, 200}, {1, 300}, {200, 1}, threads);        // transpose
    checkCopy<double>({4, 5, 6}, {0, 1, 0}, {30, 6, 1}, threads);     // broadcast
    checkCopy<uint8_t>({3, 4, 5}, {100, 10, 1}, {20, 5, 1}, threads); // slice
    checkCopy<float>({3, 4, 5}, {20, 5, 1}, {200, 20, 2}, threads);   // into a larger, strided tensor
    checkCopy<float>({2, 3, 4, 5}, {5, 40, 10, 1}, {60, 20, 5, 1}, threads);
    checkCopy<float>({6, 7}, {-7, -1}, {7, 1}, threads); // reverse
    checkCopy<float>({1, 9, 1}, {4, 2, 9}, {9, 1, 1}, threads);
    checkCopy<float>({64, 33, 17}, {33 * 17, 17, 1}, {33 * 40, 40, 1}, threads);
  }
}

TEST(Movement, CopyOfNothing) {
  int64_t sizes[] = {3, 0}, strides[] = {1, 1};
  makeRanks(1)->run([&](tprt_context &ctx) { tprt_copy(&ctx, 4, 2, sizes, nullptr, strides, nullptr, strides); });
}

} // namespace
