// tprt_attention equals the plain formula in f64: grouped heads, causal, positions with padding, windows, masks.
#include "OnRanks.h"

#include <gtest/gtest.h>

using namespace tprt::test;

namespace {

struct Case {
  int64_t b, s, t, heads, kvHeads, d, dv;
  bool causal = false;
  int64_t window = 0;
  std::vector<int32_t> positions = {}, mask = {};
  int64_t threads = 1;
};

std::vector<double> reference(const Case &c, double scale, const std::vector<double> &q, const std::vector<double> &k,
                              const std::vector<double> &v) {
  std::vector<double> out(c.b * c.s * c.heads * c.dv, 0);
  for (int64_t b = 0; b < c.b; ++b)
    for (int64_t i = 0; i < c.s; ++i)
      for (int64_t h = 0; h < c.heads; ++h) {
        int64_t g = h / (c.heads / c.kvHeads), row = (b * c.s + i) * c.heads + h;
        double total = 0;
        for (int64_t j = 0; j < c.t; ++j) {
          bool limited = c.causal || !c.positions.empty();
          int64_t position = !c.positions.empty() ? c.positions[b * c.s + i] : i + c.t - c.s;
          if (limited && (j > position || (c.window > 0 && j <= position - c.window)))
            continue;
          if (!c.mask.empty() && !c.mask[b * c.t + j])
            continue;
          int64_t key = (b * c.t + j) * c.kvHeads + g;
          double dot = 0;
          for (int64_t p = 0; p < c.d; ++p)
            dot += q[row * c.d + p] * k[key * c.d + p];
          double weight = std::exp(dot * scale);
          total += weight;
          for (int64_t p = 0; p < c.dv; ++p)
            out[row * c.dv + p] += weight * v[key * c.dv + p];
        }
        for (int64_t p = 0; p < c.dv && total > 0; ++p)
          out[row * c.dv + p] /= total;
      }
  return out;
}

void check(const Case &c, tp::DType type) {
  int64_t nq = c.b * c.s * c.heads * c.d, nk = c.b * c.t * c.kvHeads * c.d, nv = c.b * c.t * c.kvHeads * c.dv;
  int64_t no = c.b * c.s * c.heads * c.dv;
  std::vector<char> q = pack(type, randomFloats(nq, 1)), k = pack(type, randomFloats(nk, 2));
  std::vector<char> v = pack(type, randomFloats(nv, 3)), out(no * tp::bytesOf(type), 0x55);
  double scale = 1 / std::sqrt(double(c.d));
  makeRanks(1, 20, c.threads)->run([&](tprt_context &ctx) {
    tprt_attention(&ctx, code(type), q.data(), k.data(), v.data(), c.positions.empty() ? nullptr : c.positions.data(),
                   c.mask.empty() ? nullptr : c.mask.data(), out.data(), c.b, c.s, c.t, c.heads, c.kvHeads, c.d, c.dv, scale,
                   c.causal, c.window);
  });
  std::vector<double> wanted =
      reference(c, scale, unpack(type, q.data(), nq), unpack(type, k.data(), nk), unpack(type, v.data(), nv));
  EXPECT_LT(relativeError(unpack(type, out.data(), no), wanted), toleranceOf(type)) << tp::name(type) << " s " << c.s;
}

std::vector<int32_t> ascending(int64_t n, int32_t from = 0) {
  std::vector<int32_t> positions(n);
  for (int64_t i = 0; i < n; ++i)
    positions[i] = from + static_cast<int32_t>(i);
  return positions;
}

TEST(Attention, SeesEverythingWithoutAMask) {
  for (tp::DType type : floatTypes())
    check({2, 5, 70, 6, 2, 24, 40}, type);
}

TEST(Attention, Causal) {
  for (tp::DType type : floatTypes()) {
    check({1, 130, 130, 4, 4, 64, 64, true, 0, {}, {}, 2}, type);
    check({2, 3, 9, 3, 1, 16, 16, true}, type);
  }
}

TEST(Attention, PositionsFromACache) {
  for (tp::DType type : floatTypes()) {
    check({1, 1, 200, 9, 3, 64, 64, false, 0, {131}}, type);
    check({1, 20, 64, 9, 3, 32, 32, false, 0, ascending(20, 11), {}, 3}, type);
    check({1, 1, 64, 2, 2, 16, 16, false, 0, {0}}, type);
    check({1, 1, 260, 7, 1, 24, 72, false, 40, {257}}, type);
  }
}

// Behind its position a cache holds anything: a decoded token reads keys where they lie, a prompt packs them.
TEST(Attention, WhatLiesBehindThePositionIsNotSeen) {
  int64_t t = 80, d = 16, seen = 37;
  std::vector<float> k = randomFloats(t * d, 1), v = randomFloats(t * d, 2);
  std::fill(k.begin() + seen * d, k.end(), NAN);
  std::fill(v.begin() + seen * d, v.end(), NAN);
  for (int64_t s : {1, 20}) {
    std::vector<float> q = randomFloats(s * 3 * d, 3), out(s * 3 * d);
    std::vector<int32_t> positions = ascending(s, static_cast<int32_t>(seen - s));
    makeRanks(1)->run([&](tprt_context &ctx) {
      tprt_attention(&ctx, 0, q.data(), k.data(), v.data(), positions.data(), nullptr, out.data(), 1, s, t, 3, 1, d, d, 1, 0, 0);
    });
    for (float value : out)
      EXPECT_TRUE(std::isfinite(value)) << "s " << s;
  }
}

// A shorter prompt is padded at the end with position -1: those rows are zeros.
TEST(Attention, PaddingGivesZeros) { check({2, 4, 16, 2, 1, 8, 8, false, 0, {0, 1, 2, 3, 0, 1, -1, -1}}, tp::DType::F32); }

TEST(Attention, Windows) {
  check({1, 100, 100, 2, 2, 16, 16, true, 7}, tp::DType::F32);
  check({1, 10, 300, 2, 1, 16, 16, false, 65, ascending(10, 250)}, tp::DType::F32);
}

TEST(Attention, KeyMask) {
  std::vector<int32_t> mask(2 * 80, 1);
  for (size_t i = 0; i < mask.size(); i += 3)
    mask[i] = 0;
  std::fill(mask.begin(), mask.begin() + 80, 0); // sequence 0 sees nothing
  check({2, 6, 80, 4, 2, 16, 16, false, 0, {}, mask}, tp::DType::F32);
}

// Scores far beyond what e^x can hold.
TEST(Attention, LargeScoresDoNotOverflow) {
  std::vector<float> q(8, 100), k = randomFloats(100 * 8, 1, 100), v = randomFloats(100 * 8, 2), out(8);
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_attention(&ctx, 0, q.data(), k.data(), v.data(), nullptr, nullptr, out.data(), 1, 1, 100, 1, 1, 8, 8, 1, 0, 0);
  });
  for (float value : out)
    EXPECT_TRUE(std::isfinite(value));
}

} // namespace
