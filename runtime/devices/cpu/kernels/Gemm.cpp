// Matrix products on one thread: for few rows straight from the stored matrix, as fast as memory gives it; for many rows
// through packed panels (Blocked.h). f16 and bf16 are widened when they are loaded; c is rounded once.
#include "devices/cpu/kernels/Blocked.h"
#include "devices/cpu/kernels/Dots.h"
#include "devices/cpu/kernels/Functions.h"

namespace TPRT_KERNELS {

namespace {

template <class T> void putResult(T *c, float value, bool accumulate) { put(c, accumulate ? get(c) + value : value); }

/// Rows of b are contiguous: they stream by four at a time, and are added to M rows of sums that stay in the first cache.
template <class T, int64_t M>
void rowsTimes(int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, T *c, int64_t cRow, int64_t columns,
               bool accumulate) {
  constexpr int64_t widest = 1024, depth = 4;
  for (int64_t first = 0; first < columns; first += widest) {
    int64_t width = columns - first < widest ? columns - first : widest;
    float total[M][widest];
    for (int64_t i = 0; i < M; ++i)
      std::memset(total[i], 0, (width + lanes - 1) / lanes * lanes * sizeof(float));
    auto addRows = [&](int64_t p, auto count) {
      Vec factor[M][count.value];
      for (int64_t i = 0; i < M; ++i)
        for (int64_t r = 0; r < count.value; ++r)
          factor[i][r] = splat(a[i * aRow + p + r]);
      const T *from = b + p * row + first;
      auto addColumns = [&](int64_t j, auto read) {
        Vec sums[M];
        for (int64_t i = 0; i < M; ++i)
          sums[i] = load(total[i] + j);
        for (int64_t r = 0; r < count.value; ++r) {
          Vec right = read(from + r * row + j);
          for (int64_t i = 0; i < M; ++i)
            sums[i] += factor[i][r] * right;
        }
        for (int64_t i = 0; i < M; ++i)
          store(total[i] + j, sums[i]);
      };
      int64_t j = 0;
      for (; j + lanes <= width; j += lanes)
        addColumns(j, [](const T *at) { return load(at); });
      if (j < width)
        addColumns(j, [&](const T *at) { return loadSome(at, width - j); });
    };
    int64_t p = 0;
    for (; p + depth <= k; p += depth)
      addRows(p, std::integral_constant<int64_t, depth>{});
    for (; p < k; ++p)
      addRows(p, std::integral_constant<int64_t, 1>{});
    for (int64_t i = 0; i < M; ++i)
      for (int64_t j = 0; j < width; j += lanes)
        putVector(c + i * cRow + first + j, width - j, load(total[i] + j), accumulate);
  }
}

template <class T>
void fewRows(int64_t m, int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, int64_t col, T *c, int64_t cRow,
             int64_t columns, bool accumulate) {
  if (row == 1)
    return dotsForColumns<Plain<T>>(m, k, a, aRow, reinterpret_cast<const char *>(b), col * int64_t(sizeof(T)), columns,
                                    [&](int64_t i, int64_t j, float value) { putResult(c + i * cRow + j, value, accumulate); });
  for (; m >= 4; m -= 4, a += 4 * aRow, c += 4 * cRow)
    rowsTimes<T, 4>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  if (m == 3)
    rowsTimes<T, 3>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  else if (m == 2)
    rowsTimes<T, 2>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  else if (m == 1)
    rowsTimes<T, 1>(k, a, aRow, b, row, c, cRow, columns, accumulate);
}

} // namespace

void gemmFewRows(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin, int64_t end,
                 void *c, int64_t cRow, bool accumulate) {
  withFloatType(type, [&](auto tag) {
    using T = decltype(tag);
    fewRows(m, k, a, aRow, static_cast<const T *>(b.data) + begin * b.col, b.row, b.col, static_cast<T *>(c) + begin, cRow,
            end - begin, accumulate);
  });
}

int64_t gemmScratch(int64_t m, int64_t columns, int64_t k) { return blockedScratch(m, columns, k); }

void packRows(tp::DType type, int64_t k, const void *a, int64_t row, int64_t col, int64_t rows, float *packed) {
  withFloatType(type, [&](auto tag) {
    const auto *from = static_cast<const decltype(tag) *>(a);
    for (int64_t i = 0; i < rows; i += rowsOfStrip)
      packStrip(k, from + i * row, row, col, rows - i < rowsOfStrip ? rows - i : rowsOfStrip, packed + i * k);
  });
}

void gemmBlock(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin, int64_t end,
               void *c, int64_t cRow, bool accumulate, float *scratch) {
  withFloatType(type, [&](auto tag) {
    using T = decltype(tag);
    const T *from = static_cast<const T *>(b.data) + begin * b.col;
    multiplyBlocked(m, k, a, aRow, static_cast<T *>(c) + begin, cRow, end - begin, accumulate, scratch,
                    [&](int64_t first, int64_t depth, int64_t column, int64_t width, int64_t vectors, float *panel) {
                      packPanel(depth, from + column * b.col + first * b.row, b.row, b.col, width, vectors, panel);
                    });
  });
}

} // namespace TPRT_KERNELS
