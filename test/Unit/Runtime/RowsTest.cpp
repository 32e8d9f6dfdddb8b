// Norms, softmax, rotary embedding, reductions, conversion and fill equal plain loops in f64.
#include "OnRanks.h"

#include <gtest/gtest.h>

#include <limits>

using namespace tprt::test;
using tp::DType;

namespace {

TEST(Rows, RmsNorm) {
  for (DType type : floatTypes())
    for (int64_t n : {1, 15, 64, 577}) {
      int64_t rows = 5;
      std::vector<char> x = pack(type, randomFloats(rows * n, 1)), w = pack(type, randomFloats(n, 2)), out(x.size());
      std::vector<double> a = unpack(type, x.data(), rows * n), b = unpack(type, w.data(), n), wanted(rows * n);
      for (int64_t r = 0; r < rows; ++r) {
        double squares = 0;
        for (int64_t i = 0; i < n; ++i)
          squares += a[r * n + i] * a[r * n + i];
        for (int64_t i = 0; i < n; ++i)
          wanted[r * n + i] = a[r * n + i] / std::sqrt(squares / n + 1e-5) * b[i];
      }
      makeRanks(1, 20, 2)->run([&](tprt_context &ctx) {
        tprt_rms_norm(&ctx, code(type), x.data(), w.data(), out.data(), rows, n, 1e-5);
        tprt_rms_norm(&ctx, code(type), x.data(), w.data(), x.data(), rows, n, 1e-5);
      });
      EXPECT_LT(relativeError(unpack(type, out.data(), rows * n), wanted), toleranceOf(type)) << n;
      EXPECT_EQ(x, out) << "in place";
    }
}

TEST(Rows, LayerNorm) {
  for (DType type : floatTypes())
    for (int64_t n : {3, 16, 100}) {
      int64_t rows = 4;
      std::vector<char> x = pack(type, randomFloats(rows * n, 1)), w = pack(type, randomFloats(n, 2));
      std::vector<char> bias = pack(type, randomFloats(n, 3)), out(x.size()), plain(x.size());
      std::vector<double> a = unpack(type, x.data(), rows * n), b = unpack(type, w.data(), n);
      std::vector<double> c = unpack(type, bias.data(), n), wanted(rows * n), wantedPlain(rows * n);
      for (int64_t r = 0; r < rows; ++r) {
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < n; ++i)
          mean += a[r * n + i] / n;
        for (int64_t i = 0; i < n; ++i)
          variance += (a[r * n + i] - mean) * (a[r * n + i] - mean) / n;
        for (int64_t i = 0; i < n; ++i) {
          wantedPlain[r * n + i] = (a[r * n + i] - mean) / std::sqrt(variance + 1e-5);
          wanted[r * n + i] = wantedPlain[r * n + i] * b[i] + c[i];
        }
      }
      makeRanks(1)->run([&](tprt_context &ctx) {
        tprt_layer_norm(&ctx, code(type), x.data(), w.data(), bias.data(), out.data(), rows, n, 1e-5);
        tprt_layer_norm(&ctx, code(type), x.data(), nullptr, nullptr, plain.data(), rows, n, 1e-5);
      });
      EXPECT_LT(relativeError(unpack(type, out.data(), rows * n), wanted), toleranceOf(type));
      EXPECT_LT(relativeError(unpack(type, plain.data(), rows * n), wantedPlain), toleranceOf(type));
    }
}

TEST(Rows, Softmax) {
  for (DType type : floatTypes())
    for (auto [outer, n, inner] : {std::array<int64_t, 3>{7, 33, 1}, {3, 5, 19}, {2, 40, 16}, {1, 1, 1}}) {
      int64_t count = outer * n * inner;
      std::vector<char> x = pack(type, randomFloats(count, 1, 5)), out(x.size());
      std::vector<double> a = unpack(type, x.data(), count), wanted(count);
      for (int64_t o = 0; o < outer; ++o)
        for (int64_t i = 0; i < inner; ++i) {
          double total = 0;
          for (int64_t j = 0; j < n; ++j)
            total += std::exp(a[(o * n + j) * inner + i]);
          for (int64_t j = 0; j < n; ++j)
            wanted[(o * n + j) * inner + i] = std::exp(a[(o * n + j) * inner + i]) / total;
        }
      makeRanks(1, 20, 2)->run([&](tprt_context &ctx) { tprt_softmax(&ctx, code(type), x.data(), out.data(), outer, n, inner); });
      EXPECT_LT(relativeError(unpack(type, out.data(), count), wanted), toleranceOf(type));
    }
}

TEST(Rows, SoftmaxIgnoresMinusInfinity) {
  float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> x = {0, -infinity, 0, 1000, 999, -infinity}, out(6);
  makeRanks(1)->run([&](tprt_context &ctx) { tprt_softmax(&ctx, 0, x.data(), out.data(), 2, 3, 1); });
  EXPECT_FLOAT_EQ(out[0], 0.5);
  EXPECT_EQ(out[1], 0);
  EXPECT_NEAR(out[3], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_EQ(out[5], 0);
}

TEST(Rows, RotaryEmbedding) {
  int64_t b = 2, s = 3, heads = 3, d = 22, rotary = 18;
  std::vector<int32_t> positions = {0, 1, 2, 700, 701, -1};
  std::vector<float> frequency = {1, 0.5, 0.25, 0.1, 0.05, 0.01, 0.005, 0.002, 0.001};
  for (DType type : floatTypes())
    for (bool interleaved : {false, true}) {
      int64_t count = b * s * heads * d;
      std::vector<char> x = pack(type, randomFloats(count, 1)), out(x.size());
      std::vector<double> a = unpack(type, x.data(), count), wanted = a;
      for (int64_t row = 0; row < b * s * heads; ++row)
        for (int64_t p = 0; p < rotary / 2; ++p) {
          double angle = std::max(0, positions[row / heads]) * double(frequency[p]);
          int64_t i = row * d + (interleaved ? 2 * p : p), j = row * d + (interleaved ? 2 * p + 1 : p + rotary / 2);
          wanted[i] = 1.5 * (a[i] * std::cos(angle) - a[j] * std::sin(angle));
          wanted[j] = 1.5 * (a[j] * std::cos(angle) + a[i] * std::sin(angle));
        }
      makeRanks(1)->run([&](tprt_context &ctx) {
        tprt_rope(&ctx, code(type), x.data(), positions.data(), frequency.data(), out.data(), b, s, heads, d, rotary, 1.5,
                  interleaved);
        tprt_rope(&ctx, code(type), x.data(), positions.data(), frequency.data(), x.data(), b, s, heads, d, rotary, 1.5,
                  interleaved);
      });
      // The angles' cos and sin are kept in f32 for f64 too.
      double tolerance = type == DType::F64 ? 1e-6 : toleranceOf(type);
      EXPECT_LT(relativeError(unpack(type, out.data(), count), wanted), tolerance) << interleaved;
      EXPECT_EQ(x, out) << "in place";
    }
}

TEST(Rows, ReduceFloats) {
  for (DType type : floatTypes())
    for (auto [outer, n, inner] : {std::array<int64_t, 3>{5, 37, 1}, {1, 6, 50}, {3, 4, 7}})
      for (int64_t kind = 0; kind < 4; ++kind) {
        // Around 1, so that a product of 37 of them stays within f16.
        std::vector<float> values = randomFloats(outer * n * inner, 1, 0.1f);
        for (float &value : values)
          value += 1;
        std::vector<char> x = pack(type, values), out(outer * inner * tp::bytesOf(type));
        std::vector<double> a = unpack(type, x.data(), outer * n * inner), wanted(outer * inner);
        for (int64_t o = 0; o < outer; ++o)
          for (int64_t i = 0; i < inner; ++i) {
            double total = kind == 0 ? 0 : kind == 3 ? 1 : a[o * n * inner + i];
            for (int64_t j = 0; j < n; ++j) {
              double value = a[(o * n + j) * inner + i];
              total = kind == 0   ? total + value
                      : kind == 1 ? std::max(total, value)
                      : kind == 2 ? std::min(total, value)
                                  : total * value;
            }
            wanted[o * inner + i] = total;
          }
        makeRanks(1, 20, 2)->run(
            [&](tprt_context &ctx) { tprt_reduce(&ctx, code(type), kind, x.data(), out.data(), outer, n, inner); });
        EXPECT_LT(relativeError(unpack(type, out.data(), outer * inner), wanted), toleranceOf(type)) << kind;
      }
}

TEST(Rows, ReduceIntegersAndNothing) {
  std::vector<int32_t> x = {1, -5, 7, 100, 2, 3}, out(2);
  std::vector<uint8_t> flags = {0, 1, 0, 0}, any(2);
  std::vector<float> none(1);
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_reduce(&ctx, code(DType::I32), 1, x.data(), out.data(), 2, 3, 1);
    EXPECT_EQ(out, (std::vector<int32_t>{7, 100}));
    tprt_reduce(&ctx, code(DType::I32), 0, x.data(), out.data(), 1, 3, 2);
    EXPECT_EQ(out, (std::vector<int32_t>{10, 98}));
    tprt_reduce(&ctx, code(DType::I1), 1, flags.data(), any.data(), 2, 2, 1);
    EXPECT_EQ(any, (std::vector<uint8_t>{1, 0}));
    tprt_reduce(&ctx, 0, 1, nullptr, none.data(), 1, 0, 1);
    EXPECT_EQ(none[0], -std::numeric_limits<float>::infinity());
  });
}

TEST(Rows, ConvertRoundsToNearestEven) {
  std::vector<float> x = randomFloats(1000, 1, 1000);
  x[0] = 1.00390625f, x[1] = 1.01171875f, x[2] = std::numeric_limits<float>::infinity(), x[3] = 1e-42f, x[4] = 70000;
  std::vector<uint16_t> half(x.size()), brain(x.size());
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_convert(&ctx, code(DType::F32), code(DType::F16), x.data(), half.data(), x.size());
    tprt_convert(&ctx, code(DType::F32), code(DType::BF16), x.data(), brain.data(), x.size());
  });
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(half[i], tp::floatToF16(x[i])) << x[i];
    EXPECT_EQ(brain[i], tp::floatToBf16(x[i])) << x[i];
  }
}

TEST(Rows, ConvertToIntegersSaturates) {
  std::vector<float> x = {1.9f, -1.9f, 3e9f, -3e9f, NAN, 0};
  std::vector<int32_t> ints(x.size());
  std::vector<uint8_t> flags(x.size()), bytes(x.size());
  std::vector<double> wide(x.size());
  makeRanks(1)->run([&](tprt_context &ctx) {
    tprt_convert(&ctx, code(DType::F32), code(DType::I32), x.data(), ints.data(), x.size());
    tprt_convert(&ctx, code(DType::F32), code(DType::I1), x.data(), flags.data(), x.size());
    tprt_convert(&ctx, code(DType::I32), code(DType::U8), ints.data(), bytes.data(), 2);
    tprt_convert(&ctx, code(DType::I32), code(DType::F64), ints.data(), wide.data(), x.size());
  });
  EXPECT_EQ(ints, (std::vector<int32_t>{1, -1, INT32_MAX, INT32_MIN, 0, 0}));
  EXPECT_EQ(flags, (std::vector<uint8_t>{1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(bytes[1], 255);
  EXPECT_EQ(wide[2], double(INT32_MAX));
}

TEST(Rows, Fill) {
  for (int64_t type = 0; type < 10; ++type) {
    int64_t bytes = tp::bytesOf(static_cast<DType>(type));
    std::vector<char> out(100 * bytes, 0x55);
    makeRanks(1)->run([&](tprt_context &ctx) { tprt_fill(&ctx, type, out.data(), 99, 1); });
    tp::HostTensor got = tp::fromBytes(static_cast<DType>(type), {100}, out.data());
    for (int64_t i = 0; i < 99; ++i)
      ASSERT_EQ(got.at(i), 1) << type;
    EXPECT_EQ(out[99 * bytes], 0x55);
  }
}

} // namespace
