// tprt_gemm: splits a product over the rank's threads, by columns of b and blocks of rows.
//
// Few rows (decoding) are bound by reading b, which happens once and in the order in which it lies in memory; many rows
// pack b a block at a time on the way, and a where it does not lie well: that costs a few percent, so no second copy of a
// weight is kept. Each element is summed by one thread over k in order: the number of threads does not show in the result.
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
/// Of many rows, a unit of work is at most so many of them and so many columns: b is packed once for these rows, and the rows
/// are read once for these columns.
constexpr int64_t rowsOfUnit = 512, columnsOfUnit = 96;
/// Rows are packed as long as they take no more than this together; what is left is done after them.
constexpr int64_t bytesOfRound = 32 * 1024 * 1024;
/// Rows of f32 are read where they lie, which takes no memory, unless they are a multiple of 4 KiB apart: then they share the
/// same few cache lines and a page each.
constexpr int64_t clashingRow = 1024;
/// Less than this per piece is not worth handing to another thread.
constexpr int64_t bytesPerPiece = 32 * 1024;

struct Operand {
  const void *data;
  int64_t batch, row, col;
  const char *at(int64_t index, int64_t element) const { return static_cast<const char *>(data) + index * batch * element; }
};

/// a as dense f32 rows, for products of few rows.
Operand denseF32(tprt_context *ctx, tp::DType type, Operand a, int64_t batch, int64_t m, int64_t k) {
  if (type == tp::DType::F32 && a.col == 1)
    return a;
  int64_t matrices = a.batch == 0 ? 1 : batch, row = (k + 15) / 16 * 16;
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

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Calls piece(matrix, first column, last column) on the rank's threads until the columns of all matrices are covered.
/// `columnBytes` is what one column of b takes.
template <class Piece> void overColumns(tprt_context *ctx, int64_t batch, int64_t n, int64_t columnBytes, const Piece &piece) {
  int64_t across = ceilDiv(n, columnsPerUnit), unitBytes = columnsPerUnit * std::max<int64_t>(columnBytes, 1);
  ctx->pool.parallelFor(batch * across, std::max<int64_t>(1, bytesPerPiece / unitBytes), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end;) {
      int64_t first = unit % across, last = std::min(across, first + end - unit);
      piece(unit / across, first * columnsPerUnit, std::min(n, last * columnsPerUnit));
      unit += last - first;
    }
  });
}

/// Calls piece(matrix, first row, rows, a from that row on, its row stride or 0 where it is packed, first column, last column,
/// scratch) on the rank's threads until all of [batch, m, n] is covered. Rows that can be read where they lie are not packed.
template <class Piece>
void overBlocks(tprt_context *ctx, tp::DType type, Operand a, int64_t batch, int64_t m, int64_t n, int64_t k,
                const Piece &piece) {
  const cpu::Kernels &kernels = cpu::kernels();
  const int64_t strip = kernels.packedRows, element = tp::bytesOf(type), stripBytes = strip * std::max<int64_t>(k, 1) * 4;
  const bool inPlace = type == tp::DType::F32 && a.col == 1 && a.row > 0 && a.row % clashingRow != 0;
  // A round does some matrices whole, or some rows of one: what may be packed at once.
  const int64_t strips = ceilDiv(m, strip),
                most = inPlace ? batch * strips : std::max(ceilDiv(rowsOfUnit, strip), bytesOfRound / stripBytes);
  const int64_t stripsOfRound = ceilDiv(strips, ceilDiv(strips, most)),
                matricesOfRound = std::clamp<int64_t>(most / strips, 1, batch);
  for (int64_t matrix = 0; matrix < batch; matrix += matricesOfRound)
    for (int64_t top = 0; top < strips; top += stripsOfRound) {
      const int64_t matrices = std::min(matricesOfRound, batch - matrix), tall = std::min(stripsOfRound, strips - top);
      const int64_t packedMatrices = a.batch == 0 ? 1 : matrices, first = top * strip, rows = std::min(tall * strip, m - first);
      float *packed = nullptr;
      if (!inPlace) {
        packed = static_cast<float *>(ctx->scratch(packedMatrices * tall * stripBytes));
        ctx->pool.parallelFor(packedMatrices * tall, std::max<int64_t>(1, bytesPerPiece / stripBytes),
                              [&](int64_t begin, int64_t end) {
                                for (int64_t unit = begin; unit < end; ++unit) {
                                  int64_t row = (top + unit % tall) * strip;
                                  kernels.packRows(type, k, a.at(matrix + unit / tall, element) + row * a.row * element, a.row,
                                                   a.col, std::min(strip, m - row), packed + unit * strip * k);
                                }
                              });
      }
      auto rowsAt = [&](int64_t index, int64_t row) {
        if (inPlace)
          return reinterpret_cast<const float *>(a.at(matrix + index, element)) + (first + row) * a.row;
        return static_cast<const float *>(packed) + (a.batch == 0 ? 0 : index * tall * strip * k) + row * k;
      };
      // Units are all about alike, and enough of them to keep every thread busy to the end.
      const int64_t down = ceilDiv(rows, rowsOfUnit), height = ceilDiv(ceilDiv(rows, down), strip) * strip;
      int64_t width = columnsOfUnit;
      while (width > kernels.panelWidth && matrices * down * ceilDiv(n, width) < 4 * ctx->pool.size())
        width /= 2;
      const int64_t across = ceilDiv(n, width);
      ctx->pool.parallelForEach(matrices * down * across, [&](int64_t unit) {
        float *scratch = cpu::threadScratch(kernels.gemmScratch(std::min(height, rows), std::min(width, n), k));
        int64_t index = unit / (down * across), row = unit / across % down * height, column = unit % across * width;
        piece(matrix + index, first + row, std::min(height, rows - row), rowsAt(index, row), inPlace ? a.row : 0, column,
              std::min(n, column + width), scratch);
      });
    }
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
    auto resultAt = [&](int64_t index, int64_t row) {
      return static_cast<char *>(c) + (index * c_batch + row * c_row) * element;
    };
    auto rightAt = [&](int64_t index) { return cpu::MatrixView{right.at(index, element), right.row, right.col}; };
    if (m <= fewRows) {
      left = denseF32(ctx, type, left, batch, m, k);
      return overColumns(ctx, batch, n, k * element, [&](int64_t index, int64_t begin, int64_t end) {
        const float *x = reinterpret_cast<const float *>(left.at(index, sizeof(float)));
        kernels.gemmFewRows(type, m, k, x, left.row, rightAt(index), begin, end, resultAt(index, 0), c_row, accumulate);
      });
    }
    overBlocks(
        ctx, type, left, batch, m, n, k,
        [&](int64_t index, int64_t row, int64_t rows, const float *x, int64_t xRow, int64_t begin, int64_t end, float *scratch) {
          kernels.gemmBlock(type, rows, k, x, xRow, rightAt(index), begin, end, resultAt(index, row), c_row, accumulate, scratch);
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
    const char *right = static_cast<const char *>(b);
    float *result = static_cast<float *>(c);
    if (m <= fewRows) {
      // A block of a few bits takes longer than its bytes do.
      return overColumns(ctx, 1, n, std::max(rowBytes, k * 3 / 2), [&](int64_t, int64_t begin, int64_t end) {
        kernels.storedFewRows(stored, m, k, static_cast<const float *>(a), a_row, right, rowBytes, begin, end, result, c_row);
      });
    }
    overBlocks(ctx, tp::DType::F32, {a, 0, a_row, 1}, 1, m, n, k,
               [&](int64_t, int64_t row, int64_t rows, const float *x, int64_t xRow, int64_t begin, int64_t end, float *scratch) {
                 kernels.storedBlock(stored, rows, k, x, xRow, right, rowBytes, begin, end, result + row * c_row, c_row, scratch);
               });
  });
}
