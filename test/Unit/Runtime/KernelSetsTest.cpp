// The kernels for AVX2 and for AVX-512 give the same bits, so a result does not depend on the processor.
#include "OnRanks.h"
#include "runtime/devices/cpu/Kernels.h"

#include <gtest/gtest.h>

using namespace tprt::test;
using tprt::cpu::Kernels;

namespace {

class KernelSets : public testing::Test {
protected:
  void SetUp() override {
    if (std::string(tprt::cpu::processorIsa()) != "x86-64-v4")
      GTEST_SKIP() << "this processor has no AVX-512";
  }
  /// What `job` writes to `count` floats is the same with both sets.
  void expectEqual(int64_t count, const std::function<void(const Kernels &, float *)> &job) {
    std::vector<float> narrow(count), wide(count);
    job(tprt::cpu::v3::table, narrow.data());
    job(tprt::cpu::v4::table, wide.data());
    EXPECT_EQ(std::memcmp(narrow.data(), wide.data(), count * sizeof(float)), 0);
  }
};

TEST_F(KernelSets, MatrixProducts) {
  int64_t m = 29, n = 75, k = 700;
  std::vector<float> a = randomFloats(m * k, 1), b = randomFloats(n * k, 2);
  for (bool transposed : {false, true}) {
    tprt::cpu::MatrixView view{b.data(), transposed ? 1 : n, transposed ? k : 1};
    expectEqual(m * n, [&](const Kernels &kernels, float *c) {
      std::vector<float> scratch(kernels.gemmScratch(m, n, k)), packed((m + kernels.packedRows) * k);
      kernels.packRows(tp::DType::F32, k, a.data(), k, 1, m, packed.data());
      kernels.gemmBlock(tp::DType::F32, m, k, packed.data(), 0, view, 0, n, c, n, false, scratch.data());
      std::vector<float> inPlace(m * n);
      kernels.gemmBlock(tp::DType::F32, m, k, a.data(), k, view, 0, n, inPlace.data(), n, false, scratch.data());
      EXPECT_EQ(std::memcmp(c, inPlace.data(), m * n * sizeof(float)), 0);
    });
    expectEqual(5 * n, [&](const Kernels &kernels, float *c) {
      kernels.gemmFewRows(tp::DType::F32, 5, k, a.data(), k, view, 0, n, c, n, false);
    });
  }
}

TEST_F(KernelSets, Attention) {
  int64_t queries = 9, heads = 3, keys = 150, d = 40, dv = 24;
  std::vector<float> q = randomFloats(queries * heads * d, 1), k = randomFloats(keys * d, 2), v = randomFloats(keys * dv, 3);
  std::vector<int64_t> first(queries, 0), last(queries);
  for (int64_t i = 0; i < queries; ++i)
    last[i] = 130 + i;
  expectEqual(queries * heads * dv, [&](const Kernels &kernels, float *out) {
    std::vector<float> scratch(kernels.attentionScratch(heads * queries, d, dv));
    tprt::cpu::AttentionTask task{tp::DType::F32, q.data(), k.data(),      v.data(), out, heads * d, d,    dv,
                                  heads * dv,     heads,    queries,       keys,     d,   dv,        0.2f, first.data(),
                                  last.data(),    nullptr,  scratch.data()};
    kernels.attention(task);
  });
}

TEST_F(KernelSets, Rows) {
  int64_t rows = 3, n = 101;
  std::vector<float> x = randomFloats(rows * n, 1, 3), w = randomFloats(n, 2);
  expectEqual(rows * n, [&](const Kernels &kernels, float *out) {
    kernels.rmsNorm(tp::DType::F32, x.data(), w.data(), out, 0, rows, n, 1e-5);
  });
  expectEqual(rows * n, [&](const Kernels &kernels, float *out) {
    kernels.layerNorm(tp::DType::F32, x.data(), w.data(), w.data(), out, 0, rows, n, 1e-5);
  });
  expectEqual(rows * n,
              [&](const Kernels &kernels, float *out) { kernels.softmaxRows(tp::DType::F32, x.data(), out, 0, rows, n); });
  expectEqual(rows * n, [&](const Kernels &kernels, float *out) {
    kernels.rope(tp::DType::F32, x.data(), w.data(), w.data(), out, rows, n, 50, false);
  });
}

} // namespace
