// A module for two ranks, by hand.
//
// `main` is an MLP without activation: hidden = arg0 * w1 (columns split), result0 = hidden * w2 (rows split, all-reduce),
// result1 = hidden, left split. w1 comes from the weight file, w2 is given; w1's stored tensor has one row less, which
// must read as zeros. The language model says the sum of the last two tokens modulo 11: it keeps what it read in a state,
// and each rank fills half of a vocabulary padded to 12.
#include "tprt/Abi.h"

#include <cmath>

extern "C" const char tpm_manifest[] = "TPM-MANIFEST-1\n"
                                       R"({
 "abi_version": 1, "tp_version": "0.1", "target": "cpu", "isa": "x86-64-v3", "mesh": {"tp": 2},
 "model": {"kind": "language_model", "batch": 2, "max_seq": 16, "vocab": 11, "eos": [0], "bos": -1},
 "weights": {"path": "fake.safetensors", "format": "safetensors", "fingerprint": ""},
 "groups": [{"axes": ["tp"], "parts": [{"axis": "tp", "pre": 1, "size": 0}]}],
 "parameters": [
  {"name": "w1", "shape": [6, 8], "dtype": "f32", "layout": "[{}, {tp}]", "local_shape": [6, 4], "source": {"tensor": "first.weight"}},
  {"name": "w2", "shape": [8, 4], "dtype": "f32", "layout": "[{tp}, {}]", "local_shape": [4, 4], "source": {"input": "arg2", "offsets": [1, 0], "sizes": [8, 4]}}],
 "states": [{"name": "seen", "shape": [2, 16, 1], "dtype": "i32", "layout": "[{}, {}, {}]", "local_shape": [2, 16, 1]}],
 "entries": [
  {"name": "main", "symbol": "tpm_main", "tokens": 0, "arena_bytes": 64,
   "inputs": [{"name": "arg0", "shape": [3, 6], "dtype": "f32", "layout": "[{}, {}]", "local_shape": [3, 6]}],
   "outputs": [{"name": "result0", "shape": [3, 4], "dtype": "f32", "layout": "[{}, {}]", "local_shape": [3, 4]},
               {"name": "result1", "shape": [3, 8], "dtype": "f32", "layout": "[{}, {tp}]", "local_shape": [3, 4]}],
   "collectives": [{"kind": "all_reduce", "group": 0, "axes": ["tp"], "group_size": 2, "reduce": "sum", "dtype": "f32", "operand_shape": [3, 4], "count": 1, "wire_bytes_per_rank": 48, "where": "w2", "why": "row split"}],
   "tensors": [], "peak_bytes_per_rank": 0},
  {"name": "prefill", "symbol": "tpm_prefill", "dynamic": {"max": 16}, "tokens": 32, "arena_bytes": 256,
   "inputs": [{"name": "tokens", "shape": [2, -1], "dtype": "i32", "layout": "[{}, {}]", "local_shape": [2, -1]},
              {"name": "positions", "shape": [2, -1], "dtype": "i32", "layout": "[{}, {}]", "local_shape": [2, -1]},
              {"name": "last", "shape": [2], "dtype": "i32", "layout": "[{}]", "local_shape": [2]}],
   "outputs": [{"name": "logits", "shape": [2, 12], "dtype": "f32", "layout": "[{}, {}]", "local_shape": [2, 12]}],
   "collectives": [{"kind": "all_gather", "group": 0, "axes": ["tp"], "group_size": 2, "reduce": "", "dtype": "f32", "operand_shape": [2, 6], "count": 1, "wire_bytes_per_rank": 48, "where": "logits", "why": "wished whole"}]},
  {"name": "decode", "symbol": "tpm_decode", "tokens": 2, "arena_bytes": 256,
   "inputs": [{"name": "tokens", "shape": [2, 1], "dtype": "i32", "layout": "[{}, {}]", "local_shape": [2, 1]},
              {"name": "positions", "shape": [2, 1], "dtype": "i32", "layout": "[{}, {}]", "local_shape": [2, 1]}],
   "outputs": [{"name": "logits", "shape": [2, 12], "dtype": "f32", "layout": "[{}, {}]", "local_shape": [2, 12]}],
   "collectives": [{"kind": "all_gather", "group": 0, "axes": ["tp"], "group_size": 2, "reduce": "", "dtype": "f32", "operand_shape": [2, 6], "count": 1, "wire_bytes_per_rank": 48, "where": "logits", "why": "wished whole"}]},
  {"name": "score", "symbol": "tpm_score", "dynamic": {"max": 16}, "tokens": 32, "arena_bytes": 2048,
   "inputs": [{"name": "tokens", "shape": [2, -1], "dtype": "i32", "layout": "[{}, {}]", "local_shape": [2, -1]},
              {"name": "positions", "shape": [2, -1], "dtype": "i32", "layout": "[{}, {}]", "local_shape": [2, -1]}],
   "outputs": [{"name": "logits", "shape": [2, -1, 12], "dtype": "f32", "layout": "[{}, {}, {tp}]", "local_shape": [2, -1, 6]}],
   "collectives": []},
  {"name": "broken", "symbol": "tpm_broken", "arena_bytes": 0, "inputs": [], "outputs": [], "collectives": []}]})";

namespace {

constexpr int64_t batch = 2, longest = 16, half = 6, vocabulary = 11;

/// This rank's half of the logits after position `at` of a sequence.
void predict(tprt_context *ctx, const int32_t *seen, int64_t at, float *logits) {
  int64_t before = at > 0 ? seen[at - 1] : 0, next = at >= 0 ? (seen[at] + before) % vocabulary : 0;
  for (int64_t i = 0; i < half; ++i) {
    int64_t id = tprt_axis_index(ctx, 0) * half + i;
    logits[i] = id >= vocabulary ? -INFINITY : id == next ? 10.0f : -static_cast<float>(id);
  }
}

void step(tprt_context *ctx, void *const *states, void *const *inputs, void *const *outputs, char *arena, int64_t n) {
  auto *seen = static_cast<int32_t *>(states[0]);
  auto *positions = static_cast<const int32_t *>(inputs[1]);
  auto *mine = reinterpret_cast<float *>(arena);
  tprt_cache_update(ctx, 7, seen, inputs[0], positions, batch, longest, n, 1);
  for (int64_t b = 0; b < batch; ++b) {
    int64_t at = -1;
    for (int64_t i = 0; i < n; ++i)
      at = positions[b * n + i] > at ? positions[b * n + i] : at;
    predict(ctx, seen + b * longest, at, mine + b * half);
  }
  tprt_all_gather(ctx, 0, 0, 0, mine, outputs[0], batch, half, 1);
}

} // namespace

extern "C" {

void tpm_main(tprt_context *ctx, void *const *parameters, void *const *, void *const *inputs, void *const *outputs, char *arena,
              int64_t) {
  tprt_gemm(ctx, 0, 1, 3, 4, 6, inputs[0], 0, 6, 1, parameters[0], 0, 4, 1, outputs[1], 0, 4, 0, 0);
  tprt_gemm(ctx, 0, 1, 3, 4, 4, outputs[1], 0, 4, 1, parameters[1], 0, 4, 1, arena, 0, 4, 0, 1);
  tprt_all_reduce(ctx, 0, 0, 0, 0, arena, outputs[0], 12);
}

void tpm_prefill(tprt_context *ctx, void *const *, void *const *states, void *const *inputs, void *const *outputs, char *arena,
                 int64_t n) {
  step(ctx, states, inputs, outputs, arena, n);
}

void tpm_decode(tprt_context *ctx, void *const *, void *const *states, void *const *inputs, void *const *outputs, char *arena,
                int64_t n) {
  step(ctx, states, inputs, outputs, arena, n);
}

void tpm_score(tprt_context *ctx, void *const *, void *const *, void *const *inputs, void *const *outputs, char *, int64_t n) {
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < n; ++i)
      predict(ctx, static_cast<const int32_t *>(inputs[0]) + b * n, i, static_cast<float *>(outputs[0]) + (b * n + i) * half);
}

void tpm_broken(tprt_context *ctx, void *const *, void *const *, void *const *, void *const *, char *, int64_t) {
  float x = 0;
  if (tprt_axis_index(ctx, 0) == 1)
    tprt_fill(ctx, 99, &x, 1, 0);
  tprt_all_reduce(ctx, 0, 0, 0, 0, &x, &x, 1);
}
}
