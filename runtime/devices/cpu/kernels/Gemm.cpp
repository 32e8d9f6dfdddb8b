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
  if (row == 1) {
    for (; columns >= 4; columns -= 4, b += 4 * col, c += 4)
      dotsForRows<T, 4>(m, k, a, aRow, b, col, c, cRow, accumulate);
    for (; columns > 0; --columns, b += col, ++c)
      dotsForRows<T, 1>(m, k, a, aRow, b, col, c, cRow, accumulate);
    return;
  }
  for (; m >= 4; m -= 4, a += 4 * aRow, c += 4 * cRow)
    rowsTimes<T, 4>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  if (m == 3)
    rowsTimes<T, 3>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  else if (m == 2)
    rowsTimes<T, 2>(k, a, aRow, b, row, c, cRow, columns, accumulate);
  else if (m == 1)
    rowsTimes<T, 1>(k, a, aRow, b, row, c, cRow, columns, accumulate);
}

/// A panel of up to `depthPerBlock` rows of b stays in the first cache while all rows of a pass; sums of what is left of k
/// wait in `sums`, so that c is rounded once.
constexpr int64_t depthPerBlock = 320;

template <class T>
void block(int64_t m, int64_t k, const float *a, int64_t aRow, const T *b, int64_t row, int64_t col, T *c, int64_t cRow,
           int64_t columns, bool accumulate, float *scratch) {
  float *panel = scratch, *sums = scratch + depthPerBlock * panelWidth;
  for (int64_t j = 0; j < columns; j += panelWidth) {
    int64_t width = columns - j < panelWidth ? columns - j : panelWidth, first = 0;
    do {
      int64_t depth = k - first < depthPerBlock ? k - first : depthPerBlock;
      bool last = first + depth >= k;
      packPanel(depth, b + j * col + first * row, row, col, width, panel);
      for (int64_t i = 0; i < m; i += rowsPerStep)
        withRows(m - i < rowsPerStep ? m - i : rowsPerStep, [&](auto rows) {
          Vec acc[rows][vectorsPerPanel] = {};
          if (first > 0)
            std::memcpy(acc, sums + i * panelWidth, sizeof acc);
          multiplyPanel<rows>(depth, a + i * aRow + first, aRow, panel, panelWidth, acc);
          if (!last) {
            std::memcpy(sums + i * panelWidth, acc, sizeof acc);
            return;
          }
          for (int64_t r = 0; r < rows; ++r)
            for (int64_t v = 0; v < vectorsPerPanel && v * lanes < width; ++v)
              putVector(c + (i + r) * cRow + j + v * lanes, width - v * lanes, acc[r][v], accumulate);
        });
      first += depth;
    } while (first < k);
  }
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

int64_t gemmScratch(int64_t m) { return depthPerBlock * panelWidth + (m + rowsPerStep) * panelWidth; }

void gemmBlock(tp::DType type, int64_t m, int64_t k, const float *a, int64_t aRow, MatrixView b, int64_t begin, int64_t end,
               void *c, int64_t cRow, bool accumulate, float *scratch) {
  withFloatType(type, [&](auto tag) {
    using T = decltype(tag);
    block(m, k, a, aRow, static_cast<const T *>(b.data) + begin * b.col, b.row, b.col, static_cast<T *>(c) + begin, cRow,
          end - begin, accumulate, scratch);
  });
}

} // namespace TPRT_KERNELS
