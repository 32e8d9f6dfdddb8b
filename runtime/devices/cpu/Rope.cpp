// tprt_rope and its table.
#include "core/Call.h"
#include "devices/cpu/Kernels.h"
#include "devices/cpu/RotationTable.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace tprt;

void RotationTable::prepare(const float *frequency, int64_t number, double attentionFactor, int64_t count) {
  bool same = factor == attentionFactor && static_cast<int64_t>(frequencies.size()) == number &&
              std::memcmp(frequencies.data(), frequency, number * sizeof(float)) == 0;
  if (!same) {
    frequencies.assign(frequency, frequency + number);
    factor = attentionFactor;
    positions = 0;
  }
  if (count <= positions)
    return;
  // Grown by half, so that a token at a time does not copy the table at a time.
  int64_t wanted = same ? std::max(count, positions + positions / 2) : count;
  cosines.resize(wanted * number);
  sines.resize(wanted * number);
  for (; positions < wanted; ++positions)
    for (int64_t p = 0; p < number; ++p) {
      double angle = static_cast<double>(positions) * static_cast<double>(frequencies[p]);
      cosines[positions * number + p] = static_cast<float>(std::cos(angle) * factor);
      sines[positions * number + p] = static_cast<float>(std::sin(angle) * factor);
    }
}

void tprt_rope(tprt_context *ctx, int64_t dtype, const void *x, const void *positions, const void *inv_freq, void *out, int64_t b,
               int64_t s, int64_t heads, int64_t d, int64_t rotary_dim, double attention_factor, int64_t interleaved) {
  compute(ctx, "rope", [&] {
    tp::DType type = floatTypeOf(dtype, "tprt_rope");
    if (rotary_dim % 2 || rotary_dim < 0 || rotary_dim > d)
      throw tp::Error("tprt_rope rotates " + std::to_string(rotary_dim) + " of " + std::to_string(d) +
                      " elements; needed is an even number of at most that");
    if (b * s * heads == 0)
      return;
    const int32_t *where = static_cast<const int32_t *>(positions);
    int64_t half = rotary_dim / 2, highest = std::max<int64_t>(0, *std::max_element(where, where + b * s));
    if (!ctx->rotations)
      ctx->rotations = std::make_unique<RotationTable>();
    ctx->rotations->prepare(static_cast<const float *>(inv_freq), half, attention_factor, highest + 1);
    const RotationTable &table = *ctx->rotations;
    int64_t row = heads * d * tp::bytesOf(type);
    ctx->pool.parallelFor(b * s, std::max<int64_t>(1, 16384 / (heads * d + 1)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t position = std::max<int64_t>(0, where[i]);
        cpu::kernels().rope(type, static_cast<const char *>(x) + i * row, table.cosines.data() + position * half,
                            table.sines.data() + position * half, static_cast<char *>(out) + i * row, heads, d, rotary_dim,
                            interleaved != 0);
      }
    });
  });
}
