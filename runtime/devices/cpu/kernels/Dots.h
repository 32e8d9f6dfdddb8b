// Few rows of a times a matrix whose columns are contiguous in memory (a weight stored [out, in]): M x N dot products at
// once, as fast as memory gives the weight.
//
// How the weight's elements are stored is a Format: `expand` makes one step of consecutive elements into vectors of f32.
// Quantised blocks are expanded in registers to exactly the f32 that tp::dequantize gives (scale and quant have 18 bits
// together, so their product is exact), and summed in the same sixteen lanes in the same order as plain f32: a weight that
// is kept as it is in its file gives the bits that its expanded copy would.
#pragma once
#include "devices/cpu/kernels/Vector.h"

#include <immintrin.h>

namespace TPRT_KERNELS {

/// A block's first two halves as floats.
struct Scales {
  float first, second;
};

/// Elements that are plain numbers: one vector a step; the rest of a row may be shorter.
template <class T> struct Plain {
  static constexpr int64_t elements = lanes, bytes = lanes * sizeof(T), vectors = 1, ahead = 1;
  static constexpr bool scaled = false;
  static void expand(const char *step, Scales, Vec (&out)[1]) { out[0] = load(reinterpret_cast<const T *>(step)); }
  static Vec expandSome(const char *step, int64_t count) { return loadSome(reinterpret_cast<const T *>(step), count); }
};

/// A quantised block of 32 elements along the row, which begins with an f16 scale; rows are whole blocks. `expand` is given
/// the block's first two halves as floats.
struct Block32 {
  static constexpr int64_t elements = 32, vectors = 2, ahead = 1;
  static constexpr bool scaled = true;
  static Vec expandSome(const char *, int64_t) { return Vec{}; }
};

/// Sixteen bytes of two quants each, low halves elements 0 to 15, high halves 16 to 31. Quant q becomes q * scale + least.
inline void expandNibbles(const char *quants, float scale, float least, float zero, Vec (&out)[2]) {
  constexpr Vec counted = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#if defined(__AVX512F__)
  // A table of the sixteen values; the permutation looks at the low four bits of each index only.
  Vec table = (counted - zero) * scale + least;
  __m512i index = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(quants)));
  out[0] = (Vec)_mm512_permutexvar_ps(index, (__m512)table);
  out[1] = (Vec)_mm512_permutexvar_ps(_mm512_srli_epi32(index, 4), (__m512)table);
#else
  (void)counted;
  typedef uint8_t Bytes __attribute__((vector_size(16)));
  Bytes both;
  std::memcpy(&both, quants, sizeof both);
  out[0] = (__builtin_convertvector(__builtin_convertvector(both & 15, IntVec), Vec) - zero) * scale + least;
  out[1] = (__builtin_convertvector(__builtin_convertvector(both >> 4, IntVec), Vec) - zero) * scale + least;
#endif
}

/// f16 scale, f16 least value, nibbles.
struct Q4_1 : Block32 {
  static constexpr int64_t bytes = 20;
#if defined(__AVX512F__)
  static constexpr int64_t ahead = 4;
#endif
  static void expand(const char *block, const Scales &scales, Vec (&out)[2]) {
    expandNibbles(block + 4, scales.first, scales.second, 0, out);
  }
};

/// f16 scale, nibbles that mean themselves minus 8. (Adding -0 changes no value.)
struct Q4_0 : Block32 {
  static constexpr int64_t bytes = 18;
  static void expand(const char *block, const Scales &scales, Vec (&out)[2]) {
    expandNibbles(block + 2, scales.first, -0.0f, 8, out);
  }
};

/// f16 scale, 32 signed bytes.
struct Q8_0 : Block32 {
  static constexpr int64_t bytes = 34;
  static void expand(const char *block, const Scales &scales, Vec (&out)[2]) {
    typedef int8_t Bytes __attribute__((vector_size(16)));
    for (int64_t i = 0; i < 2; ++i) {
      Bytes quants;
      std::memcpy(&quants, block + 2 + 16 * i, sizeof quants);
      out[i] = __builtin_convertvector(__builtin_convertvector(quants, IntVec), Vec) * scales.first;
    }
  }
};

/// From memory a broadcast is a load and nothing else; from a register it would take the one port that shuffles need.
template <int64_t Count> inline void keepInMemory(Scales (&scales)[Count]) { asm("" : "+m"(scales)); }

/// scales[j * Format::ahead + i] of block i < `blocks` <= Format::ahead of column j < N <= 4.
template <class Format, int64_t N, int64_t Count>
inline void loadScales(const char *block, int64_t columnBytes, int64_t blocks, Scales (&scales)[Count]) {
#if defined(__AVX512F__)
  if constexpr (Format::ahead == 4) {
    // Four blocks of five words: one permutation finds the first words of the blocks of two columns.
    __mmask16 mask = static_cast<__mmask16>((1 << Format::bytes / 4 * blocks) - 1);
    __m512i index = _mm512_castsi256_si512(_mm256_setr_epi32(0, 5, 10, 15, 16, 21, 26, 31));
    for (int64_t j = 0; j < N; j += 2) {
      __m512i one = _mm512_maskz_loadu_epi32(mask, block + j * columnBytes), other = one;
      if (j + 1 < N)
        other = _mm512_maskz_loadu_epi32(mask, block + (j + 1) * columnBytes);
      __m256i pairs = _mm512_castsi512_si256(_mm512_permutex2var_epi32(one, index, other));
      if (j + 1 < N)
        _mm512_storeu_ps(&scales[4 * j].first, _mm512_cvtph_ps(pairs));
      else
        _mm256_storeu_ps(&scales[4 * j].first, _mm256_cvtph_ps(_mm256_castsi256_si128(pairs)));
    }
    return keepInMemory(scales);
  }
#endif
  auto pair = [&](int64_t j) {
    int32_t bits = 0;
    if (j < N)
      std::memcpy(&bits, block + j * columnBytes, sizeof bits);
    return bits;
  };
  __m256 floats = _mm256_cvtph_ps(_mm_setr_epi32(pair(0), pair(1), pair(2), pair(3)));
  std::memcpy(scales, &floats, N * sizeof(Scales));
  keepInMemory(scales);
}

/// sum() of four vectors, with the same order of additions.
inline void sumsOfFour(const Vec *v, float *out) {
  typedef float Quarter __attribute__((vector_size(16)));
  typedef float Half __attribute__((vector_size(32)));
  Quarter q[4];
  for (int64_t j = 0; j < 4; ++j) {
    Half half = __builtin_shufflevector(v[j], v[j], 0, 1, 2, 3, 4, 5, 6, 7) +
                __builtin_shufflevector(v[j], v[j], 8, 9, 10, 11, 12, 13, 14, 15);
    q[j] = __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
  }
  Quarter low01 = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5), low23 = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5);
  Quarter high01 = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7), high23 = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
  Quarter even = __builtin_shufflevector(low01, low23, 0, 1, 4, 5) + __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  Quarter odd = __builtin_shufflevector(low01, low23, 2, 3, 6, 7) + __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
  Quarter all = even + odd;
  std::memcpy(out, &all, sizeof all);
}

/// sum() of sixteen vectors, with the same order of additions.
inline Vec sumsOfSixteen(const Vec *v) {
  Vec eight[8], four[4], two[2];
  for (int64_t j = 0; j < 8; ++j)
    eight[j] = __builtin_shufflevector(v[j], v[j + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
               __builtin_shufflevector(v[j], v[j + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  for (int64_t j = 0; j < 4; ++j)
    four[j] = __builtin_shufflevector(eight[j], eight[j + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
              __builtin_shufflevector(eight[j], eight[j + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  for (int64_t j = 0; j < 2; ++j)
    two[j] = __builtin_shufflevector(four[j], four[j + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
             __builtin_shufflevector(four[j], four[j + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  return __builtin_shufflevector(two[0], two[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
         __builtin_shufflevector(two[0], two[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}

/// Calls done(i, j, sum over p of a[i, p] * b[p, j]) for M rows and N columns; column j of b begins at b + j * columnBytes.
template <class Format, int64_t M, int64_t N, class Done>
inline void dots(int64_t k, const float *a, int64_t aRow, const char *b, int64_t columnBytes, Done &&done) {
  Vec total[M][N] = {};
  constexpr int64_t ahead = Format::ahead;
  int64_t steps = k / Format::elements, p = 0;
  auto numberFrom = [&](int64_t first) { return ahead == 1 || steps - first >= ahead ? ahead : steps - first; };
  // Scales are converted while the blocks before theirs are multiplied: what was stored just now is slow to load.
  Scales converted[2][N * ahead];
  auto convertFrom = [&](int64_t first) {
    if constexpr (Format::scaled)
      if (first < steps)
        loadScales<Format, N>(b + first * Format::bytes, columnBytes, numberFrom(first), converted[first / ahead % 2]);
  };
  convertFrom(0);
  for (int64_t first = 0; first < steps; first += ahead) {
    convertFrom(first + ahead);
    const Scales *scales = converted[first / ahead % 2];
    const char *step = b + first * Format::bytes;
    for (int64_t s = 0, number = numberFrom(first); s < number; ++s, step += Format::bytes, p += Format::elements) {
      // The next columns: short rows end before the processor has seen which way they go. Nearer than this and they come late.
      const char *next = b + (N * columnBytes > 3072 ? N * columnBytes : 3072) + (step - b) * N;
      for (int64_t line = 0; line < N * Format::bytes; line += 64)
        __builtin_prefetch(next + line);
      for (int64_t j = 0; j < N; ++j) {
        Vec right[Format::vectors];
        Format::expand(step + j * columnBytes, scales[ahead * j + s], right);
        for (int64_t i = 0; i < M; ++i)
          for (int64_t v = 0; v < Format::vectors; ++v)
            total[i][j] += load(a + i * aRow + p + v * lanes) * right[v];
      }
    }
  }
  if (p < k)
    for (int64_t j = 0; j < N; ++j) {
      Vec right = Format::expandSome(b + j * columnBytes + p / Format::elements * Format::bytes, k - p);
      for (int64_t i = 0; i < M; ++i)
        total[i][j] += loadSome(a + i * aRow + p, k - p) * right;
    }
  // Sums of lanes cost as much as a few steps, so many are made at once.
  const Vec *all = &total[0][0];
  if constexpr (M * N == 16) {
    float sums[16];
    store(sums, sumsOfSixteen(all));
    for (int64_t r = 0; r < 16; ++r)
      done(r / N, r % N, sums[r]);
    return;
  }
  int64_t at = 0;
  for (; at + 4 <= M * N; at += 4) {
    float sums[4];
    sumsOfFour(all + at, sums);
    for (int64_t r = 0; r < 4; ++r)
      done((at + r) / N, (at + r) % N, sums[r]);
  }
  for (; at < M * N; ++at)
    done(at / N, at % N, sum(all[at]));
}

/// How many columns are summed at once beside M rows, so that all sums stay in registers.
#if defined(__AVX512F__)
template <int64_t M> constexpr int64_t columnsBeside = M >= 8 ? 2 : 4;
constexpr int64_t mostRows = 8;
#else
template <int64_t M> constexpr int64_t columnsBeside = M >= 4 ? 1 : M == 2 ? 2 : 4;
constexpr int64_t mostRows = 4;
#endif

/// The same for m rows and all of `columns`. What is read once for some rows is near for the next ones.
template <class Format, class Done>
inline void dotsForColumns(int64_t m, int64_t k, const float *a, int64_t aRow, const char *b, int64_t columnBytes,
                           int64_t columns, Done &&done) {
  constexpr int64_t columnsAtOnce = 16;
  for (int64_t first = 0; first < columns; first += columnsAtOnce) {
    int64_t last = columns - first < columnsAtOnce ? columns : first + columnsAtOnce, row = 0;
    auto rows = [&](auto count) {
      constexpr int64_t M = count.value, N = columnsBeside<M>;
      int64_t column = first;
      auto place = [&](int64_t i, int64_t j, float value) { done(row + i, column + j, value); };
      for (; column + N <= last; column += N)
        dots<Format, M, N>(k, a + row * aRow, aRow, b + column * columnBytes, columnBytes, place);
      for (; column < last; ++column)
        dots<Format, M, 1>(k, a + row * aRow, aRow, b + column * columnBytes, columnBytes, place);
      row += M;
    };
    while (m - row >= mostRows)
      rows(std::integral_constant<int64_t, mostRows>{});
    if (m - row >= 4)
      rows(std::integral_constant<int64_t, 4>{});
    if (m - row >= 2)
      rows(std::integral_constant<int64_t, 2>{});
    if (m - row == 1)
      rows(std::integral_constant<int64_t, 1>{});
  }
}

} // namespace TPRT_KERNELS
