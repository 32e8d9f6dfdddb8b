// tprt_gemm: splits a product over the rank's threads, by columns of b and blocks of rows.
//
// Few rows (decoding) are bound by reading b, which happens once and in the order in which it lies in memory; many rows
// pack b panel by panel on the way, which costs a few percent, so no second copy of a weight is kept. Each element is
// summed by one thread over k in order: the number of threads does not show in the result.
#include "core/Call.h"
#include "devices/cpu/Kernels.h"
#include "devices/cpu/Stored.h"
#include "devices/cpu/ThreadScratch.h"

#include <algorithm>

using namespace tprt;

namespace {

/// Up to here a product runs straight from the stored b.
constexpr int64_t fewRows = 12;
constexpr int64_t columnsPerUnit = 16;
/// Many rows are taken in stripes of at most so many, whose part of a (this many bytes) stays in the second cache.
constexpr int64_t mostRowsOfUnit = 384, fewestRowsOfUnit = 96, bytesOfStripe = 1280 * 1024;
/// Less than this per piece is not worth handing to another thread.
constexpr int64_t bytesPerPiece = 32 * 1024;

struct Operand {
  const void *data;
  int64_t batch, row, col;
  const char *at(int64_t index, int64_t element) const { return static_cast<const char *>(data) + index * batch * element; }
};

/// a as dense f32 rows. Rows a multiple of 4 KiB apart would all fall into the same few cache lines: they get a gap.
Operand denseF32(tprt_context *ctx, tp::DType type, Operand a, int64_t batch, int64_t m, int64_t k) {
  bool clashes = m > fewRows && a.row % 1024 == 0;
  if (type == tp::DType::F32 && a.col == 1 && !clashes)
    return a;
  int64_t matrices = a.batch == 0 ? 1 : batch, row = (k + 15) / 16 * 16 + 16;
  float *dense = static_cast<float *>(ctx->scratch(matrices * m * row * sizeof(float)));
  int64_t element = tp::bytesOf(type);
  ctx->pool.parallelFor(matrices * m, std::max<int64_t>(1, 8192 / std::max<int64_t>(k, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const char *from = a.at(i / m, element) + (i % m) * a.row * element;
      if (a.col == 1)
        cpu::kernels().convert(type, tp::DType::F32, from, dense + i * row, k);
      else
        for (int64_t p = 0; p < k; ++p)
          cpu::kernels().convert(type, tp::DType::F32, from + p * a.col * element, dense + i * row + p, 1);
    }
  });
  return {dense, a.batch == 0 ? 0 : m * row, row, 1};
}

/// Plain loops for f64, which is for checking.
void gemmF64(tprt_context *ctx, Operand a, Operand b, double *c, int64_t cBatch, int64_t cRow, int64_t batch, int64_t m,
             int64_t n, int64_t k, bool accumulate) {
  ctx->pool.parallelFor(batch * m, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double *left = reinterpret_cast<const double *>(a.at(i / m, 8)) + (i % m) * a.row;
      const double *right = reinterpret_cast<const double *>(b.at(i / m, 8));
      double *out = c + (i / m) * cBatch + (i % m) * cRow;
      for (int64_t j = 0; j < n; ++j) {
        double total = 0;
        for (int64_t p = 0; p < k; ++p)
          total += left[p * a.col] * right[p * b.row + j * b.col];
        out[j] = accumulate ? out[j] + total : total;
      }
    }
  });
}

/// Rows of a stripe when m are to be multiplied over k: all stripes about alike, and whole steps of the kernels (12 or 6 rows).
int64_t rowsOfUnit(int64_t m, int64_t k) {
  int64_t fitting = bytesOfStripe / (std::max<int64_t>(k, 1) * int64_t(sizeof(float)));
  int64_t most = std::clamp(fitting, fewestRowsOfUnit, mostRowsOfUnit), stripes = (m + most - 1) / most;
  return ((m + stripes - 1) / stripes + 11) / 12 * 12;
}

/// Calls piece(matrix, row, rows, first column, last column, scratch) on the rank's threads until all of [batch, m, n] is
/// covered. A unit is some columns of some rows of one matrix; units are numbered columns fastest, and neighbouring units of
/// the same rows are done in one call. `columnBytes` is what one column of b takes.
template <class Piece>
void overPieces(tprt_context *ctx, int64_t batch, int64_t m, int64_t n, int64_t k, int64_t columnBytes, const Piece &piece) {
  const cpu::Kernels &kernels = cpu::kernels();
  bool few = m <= fewRows;
  int64_t columns = few ? columnsPerUnit : kernels.panelWidth, rows = few ? m : rowsOfUnit(m, k);
  int64_t across = (n + columns - 1) / columns, down = (m + rows - 1) / rows;
  int64_t unitBytes = columns * std::max<int64_t>(columnBytes, 1) * (few ? 1 : std::min(m, rows));
  ctx->pool.parallelFor(batch * down * across, std::max<int64_t>(1, bytesPerPiece / unitBytes), [&](int64_t begin, int64_t end) {
    float *scratch = few ? nullptr : cpu::threadScratch(kernels.gemmScratch(rows));
    for (int64_t unit = begin; unit < end;) {
      int64_t stripe = unit / across, first = unit % across, last = std::min(across, first + end - unit);
      int64_t row = stripe % down * rows;
      piece(stripe / down, row, std::min(rows, m - row), first * columns, std::min(n, last * columns), scratch);
      unit += last - first;
    }
  });
}

} // namespace

void tprt_gemm(tprt_context *ctx, int64_t dtype, int64_t batch, int64_t m, int64_t n, int64_t k, const void *a, int64_t a_batch,
               int64_t a_row, int64_t a_col, const void *b, int64_t b_batch, int64_t b_row, int64_t b_col, void *c,
               int64_t c_batch, int64_t c_row, int64_t accumulate, int64_t parameter) {
  compute(ctx, "gemm", [&] {
    tp::DType type = floatTypeOf(dtype, "tprt_gemm");
    if ((a_row != 1 && a_col != 1) || (b_row != 1 && b_col != 1))
      throw tp::Error("tprt_gemm needs a row or column stride of 1 in both operands, has (" + std::to_string(a_row) + ", " +
                      std::to_string(a_col) + ") and (" + std::to_string(b_row) + ", " + std::to_string(b_col) + ")");
    if (batch == 0 || m == 0 || n == 0)
      return;
    Operand left{a, a_batch, a_row, a_col}, right{b, b_batch, b_row, b_col};
    if (type == tp::DType::F64)
      return gemmF64(ctx, left, right, static_cast<double *>(c), c_batch, c_row, batch, m, n, k, accumulate);

    const cpu::Kernels &kernels = cpu::kernels();
    int64_t element = tp::bytesOf(type);
    left = denseF32(ctx, type, left, batch, m, k);
    overPieces(ctx, batch, m, n, k, k * element,
               [&](int64_t index, int64_t row, int64_t height, int64_t begin, int64_t end, float *scratch) {
                 const float *x = reinterpret_cast<const float *>(left.at(index, sizeof(float))) + row * left.row;
                 cpu::MatrixView y{right.at(index, element), right.row, right.col};
                 void *z = static_cast<char *>(c) + (index * c_batch + row * c_row) * element;
                 if (scratch)
                   kernels.gemmBlock(type, height, k, x, left.row, y, begin, end, z, c_row, accumulate, scratch);
                 else
                   kernels.gemmFewRows(type, height, k, x, left.row, y, begin, end, z, c_row, accumulate);
               });
  });
}

void tprt_gemm_stored(tprt_context *ctx, int64_t format, int64_t m, int64_t n, int64_t k, const void *a, int64_t a_row,
                      const void *b, void *c, int64_t c_row) {
  compute(ctx, "gemm_stored", [&] {
    tp::StoredFormat stored = cpu::storedFormatOf(format, k, "tprt_gemm_stored");
    if (m == 0 || n == 0)
      return;
    tp::StoredType type = tp::storedType(stored);
    int64_t rowBytes = k / type.blockElements * type.blockBytes;
    const cpu::Kernels &kernels = cpu::kernels();
    Operand left = denseF32(ctx, tp::DType::F32, {a, 0, a_row, 1}, 1, m, k);
    // A block of a few bits takes longer than its bytes do.
    int64_t columnBytes = m <= fewRows ? std::max(rowBytes, k * 3 / 2) : k * int64_t(sizeof(float));
    overPieces(ctx, 1, m, n, k, columnBytes,
               [&](int64_t, int64_t row, int64_t height, int64_t begin, int64_t end, float *scratch) {
                 const float *x = static_cast<const float *>(left.data) + row * left.row;
                 const char *y = static_cast<const char *>(b);
                 float *z = static_cast<float *>(c) + row * c_row;
                 if (scratch)
                   kernels.storedBlock(stored, height, k, x, left.row, y, rowBytes, begin, end, z, c_row, scratch);
                 else
                   kernels.storedFewRows(stored, height, k, x, left.row, y, rowBytes, begin, end, z, c_row);
               });
  });
}
