// The inner loops, compiled once for each instruction set (kernels/*.cpp) and picked when the library is loaded.
//
// A kernel runs on one thread and knows nothing of contexts; the files beside this header split the work over the rank's
// threads. Sums run in a fixed order with 16 lanes on every instruction set, so a result depends on neither.
#pragma once
#include "tp/Support/Dequantize.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"

#include <cstdint>

namespace tprt::cpu {

/// Matrix b [k, n] with n columns; element (i, j) at data + i * row + j * col.
struct MatrixView {
  const void *data;
  int64_t row, col;
};

/// One task of attention: `queries` consecutive positions of one sequence, all heads that share one key head.
struct AttentionTask {
  tp::DType type;
  /// First query row, key row and value row of the task's head; row strides in elements.
  const void *q, *k, *v;
  void *out;
  int64_t qRow, kRow, vRow, outRow;
  /// Heads that share the key head lie side by side: head h at q + h * d, out + h * dv.
  int64_t heads, queries, keys, d, dv;
  float scale;
  /// Of query i: sees keys j with first[i] <= j < last[i].
  const int64_t *first, *last;
  /// i32 [keys] or null.
  const int32_t *keyMask;
  /// attentionScratch(...) floats.
  float *scratch;
};

struct Kernels {
  const char *isa;

  /// dst[i] = reduction over s of sources[s][begin + i], i in [0, count), in the order of the sources; what is neutral
  /// for none. dst may be sources[s] + begin.
  void (*reduceSources)(tp::DType, tp::Reduction, const void *const *sources, int64_t number, int64_t begin, int64_t count,
                        void *dst);

  /// c[m, columns begin..end) (+)= a[m, k] * b; a is f32 with row stride aRow; c of type `type`. For few rows.
  void (*gemmFewRows)(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin,
                      int64_t end, void *c, int64_t cRow, bool accumulate);
  /// Packs `rows` rows of a, element (i, p) at a + i * row + p * col, for the products of many rows: strips of packedRows rows,
  /// k * packedRows floats each, the last filled with zeros. row or col is 1.
  void (*packRows)(tp::DType type, int64_t k, const void *a, int64_t row, int64_t col, int64_t rows, float *packed);
  int64_t packedRows;
  /// The same for many rows; with aRow 0 packRows has packed them; `scratch` holds gemmScratch(m, end - begin, k) floats.
  void (*gemmBlock)(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin, int64_t end,
                    void *c, int64_t cRow, bool accumulate, float *scratch);
  int64_t (*gemmScratch)(int64_t m, int64_t columns, int64_t k);
  /// Columns that are packed together.
  int64_t panelWidth;

  /// c[m, columns begin..end) = a[m, k] * b for a b stored column by column as `format`, columns rowBytes apart: a weight
  /// [n, k] that is kept as it is in its file. k is whole blocks.
  void (*storedFewRows)(tp::StoredFormat format, int64_t m, int64_t k, const float *a, int64_t aRow, const char *b,
                        int64_t rowBytes, int64_t begin, int64_t end, float *c, int64_t cRow);
  /// The same for many rows; with aRow 0 packRows has packed them; `scratch` holds gemmScratch(m, end - begin, k) floats.
  void (*storedBlock)(tp::StoredFormat format, int64_t m, int64_t k, const float *a, int64_t aRow, const char *b,
                      int64_t rowBytes, int64_t begin, int64_t end, float *c, int64_t cRow, float *scratch);

  void (*attention)(const AttentionTask &task);
  /// Floats of scratch for rows = heads * queries.
  int64_t (*attentionScratch)(int64_t rows, int64_t d, int64_t dv);

  /// Rows [begin, end) of [rows, n].
  void (*rmsNorm)(tp::DType, const void *x, const void *weight, void *out, int64_t begin, int64_t end, int64_t n, double eps);
  void (*layerNorm)(tp::DType, const void *x, const void *weight, const void *bias, void *out, int64_t begin, int64_t end,
                    int64_t n, double eps);
  /// Softmax of rows [begin, end) of [rows, n].
  void (*softmaxRows)(tp::DType, const void *x, void *out, int64_t begin, int64_t end, int64_t n);
  /// Softmax over the middle extent of one [n, inner], columns [begin, end).
  void (*softmaxColumns)(tp::DType, const void *x, void *out, int64_t n, int64_t inner, int64_t begin, int64_t end);
  /// Rotates `heads` heads of d elements that lie side by side; cosines, sines [rotary / 2].
  void (*rope)(tp::DType, const void *x, const float *cosines, const float *sines, void *out, int64_t heads, int64_t d,
               int64_t rotary, bool interleaved);
  /// out[i] = reduction of x[n, inner] over n, for i in [begin, end) of inner; kind as in functions.def.
  void (*reduce)(tp::DType, int64_t kind, const void *x, void *out, int64_t n, int64_t inner, int64_t begin, int64_t end);
  void (*convert)(tp::DType from, tp::DType to, const void *src, void *dst, int64_t count);
};

/// The best set for this processor. Throws Error on one without AVX2.
const Kernels &kernels();
/// "x86-64-v4", "x86-64-v3" or "x86-64": what this processor runs.
const char *processorIsa();

namespace v3 {
extern const Kernels table;
}
namespace v4 {
extern const Kernels table;
}

} // namespace tprt::cpu
