// The functions behind one table of devices/cpu/Kernels.h; see there for what each does.
#pragma once
#include "devices/cpu/Kernels.h"
#include "devices/cpu/kernels/Vector.h"

namespace TPRT_KERNELS {

void reduceSources(tp::DType type, tp::Reduction reduction, const void *const *sources, int64_t number, int64_t begin,
                   int64_t count, void *dst);
void gemmFewRows(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin, int64_t end,
                 void *c, int64_t cRow, bool accumulate);
void packRows(tp::DType type, int64_t k, const void *a, int64_t row, int64_t col, int64_t rows, float *packed);
void gemmBlock(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin, int64_t end,
               void *c, int64_t cRow, bool accumulate, float *scratch);
int64_t gemmScratch(int64_t m, int64_t columns, int64_t k);
void storedFewRows(tp::StoredFormat format, int64_t m, int64_t k, const float *a, int64_t aRow, const char *b, int64_t rowBytes,
                   int64_t begin, int64_t end, float *c, int64_t cRow);
void storedBlock(tp::StoredFormat format, int64_t m, int64_t k, const float *a, int64_t aRow, const char *b, int64_t rowBytes,
                 int64_t begin, int64_t end, float *c, int64_t cRow, float *scratch);
void attention(const AttentionTask &task);
int64_t attentionScratch(int64_t rows, int64_t d, int64_t dv);
void rmsNorm(tp::DType type, const void *x, const void *weight, void *out, int64_t begin, int64_t end, int64_t n, double eps);
void layerNorm(tp::DType type, const void *x, const void *weight, const void *bias, void *out, int64_t begin, int64_t end,
               int64_t n, double eps);
void softmaxRows(tp::DType type, const void *x, void *out, int64_t begin, int64_t end, int64_t n);
void softmaxColumns(tp::DType type, const void *x, void *out, int64_t n, int64_t inner, int64_t begin, int64_t end);
void rope(tp::DType type, const void *x, const float *cosines, const float *sines, void *out, int64_t heads, int64_t d,
          int64_t rotary, bool interleaved);
void reduce(tp::DType type, int64_t kind, const void *x, void *out, int64_t n, int64_t inner, int64_t begin, int64_t end);
void convert(tp::DType from, tp::DType to, const void *src, void *dst, int64_t count);

} // namespace TPRT_KERNELS
