// tprt_gemm equals a loop in f64 for every type, stride order, batch, odd size and number of threads.
#include "OnRanks.h"

#include <gtest/gtest.h>

using namespace tprt::test;

namespace {

struct Case {
  int64_t batch, m, n, k;
  bool transposeA, transposeB, accumulate;
  int64_t threads = 1;
};

void check(const Case &c, tp::DType type) {
  std::vector<char> a = pack(type, randomFloats(c.batch * c.m * c.k, 1)), b = pack(type, randomFloats(c.batch * c.k * c.n, 2));
  std::vector<char> out = pack(type, randomFloats(c.batch * c.m * c.n, 3));
  std::vector<double> x = unpack(type, a.data(), c.batch * c.m * c.k), y = unpack(type, b.data(), c.batch * c.k * c.n);
  std::vector<double> wanted = unpack(type, out.data(), c.batch * c.m * c.n);
  int64_t aRow = c.transposeA ? 1 : c.k, aCol = c.transposeA ? c.m : 1;
  int64_t bRow = c.transposeB ? 1 : c.n, bCol = c.transposeB ? c.k : 1;
  for (int64_t z = 0; z < c.batch; ++z)
    for (int64_t i = 0; i < c.m; ++i)
      for (int64_t j = 0; j < c.n; ++j) {
        double total = 0;
        for (int64_t p = 0; p < c.k; ++p)
          total += x[z * c.m * c.k + i * aRow + p * aCol] * y[z * c.k * c.n + p * bRow + j * bCol];
        double &cell = wanted[(z * c.m + i) * c.n + j];
        cell = c.accumulate ? cell + total : total;
      }
  makeRanks(1, 20, c.threads)->run([&](tprt_context &ctx) {
    tprt_gemm(&ctx, code(type), c.batch, c.m, c.n, c.k, a.data(), c.m * c.k, aRow, aCol, b.data(), c.k * c.n, bRow, bCol,
              out.data(), c.m * c.n, c.n, c.accumulate, -1);
  });
  EXPECT_LT(relativeError(unpack(type, out.data(), c.batch * c.m * c.n), wanted), toleranceOf(type))
      << tp::name(type) << " batch " << c.batch << " m " << c.m << " n " << c.n << " k " << c.k << " ta " << c.transposeA
      << " tb " << c.transposeB << " acc " << c.accumulate;
}

TEST(Gemm, AllTypesAndOrders) {
  for (tp::DType type : floatTypes())
    for (int order = 0; order < 8; ++order) {
      bool ta = order & 1, tb = order & 2, accumulate = order & 4;
      check({1, 1, 37, 53, ta, tb, accumulate}, type);
      check({1, 5, 100, 64, ta, tb, accumulate, 2}, type);
      check({2, 13, 31, 17, ta, tb, accumulate, 3}, type);
      check({1, 50, 70, 129, ta, tb, accumulate, 2}, type);
    }
}

TEST(Gemm, SmallAndEmptySizes) {
  for (bool tb : {false, true}) {
    check({1, 1, 1, 1, false, tb, false}, tp::DType::F32);
    check({3, 7, 1, 5, false, tb, false}, tp::DType::F32);
    check({1, 9, 16, 0, false, tb, false}, tp::DType::F32);
    check({1, 2, 16, 0, false, tb, true}, tp::DType::F32);
    check({1, 0, 16, 8, false, tb, false}, tp::DType::F32);
    check({4, 2, 33, 1, true, tb, false}, tp::DType::BF16);
  }
}

// Sums wait between blocks of k, rows are packed in several rounds, and units end in the middle of strips and panels.
TEST(Gemm, BlocksOfEveryDimension) {
  for (bool transposed : {false, true}) {
    check({1, 530, 140, 800, transposed, !transposed, transposed, 2}, tp::DType::F32);
    check({1, 1030, 5, 9000, transposed, transposed, false, 2}, tp::DType::BF16);
    check({70, 49, 6, 3000, transposed, transposed, false, 3}, tp::DType::F32);
  }
}

TEST(Gemm, ManyRowsOfLargeStride) { check({1, 400, 40, 1024, false, true, false, 2}, tp::DType::F32); }

// One matrix for the whole batch, and a result whose rows lie apart.
TEST(Gemm, RepeatsAnOperandAndKeepsWhatLiesBetweenRows) {
  int64_t batch = 3, m = 4, n = 18, k = 20, cRow = 25;
  std::vector<float> a = randomFloats(batch * m * k, 1), b = randomFloats(k * n, 2), c(batch * m * cRow, 7);
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_gemm(&ctx, 0, batch, m, n, k, a.data(), m * k, k, 1, b.data(), 0, n, 1, c.data(), m * cRow, cRow, 0, -1);
  });
  for (int64_t i = 0; i < batch * m; ++i)
    for (int64_t j = 0; j < cRow; ++j) {
      double total = 0;
      for (int64_t p = 0; p < k && j < n; ++p)
        total += double(a[i * k + p]) * b[p * n + j];
      EXPECT_NEAR(c[i * cRow + j], j < n ? total : 7, 1e-4);
    }
}

// The number of threads decides who computes an element, never how.
TEST(Gemm, BitsDoNotDependOnThreads) {
  for (int64_t m : {1, 4, 40}) {
    int64_t n = 300, k = 257;
    std::vector<float> a = randomFloats(m * k, 1), b = randomFloats(k * n, 2), one(m * n), four(m * n);
    auto run = [&](int64_t threads, float *c) {
      makeRanks(1, 20, threads)->run([&](tprt_context &ctx) {
        tprt_gemm(&ctx, 0, 1, m, n, k, a.data(), 0, k, 1, b.data(), 0, 1, k, c, 0, n, 0, -1);
      });
    };
    run(1, one.data());
    run(4, four.data());
    EXPECT_EQ(one, four) << m;
  }
}

TEST(Gemm, RefusesStridesWithoutAOne) {
  std::vector<float> data(64);
  auto ranks = makeRanks(1);
  EXPECT_THROW(ranks->run([&](tprt_context &ctx) {
    tprt_gemm(&ctx, 0, 1, 2, 2, 2, data.data(), 0, 4, 2, data.data(), 0, 2, 1, data.data(), 0, 2, 0, -1);
  }),
               tp::Error);
}

} // namespace
