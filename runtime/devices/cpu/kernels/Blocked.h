// Many rows of a times b, through packed panels (Panel.h), whatever b is packed from.
//
// A panel of up to `depthPerBlock` rows of b stays in the first cache while all rows of a pass; sums of what is left of k
// wait in `sums`, so that c is rounded once.
#pragma once
#include "devices/cpu/kernels/Panel.h"

namespace TPRT_KERNELS {

constexpr int64_t depthPerBlock = 320;

template <class T> inline void putVector(T *c, int64_t columns, Vec value, bool accumulate) {
  if (columns >= lanes)
    return store(c, accumulate ? load(c) + value : value);
  storeSome(c, columns, accumulate ? loadSome(c, columns) + value : value);
}

/// c[m, columns] (+)= a[m, k] * b. `pack(first, depth, column, width, panel)` makes a panel of the rows [first, first + depth)
/// and the columns [column, column + width) of b; `first` is a multiple of depthPerBlock. `scratch` holds gemmScratch(m) floats.
template <class T, class Pack>
inline void multiplyBlocked(int64_t m, int64_t k, const float *a, int64_t aRow, T *c, int64_t cRow, int64_t columns,
                            bool accumulate, float *scratch, Pack &&pack) {
  float *panel = scratch, *sums = scratch + depthPerBlock * panelWidth;
  for (int64_t j = 0; j < columns; j += panelWidth) {
    int64_t width = columns - j < panelWidth ? columns - j : panelWidth, first = 0;
    do {
      int64_t depth = k - first < depthPerBlock ? k - first : depthPerBlock;
      bool last = first + depth >= k;
      pack(first, depth, j, width, panel);
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

} // namespace TPRT_KERNELS
