// Matrix products with a weight that is kept as it is in its file, on one thread: expanded to f32 in registers for few
// rows, on the way into packed panels for many.
#include "devices/cpu/kernels/Blocked.h"
#include "devices/cpu/kernels/Dots.h"
#include "devices/cpu/kernels/Functions.h"

namespace TPRT_KERNELS {

namespace {

/// panel[p][j] = element p of row j of b for j < columns, 0 for the rest of the panel, which is `vectors` wide.
template <class Format>
void packStored(int64_t k, const char *b, int64_t rowBytes, int64_t columns, int64_t vectors, float *panel) {
  const int64_t width = vectors * lanes;
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t p = 0; p < k; p += Format::elements) {
      Vec block[Format::vectors][16];
      for (int64_t j = 0; j < 16; ++j) {
        Vec step[Format::vectors] = {};
        const char *from = b + (v * lanes + j) * rowBytes + p / Format::elements * Format::bytes;
        if (v * lanes + j < columns) {
          Scales scales[Format::ahead];
          if constexpr (Format::scaled)
            loadScales<Format, 1>(from, 0, 1, scales);
          if (k - p >= Format::elements)
            Format::expand(from, scales[0], step);
          else
            step[0] = Format::expandSome(from, k - p);
        }
        for (int64_t i = 0; i < Format::vectors; ++i)
          block[i][j] = step[i];
      }
      for (int64_t i = 0; i < Format::vectors; ++i) {
        float *to = panel + (p + i * lanes) * width + v * lanes;
        if (k - p - i * lanes >= lanes) {
          storeTransposed(block[i], to, width);
          continue;
        }
        float tail[16 * 16];
        storeTransposed(block[i], tail, 16);
        for (int64_t r = 0; r < k - p - i * lanes; ++r)
          std::memcpy(to + r * width, tail + r * 16, 16 * sizeof(float));
      }
    }
}

template <class F> void withFormat(tp::StoredFormat format, F &&f) {
  switch (format) {
  case tp::StoredFormat::F16:
    return f(Plain<F16>{});
  case tp::StoredFormat::BF16:
    return f(Plain<Bf16>{});
  case tp::StoredFormat::Q8_0:
    return f(Q8_0{});
  case tp::StoredFormat::Q4_0:
    return f(Q4_0{});
  case tp::StoredFormat::Q4_1:
    return f(Q4_1{});
  }
}

} // namespace

void storedFewRows(tp::StoredFormat format, int64_t m, int64_t k, const float *a, int64_t aRow, const char *b, int64_t rowBytes,
                   int64_t begin, int64_t end, float *c, int64_t cRow) {
  withFormat(format, [&](auto tag) {
    dotsForColumns<decltype(tag)>(m, k, a, aRow, b + begin * rowBytes, rowBytes, end - begin,
                                  [&](int64_t i, int64_t j, float value) { c[i * cRow + begin + j] = value; });
  });
}

void storedBlock(tp::StoredFormat format, int64_t m, int64_t k, const float *a, int64_t aRow, const char *b, int64_t rowBytes,
                 int64_t begin, int64_t end, float *c, int64_t cRow, float *scratch) {
  withFormat(format, [&](auto tag) {
    using Format = decltype(tag);
    static_assert(depthStep % Format::elements == 0, "a panel begins with a whole block");
    multiplyBlocked(m, k, a, aRow, c + begin, cRow, end - begin, false, scratch,
                    [&](int64_t first, int64_t depth, int64_t column, int64_t width, int64_t vectors, float *panel) {
                      packStored<Format>(depth, b + (begin + column) * rowBytes + first / Format::elements * Format::bytes,
                                         rowBytes, width, vectors, panel);
                    });
  });
}

} // namespace TPRT_KERNELS
