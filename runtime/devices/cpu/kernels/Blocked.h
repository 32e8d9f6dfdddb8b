// Many rows of a times b, which is packed, whatever it is packed from.
//
// Rows of a are read where they lie, or from strips of eight, [k][rowsOfStrip]: one stream instead of eight, and one page of
// memory instead of one for every row. b is packed one block of its depth at a time, in panels (Panel.h), and used for all rows; while the rows of a pass
// (second cache) meet one panel, the sums of the blocks before wait in `sums`: each element is summed over k in order, and c
// is rounded once.
#pragma once
#include "devices/cpu/kernels/Panel.h"

#include <array>
#include <utility>

namespace TPRT_KERNELS {

/// A strip times a panel is one tile of c, whose sums fill the registers. Eight rows load 11 times for 24 products, twelve
/// rows of two vectors 14 times.
#ifdef __AVX512F__
constexpr int64_t rowsOfStrip = 8, vectorsOfPanel = 3;
#else
constexpr int64_t rowsOfStrip = 6, vectorsOfPanel = 1;
#endif
constexpr int64_t columnsOfPanel = vectorsOfPanel * lanes;
/// Depth of a block: at most `mostDepth`, all blocks about alike (more blocks put sums away more often). A multiple of
/// `depthStep`, so that blocks begin with a whole block of a stored format.
constexpr int64_t mostDepth = 768, depthStep = 32;
/// Rows of a that pass one panel after another: their part of a block's depth stays in the second cache.
constexpr int64_t rowsPerPass = 96;
static_assert(rowsPerPass % rowsOfStrip == 0);

inline int64_t depthPerBlock(int64_t k) {
  int64_t blocks = k <= mostDepth ? 1 : (k + mostDepth - 1) / mostDepth;
  return ((k + blocks - 1) / blocks + depthStep - 1) / depthStep * depthStep;
}

/// strip[p][i] = element (i, p) of a for i < rows, 0 for the rest of the strip; writes k * rowsOfStrip floats.
template <class T> inline void packStrip(int64_t k, const T *a, int64_t row, int64_t col, int64_t rows, float *strip) {
  // Vectors are longer than a strip is wide: what one writes beyond its row, the next overwrites. The last ones go through `tail`.
  float tail[16 * lanes];
  for (int64_t p = 0; p < k; p += lanes) {
    int64_t depth = k - p < lanes ? k - p : lanes;
    bool atEnd = p + 2 * lanes > k;
    float *to = atEnd ? tail : strip + p * rowsOfStrip;
    if (col == 1) {
      Vec block[16];
      for (int64_t i = 0; i < 16; ++i) {
        const T *from = a + i * row + p;
        block[i] = i >= rows || i >= rowsOfStrip ? Vec{} : depth == lanes ? load(from) : loadSome(from, depth);
      }
      storeTransposed(block, to, atEnd ? lanes : rowsOfStrip);
    } else {
      for (int64_t d = 0; d < depth; ++d) {
        // Of a whole strip sixteen rows may be read as long as another column follows.
        const T *from = a + (p + d) * col;
        bool whole = rows == rowsOfStrip && col >= lanes && p + d + 1 < k;
        store(to + d * (atEnd ? lanes : rowsOfStrip), whole ? load(from) : loadSome(from, rows));
      }
    }
    for (int64_t d = 0; atEnd && d < depth; ++d)
      std::memcpy(strip + (p + d) * rowsOfStrip, tail + d * lanes, rowsOfStrip * sizeof(float));
  }
}

/// sums[M][V * lanes] = or += a[M, depth] * panel[depth][V * lanes]; a is part of a strip (Packed) or has rows aRow apart.
template <int64_t M, int64_t V, bool Packed>
void multiplyTile(int64_t depth, const float *a, int64_t aRow, const float *panel, float *sums, bool first) {
  Vec acc[M][V] = {};
  if (!first)
    std::memcpy(acc, sums, sizeof acc);
  multiplyPanel(depth, a, Packed ? 1 : aRow, Packed ? rowsOfStrip : 1, panel, acc);
  std::memcpy(sums, acc, sizeof acc);
}

using Tile = void (*)(int64_t depth, const float *a, int64_t aRow, const float *panel, float *sums, bool first);

/// The multiplyTile of so many rows and vectors.
template <bool Packed> inline Tile tileOf(int64_t rows, int64_t vectors) {
  static constexpr auto table = []<int64_t... Index>(std::integer_sequence<int64_t, Index...>) {
    return std::array<Tile, sizeof...(Index)>{multiplyTile<Index / vectorsOfPanel + 1, Index % vectorsOfPanel + 1, Packed>...};
  }(std::make_integer_sequence<int64_t, rowsOfStrip * vectorsOfPanel>());
  return table[(rows - 1) * vectorsOfPanel + vectors - 1];
}

template <class T> inline void putVector(T *c, int64_t columns, Vec value, bool accumulate) {
  if (columns >= lanes)
    return store(c, accumulate ? load(c) + value : value);
  storeSome(c, columns, accumulate ? loadSome(c, columns) + value : value);
}

/// Floats of `scratch` for a product of m rows and so many columns over k.
inline int64_t blockedScratch(int64_t m, int64_t columns, int64_t k) {
  int64_t width = (columns + columnsOfPanel - 1) / columnsOfPanel * columnsOfPanel, depth = depthPerBlock(k);
  return width * depth + (depth < k ? (m + rowsOfStrip - 1) / rowsOfStrip * rowsOfStrip * width : rowsOfStrip * columnsOfPanel);
}

/// c[m, columns] (+)= a[m, k] * b; rows of a lie aRow apart, or with aRow 0 in strips
/// (packStrip), strip s at a + s * rowsOfStrip * k. `pack(first, depth, column,
/// width, vectors, panel)` makes a panel of so many vectors of the rows [first, first + depth) and the columns [column,
/// column + width) of b; `first` is a multiple of depthStep. `scratch` holds blockedScratch(m, columns, k) floats.
template <class T, class Pack>
inline void multiplyBlocked(int64_t m, int64_t k, const float *a, int64_t aRow, T *c, int64_t cRow, int64_t columns,
                            bool accumulate, float *scratch, Pack &&pack) {
  const int64_t panels = (columns + columnsOfPanel - 1) / columnsOfPanel, mostOfBlock = depthPerBlock(k);
  float *block = scratch, *sums = scratch + panels * columnsOfPanel * mostOfBlock;
  auto widthOf = [&](int64_t j) {
    return columns - j * columnsOfPanel < columnsOfPanel ? columns - j * columnsOfPanel : columnsOfPanel;
  };
  int64_t first = 0;
  do {
    const int64_t depth = k - first < mostOfBlock ? k - first : mostOfBlock;
    const bool last = first + depth >= k;
    for (int64_t j = 0; j < panels; ++j)
      pack(first, depth, j * columnsOfPanel, widthOf(j), (widthOf(j) + lanes - 1) / lanes, block + j * columnsOfPanel * depth);
    for (int64_t pass = 0; pass < m; pass += rowsPerPass)
      for (int64_t j = 0; j < panels; ++j)
        for (int64_t i = pass; i < m && i < pass + rowsPerPass; i += rowsOfStrip) {
          const int64_t rows = m - i < rowsOfStrip ? m - i : rowsOfStrip, width = widthOf(j),
                        vectors = (width + lanes - 1) / lanes;
          // The sums of a product without further blocks wait nowhere: one tile serves all.
          float *tile = mostOfBlock < k ? sums + (i / rowsOfStrip * panels + j) * rowsOfStrip * columnsOfPanel : sums;
          const float *panel = block + j * columnsOfPanel * depth;
          if (aRow == 0)
            tileOf<true>(rows, vectors)(depth, a + i * k + first * rowsOfStrip, 0, panel, tile, first == 0);
          else
            tileOf<false>(rows, vectors)(depth, a + i * aRow + first, aRow, panel, tile, first == 0);
          for (int64_t r = 0; last && r < rows; ++r)
            for (int64_t v = 0; v < vectors; ++v)
              putVector(c + (i + r) * cRow + j * columnsOfPanel + v * lanes, width - v * lanes,
                        load(tile + (r * vectors + v) * lanes), accumulate);
        }
    first += depth;
  } while (first < k);
}

} // namespace TPRT_KERNELS
