// tprt_attention: one task per sequence, key head and block of queries; decoding has few queries, but all heads that
// share a key head form one task, so keys and values are read once.
#include "core/Call.h"
#include "devices/cpu/Kernels.h"
#include "devices/cpu/ThreadScratch.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace tprt;

namespace {

/// Rows (heads x queries) of one task, about: many, since a task packs the keys and values that it sees, but fewer where too
/// few tasks would come of it. The number of threads has no say: a result does not depend on it.
constexpr int64_t mostRowsOfTask = 192, fewestRowsOfTask = 48, wantedTasks = 32;

struct Sizes {
  int64_t b, s, t, heads, kvHeads, d, dv;
};

/// f64, which is for checking: every score is computed and kept.
void attentionF64(const Sizes &z, const double *q, const double *k, const double *v, const int32_t *keyMask, const int64_t *first,
                  const int64_t *last, double *out, double scale, int64_t sequence, int64_t query, int64_t head) {
  int64_t shared = head / (z.heads / z.kvHeads), row = sequence * z.s + query;
  const double *mine = q + (row * z.heads + head) * z.d;
  std::vector<double> scores(z.t, -HUGE_VAL);
  double top = -HUGE_VAL, total = 0;
  for (int64_t j = first[row]; j < last[row]; ++j) {
    if (keyMask && !keyMask[sequence * z.t + j])
      continue;
    double dot = 0;
    for (int64_t p = 0; p < z.d; ++p)
      dot += mine[p] * k[((sequence * z.t + j) * z.kvHeads + shared) * z.d + p];
    scores[j] = dot * scale;
    top = std::max(top, scores[j]);
  }
  double *result = out + (row * z.heads + head) * z.dv;
  std::fill(result, result + z.dv, 0.0);
  for (int64_t j = first[row]; j < last[row]; ++j) {
    double weight = top == -HUGE_VAL ? 0 : std::exp(scores[j] - top);
    total += weight;
    for (int64_t p = 0; p < z.dv; ++p)
      result[p] += weight * v[((sequence * z.t + j) * z.kvHeads + shared) * z.dv + p];
  }
  for (int64_t p = 0; p < z.dv && total > 0; ++p)
    result[p] /= total;
}

} // namespace

void tprt_attention(tprt_context *ctx, int64_t dtype, const void *q, const void *k, const void *v, const void *positions,
                    const void *key_mask, void *out, int64_t b, int64_t s, int64_t t, int64_t heads, int64_t kv_heads, int64_t d,
                    int64_t dv, double scale, int64_t causal, int64_t window) {
  compute(ctx, "attention", [&] {
    tp::DType type = floatTypeOf(dtype, "tprt_attention");
    if (b == 0 || s == 0 || heads == 0)
      return;
    if (kv_heads <= 0 || heads % kv_heads)
      throw tp::Error("tprt_attention has " + std::to_string(heads) + " query heads, which is no multiple of " +
                      std::to_string(kv_heads) + " key heads");

    // Which keys each query sees, but for the mask.
    std::vector<int64_t> first(b * s, 0), last(b * s, t);
    const int32_t *where = static_cast<const int32_t *>(positions);
    if (where || causal)
      for (int64_t i = 0; i < b * s; ++i) {
        int64_t position = where ? where[i] : i % s + t - s;
        last[i] = std::clamp<int64_t>(position + 1, 0, t);
        if (window > 0)
          first[i] = std::max<int64_t>(0, position - window + 1);
      }

    const int32_t *mask = static_cast<const int32_t *>(key_mask);
    if (type == tp::DType::F64)
      return ctx->pool.parallelFor(b * s * heads, 1, [&](int64_t begin, int64_t end) {
        Sizes sizes{b, s, t, heads, kv_heads, d, dv};
        for (int64_t i = begin; i < end; ++i)
          attentionF64(sizes, static_cast<const double *>(q), static_cast<const double *>(k), static_cast<const double *>(v),
                       mask, first.data(), last.data(), static_cast<double *>(out), scale, i / heads / s, i / heads % s,
                       i % heads);
      });

    int64_t element = tp::bytesOf(type), shared = heads / kv_heads;
    int64_t rows = mostRowsOfTask, queries = 0, blocks = 0;
    for (;; rows /= 2) {
      queries = std::clamp<int64_t>(rows / shared, 1, s);
      blocks = (s + queries - 1) / queries;
      if (rows <= fewestRowsOfTask || b * kv_heads * blocks >= wantedTasks)
        break;
    }
    const cpu::Kernels &kernels = cpu::kernels();
    ctx->pool.parallelForEach(b * kv_heads * blocks, [&](int64_t i) {
      int64_t sequence = i / (kv_heads * blocks), head = i / blocks % kv_heads, query = i % blocks * queries;
      int64_t row = sequence * s + query, key = sequence * t * kv_heads + head;
      auto at = [&](const void *base, int64_t index) { return static_cast<const char *>(base) + index * element; };
      cpu::AttentionTask task{.type = type,
                              .q = at(q, (row * heads + head * shared) * d),
                              .k = at(k, key * d),
                              .v = at(v, key * dv),
                              .out = static_cast<char *>(out) + (row * heads + head * shared) * dv * element,
                              .qRow = heads * d,
                              .kRow = kv_heads * d,
                              .vRow = kv_heads * dv,
                              .outRow = heads * dv,
                              .heads = shared,
                              .queries = std::min(queries, s - query),
                              .keys = t,
                              .d = d,
                              .dv = dv,
                              .scale = static_cast<float>(scale),
                              .first = first.data() + row,
                              .last = last.data() + row,
                              .keyMask = mask ? mask + sequence * t : nullptr,
                              .scratch = cpu::threadScratch(kernels.attentionScratch(shared * queries, d, dv))};
      kernels.attention(task);
    });
  });
}
