// Products and lookups of weights that are kept as their file stores them: bit for bit those of the weights expanded to f32,
// for every format, size, number of threads and set of kernels.
#include "OnRanks.h"
#include "runtime/devices/cpu/Kernels.h"
#include "tp/Support/Dequantize.h"

#include <gtest/gtest.h>

using namespace tprt::test;
using tp::StoredFormat;

namespace {

constexpr StoredFormat formats[] = {StoredFormat::F16, StoredFormat::BF16, StoredFormat::Q4_0, StoredFormat::Q4_1,
                                    StoredFormat::Q8_0};

struct Matrix {
  std::vector<char> stored;
  std::vector<float> expanded;
};

/// Random blocks of rows x k: any bits are a block, but for scales that are no small numbers.
Matrix randomMatrix(StoredFormat format, int64_t rows, int64_t k, uint64_t seed) {
  tp::StoredType type = tp::storedType(format);
  int64_t rowBytes = k / type.blockElements * type.blockBytes;
  Matrix matrix{std::vector<char>(rows * rowBytes), std::vector<float>(rows * k)};
  std::mt19937_64 generator(seed);
  if (type.plain)
    matrix.stored = pack(*type.plain, randomFloats(rows * k, seed));
  else
    for (int64_t at = 0; at < rows * rowBytes; at += type.blockBytes) {
      for (int64_t i = 0; i < type.blockBytes; ++i)
        matrix.stored[at + i] = static_cast<char>(generator());
      std::uniform_real_distribution<float> number(-0.5f, 0.5f);
      for (int64_t i = 0; i < (format == StoredFormat::Q4_1 ? 2 : 1); ++i) {
        uint16_t bits = tp::floatToF16(number(generator));
        std::memcpy(&matrix.stored[at + 2 * i], &bits, 2);
      }
    }
  for (int64_t row = 0; row < rows; ++row)
    tp::readRow(type, matrix.stored.data() + row * rowBytes, 0, k, tp::DType::F32, matrix.expanded.data() + row * k);
  return matrix;
}

TEST(Stored, ProductsHaveTheBitsOfTheExpandedWeight) {
  struct Sizes {
    int64_t m, n, k, threads;
  };
  for (StoredFormat format : formats)
    for (Sizes size : {Sizes{1, 37, 96, 1},
                       {1, 1, 32, 2},
                       {3, 75, 672, 2},
                       {7, 50, 64, 3},
                       {8, 35, 672, 2},
                       {33, 41, 352, 2},
                       {400, 35, 1024, 2}}) {
      auto [m, n, k, threads] = size;
      Matrix b = randomMatrix(format, n, k, 5);
      std::vector<float> a = randomFloats(m * k, 1), wanted(m * n), got(m * n, 7);
      makeRanks(1, 20, threads)->run([&, m = m, n = n, k = k](tprt_context &ctx) {
        tprt_gemm(&ctx, 0, 1, m, n, k, a.data(), 0, k, 1, b.expanded.data(), 0, 1, k, wanted.data(), 0, n, 0, -1);
        tprt_gemm_stored(&ctx, int64_t(format), m, n, k, a.data(), k, b.stored.data(), got.data(), n);
      });
      EXPECT_EQ(std::memcmp(got.data(), wanted.data(), m * n * sizeof(float)), 0)
          << tp::storedType(format).name << " m " << m << " n " << n << " k " << k;
      EXPECT_GT(std::abs(wanted[0]), 0);
    }
}

// 16-bit weights have no blocks, so their rows end anywhere.
TEST(Stored, PlainRowsOfAnyLength) {
  int64_t n = 19, k = 45;
  for (StoredFormat format : {StoredFormat::F16, StoredFormat::BF16})
    for (int64_t m : {2, 30}) {
      Matrix b = randomMatrix(format, n, k, 8);
      std::vector<float> a = randomFloats(m * k, 1), wanted(m * n), got(m * n);
      makeRanks(1)->run([&](tprt_context &ctx) {
        tprt_gemm(&ctx, 0, 1, m, n, k, a.data(), 0, k, 1, b.expanded.data(), 0, 1, k, wanted.data(), 0, n, 0, -1);
        tprt_gemm_stored(&ctx, int64_t(format), m, n, k, a.data(), k, b.stored.data(), got.data(), n);
      });
      EXPECT_EQ(got, wanted);
    }
}

TEST(Stored, KernelSetsAgree) {
  if (std::string(tprt::cpu::processorIsa()) != "x86-64-v4")
    GTEST_SKIP() << "this processor has no AVX-512";
  for (StoredFormat format : formats)
    for (int64_t m : {5, 29}) {
      int64_t n = 43, k = 672;
      tp::StoredType type = tp::storedType(format);
      int64_t rowBytes = k / type.blockElements * type.blockBytes;
      Matrix b = randomMatrix(format, n, k, 3);
      std::vector<float> a = randomFloats(m * k, 1), results[2];
      const tprt::cpu::Kernels *sets[] = {&tprt::cpu::v3::table, &tprt::cpu::v4::table};
      for (int i = 0; i < 2; ++i) {
        results[i].resize(m * n);
        std::vector<float> scratch(sets[i]->gemmScratch(m, n, k)), packed((m + sets[i]->packedRows) * k);
        sets[i]->packRows(tp::DType::F32, k, a.data(), k, 1, m, packed.data());
        if (m == 5)
          sets[i]->storedFewRows(format, m, k, a.data(), k, b.stored.data(), rowBytes, 0, n, results[i].data(), n);
        else
          sets[i]->storedBlock(format, m, k, packed.data(), 0, b.stored.data(), rowBytes, 0, n, results[i].data(), n,
                               scratch.data());
      }
      EXPECT_EQ(std::memcmp(results[0].data(), results[1].data(), m * n * sizeof(float)), 0) << type.name << " m " << m;
    }
}

TEST(Stored, LookupsExpandRowsAndLeaveZerosOutside) {
  int64_t rows = 9, width = 64, firstRow = 100;
  std::vector<int32_t> ids = {103, 99, 108, 109, 103};
  for (StoredFormat format : formats) {
    Matrix table = randomMatrix(format, rows, width, 4);
    std::vector<float> got(ids.size() * width, 7), wanted(ids.size() * width, 0);
    for (size_t i = 0; i < ids.size(); ++i)
      if (int64_t row = ids[i] - firstRow; row >= 0 && row < rows)
        std::copy_n(table.expanded.begin() + row * width, width, wanted.begin() + i * width);
    makeRanks(1)->run([&](tprt_context &ctx) {
      tprt_embedding_stored(&ctx, int64_t(format), int64_t(tp::DType::I32), ids.data(), table.stored.data(), got.data(),
                            ids.size(), rows, width, firstRow);
    });
    EXPECT_EQ(got, wanted) << tp::storedType(format).name;
  }
}

TEST(Stored, WhatCannotBeComputedWithIsAnError) {
  std::vector<float> a(64), c(1);
  std::vector<char> b(64);
  auto message = [&](int64_t format, int64_t k) -> std::string {
    try {
      makeRanks(1)->run([&](tprt_context &ctx) { tprt_gemm_stored(&ctx, format, 1, 1, k, a.data(), k, b.data(), c.data(), 1); });
    } catch (const std::exception &error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message(14, 64).find("got format 14"), std::string::npos);
  EXPECT_NE(message(3, 48).find("rows of 48 elements in blocks of 32"), std::string::npos);
}

} // namespace
