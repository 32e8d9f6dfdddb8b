// Matrix products on one thread: for few rows straight from the stored matrix, as fast as memory gives it; for many rows
// through packed panels (Panel.h). f16 and bf16 are widened when they are loaded; c is rounded once.
#include "devices/cpu/kernels/Functions.h"
#include "devices/cpu/kernels/Panel.h"

namespace TPRT_KERNELS {

namespace {

template <class T> void putResult(T *c, float value, bool accumulate) { put(c, accumulate ? get(c) + value : value); }

template <class T> void putVector(T *c, int64_t columns, Vec value, bool accumulate) {
  if (columns >= lanes)
    return store(c, accumulate ? load(c) + value : value);
  storeSome(c, columns, accumulate ? loadSome(c, columns) + value : value);
}

/// Columns of b are contiguous: M x N dot products at once. The lanes' sums are added at the end.
template <class T, int64_t M, int64_t N>
void dots(int64_t k, const float *a, int64_t aRow, const T *b, int64_t col, T *c, int64_t cRow, bool accumulate) {
  Vec total[M][N] = {};
  int64_t p = 0;
  for (; p + lanes <= k; p += lanes) {
    Vec left[M];
    for (int64_t i = 0; i < M; ++i)
      left[i] = load(a + i * aRow + p);
    for (int64_t j = 0; j < N; ++j) {
      Vec right = load(b + j * col + p);
      for (int64_t i = 0; i < M; ++i)
        total[i][j] += left[i] * right;
    }
  }
  if (p < k)
    for (int64_t j = 0; j < N; ++j) {
      Vec right = loadSome(b + j * col + p, k - p);
      for (int64_t i = 0; i < M; ++i)
        total[i][j] += loadSome(a + i * aRow + p, k - p) * right;
    }
  for (int64_t i = 0; i < M; ++i)
    for (int64_t j = 0; j < N; ++j)
      putResult(c + i * cRow + j, sum(total[i][j]), accumulate);
}

template <class T, int64_t N>
void dotsForRows(int64_t m, int64_t k, const float *a, int64_t aRow, const T *b, int64_t col, T *c, int64_t cRow,
                 bool accumulate) {
  for (; m >= 4; m -= 4, a += 4 * aRow, c += 4 * cRow)
    dots<T, 4, N>(k, a, aRow, b, col, c, cRow, accumulate);
  if (m >= 2) {
    dots<T, 2, N>(k, a, aRow, b, col, c, cRow, accumulate);
    m -= 2, a += 2 * aRow, c += 2 * cRow;
  }
  if (m)
    dots<T, 1, N>(k, a, aRow, b, col, c, cRow, accumulate);
}

/// Rows of b are contiguous: M rows of c, V vectors wide, stay in registers while b streams by.
template <class T, int64_t M, int64_t V>
void rowsTimes(int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, T *c, int64_t cRow, int64_t columns,
               bool accumulate) {
  Vec total[M][V] = {};
  for (int64_t p = 0; p < k; ++p)
    for (int64_t v = 0; v < V; ++v) {
      const T *from = b + p * row + v * lanes;
      Vec right = V > 1 || columns >= lanes ? load(from) : loadSome(from, columns);
      for (int64_t i = 0; i < M; ++i)
        total[i][v] += right * a[i * aRow + p];
    }
  for (int64_t i = 0; i < M; ++i)
    for (int64_t v = 0; v < V; ++v)
      putVector(c + i * cRow + v * lanes, columns - v * lanes, total[i][v], accumulate);
}

template <class T, int64_t M>
void rowsForColumns(int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, T *c, int64_t cRow,
                    int64_t columns, bool accumulate) {
  constexpr int64_t wide = M == 1 ? 8 : 4;
  for (; columns >= wide * lanes; columns -= wide * lanes, b += wide * lanes, c += wide * lanes)
    rowsTimes<T, M, wide>(k, a, aRow, b, row, c, cRow, wide * lanes, accumulate);
  for (; columns > 0; columns -= lanes, b += lanes, c += lanes)
    rowsTimes<T, M, 1>(k, a, aRow, b, row, c, cRow, columns, accumulate);
}

template <class T>
void fewRows(int64_t m, int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, int64_t col, T *c,
             int64_t cRow, int64_t columns, bool accumulate) {
  if (row == 1) {
    for (; columns >= 4; columns -= 4, b += 4 * col, c += 4)
      dotsForRows<T, 4>(m, k, a, aRow, b, col, c, cRow, accumulate);
    for (; columns > 0; --columns, b += col, ++c)
      dotsForRows<T, 1>(m, k, a, aRow, b, col, c, cRow, accumulate);
    return;
  }
  for (; m >= 4; m -= 4, a += 4 * aRow, c += 4 * cRow)
    rowsForColumns<T, 4>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  for (; m >= 1; --m, a += aRow, c += cRow)
    rowsForColumns<T, 1>(k, a, aRow, b, row, c, cRow, columns, accumulate);
}

template <class T>
void block(int64_t m, int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, int64_t col, T *c, int64_t cRow,
           int64_t columns, bool accumulate, float *panel) {
  for (int64_t j = 0; j < columns; j += panelWidth) {
    int64_t width = columns - j < panelWidth ? columns - j : panelWidth;
    packPanel(k, b + j * col, row, col, width, panel);
    for (int64_t i = 0; i < m; i += rowsPerStep)
      withRows(m - i < rowsPerStep ? m - i : rowsPerStep, [&](auto rows) {
        Vec acc[rows][vectorsPerPanel];
        multiplyPanel<rows>(k, a + i * aRow, aRow, panel, panelWidth, acc);
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t v = 0; v < vectorsPerPanel && v * lanes < width; ++v)
            putVector(c + (i + r) * cRow + j + v * lanes, width - v * lanes, acc[r][v], accumulate);
      });
  }
}

} // namespace

void gemmFewRows(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin,
                 int64_t end, void *c, int64_t cRow, bool accumulate) {
  withFloatType(type, [&](auto tag) {
    using T = decltype(tag);
    fewRows(m, k, a, aRow, static_cast<const T *>(b.data) + begin * b.col, b.row, b.col, static_cast<T *>(c) + begin,
            cRow, end - begin, accumulate);
  });
}

void gemmBlock(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin,
               int64_t end, void *c, int64_t cRow, bool accumulate, float *panel) {
  withFloatType(type, [&](auto tag) {
    using T = decltype(tag);
    block(m, k, a, aRow, static_cast<const T *>(b.data) + begin * b.col, b.row, b.col, static_cast<T *>(c) + begin, cRow,
          end - begin, accumulate, panel);
  });
}

} // namespace TPRT_KERNELS
