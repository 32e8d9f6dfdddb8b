// The heart of every matrix product here: rows of a, broadcast, times a panel of b that is a few vectors wide.
//
// The sums stay in registers (AVX-512: 24 of 32). A panel holds b as [k][width], dense, so it is read from the first or second
// cache once for all those rows of a. Each element's sum runs over k in order.
#pragma once
#include "devices/cpu/kernels/Vector.h"

namespace TPRT_KERNELS {

/// Of attention, where a is small and lies in the first cache: rows of a at a time, and vectors of a panel.
#ifdef __AVX512F__
constexpr int64_t rowsPerStep = 12, vectorsPerPanel = 2;
#else
constexpr int64_t rowsPerStep = 6, vectorsPerPanel = 1;
#endif
constexpr int64_t panelWidth = vectorsPerPanel * lanes;

/// acc += a[M, k] * panel[k, V * lanes]; a's element (i, p) at a[i * aRow + p * aStep].
template <int64_t M, int64_t V>
inline void multiplyPanel(int64_t k, const float *a, int64_t aRow, int64_t aStep, const float *panel, Vec (&acc)[M][V]) {
  Vec total[M][V];
  for (int64_t i = 0; i < M; ++i)
    for (int64_t v = 0; v < V; ++v)
      total[i][v] = acc[i][v];
  for (int64_t p = 0; p < k; ++p) {
    Vec column[V];
    for (int64_t v = 0; v < V; ++v)
      column[v] = load(panel + (p * V + v) * lanes);
    for (int64_t i = 0; i < M; ++i) {
      Vec value = splat(a[i * aRow + p * aStep]);
      for (int64_t v = 0; v < V; ++v)
        total[i][v] += value * column[v];
    }
  }
  for (int64_t i = 0; i < M; ++i)
    for (int64_t v = 0; v < V; ++v)
      acc[i][v] = total[i][v];
}

/// Calls f(integral constant M) with M = rows, 1 <= rows <= rowsPerStep.
template <int64_t M = rowsPerStep, class F> inline void withRows(int64_t rows, F &&f) {
  if constexpr (M >= 1) {
    if (rows == M)
      return f(std::integral_constant<int64_t, M>{});
    withRows<M - 1>(rows, f);
  }
}

/// Writes a 16 x 16 block transposed: out[j * outRow + i] = rows[i][j].
inline void storeTransposed(Vec (&rows)[16], float *out, int64_t outRow) {
  // Four rounds of pairwise exchange; after round s, lane bit s and row bit s have changed places.
  for (int64_t distance = 8; distance >= 1; distance /= 2)
    for (int64_t i = 0; i < 16; ++i) {
      if (i & distance)
        continue;
      Vec a = rows[i], b = rows[i + distance];
      switch (distance) {
      case 8:
        rows[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        rows[i + 8] = __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
        break;
      case 4:
        rows[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
        rows[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
        break;
      case 2:
        rows[i] = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        rows[i + 2] = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        break;
      default:
        rows[i] = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
        rows[i + 1] = __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
      }
    }
  for (int64_t j = 0; j < 16; ++j)
    store(out + j * outRow, rows[j]);
}

/// panel[p][j] = element (p, j) of b for j < columns, 0 for the rest of the panel, which is `vectors` wide.
template <class T>
inline void packPanel(int64_t k, const T *b, int64_t row, int64_t col, int64_t columns, int64_t vectors, float *panel) {
  const int64_t width = vectors * lanes;
  if (col == 1) {
    for (int64_t p = 0; p < k; ++p)
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t left = columns - v * lanes;
        const T *from = b + p * row + v * lanes;
        store(panel + p * width + v * lanes, left >= lanes ? load(from) : left > 0 ? loadSome(from, left) : Vec{});
      }
    return;
  }
  // Columns are contiguous (row == 1): sixteen of them at a time, transposed in registers.
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t p = 0; p < k; p += lanes) {
      int64_t depth = k - p < lanes ? k - p : lanes;
      Vec block[16];
      for (int64_t j = 0; j < 16; ++j) {
        const T *from = b + (v * lanes + j) * col + p;
        block[j] = v * lanes + j >= columns ? Vec{} : depth == lanes ? load(from) : loadSome(from, depth);
      }
      if (depth == lanes) {
        storeTransposed(block, panel + p * width + v * lanes, width);
      } else {
        float tail[16 * 16];
        storeTransposed(block, tail, 16);
        for (int64_t i = 0; i < depth; ++i)
          std::memcpy(panel + (p + i) * width + v * lanes, tail + i * 16, 16 * sizeof(float));
      }
    }
}

} // namespace TPRT_KERNELS
