// Norms, softmax and rotary embedding, a row at a time. f64 has plain loops of its own: it is for checking, not for speed.
#include "devices/cpu/kernels/Functions.h"

#include <cmath>

namespace TPRT_KERNELS {

namespace {

/// Runs f(first, width, values) over a row of n elements, sixteen at a time; lanes beyond the row are `rest`.
template <class T, class F> inline void overRow(const T *x, int64_t n, float rest, F &&f) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    f(i, lanes, load(x + i));
  if (i < n)
    f(i, n - i, loadSome(x + i, n - i, rest));
}

template <class T> inline Vec part(const T *x, int64_t i, int64_t width) {
  return width == lanes ? load(x + i) : loadSome(x + i, width);
}

template <class T> inline void putPart(T *x, int64_t i, int64_t width, Vec value) {
  if (width == lanes)
    store(x + i, value);
  else
    storeSome(x + i, width, value);
}

template <class T> void rmsNormRow(const T *x, const T *weight, T *out, int64_t n, double eps) {
  Vec squares = {};
  overRow(x, n, 0, [&](int64_t, int64_t, Vec v) { squares += v * v; });
  float factor = static_cast<float>(1.0 / std::sqrt(double(sum(squares)) / double(n) + eps));
  overRow(x, n, 0, [&](int64_t i, int64_t width, Vec v) {
    putPart(out, i, width, weight ? v * factor * part(weight, i, width) : v * factor);
  });
}

void rmsNormRow(const double *x, const double *weight, double *out, int64_t n, double eps) {
  double squares = 0;
  for (int64_t i = 0; i < n; ++i)
    squares += x[i] * x[i];
  double factor = 1 / std::sqrt(squares / double(n) + eps);
  for (int64_t i = 0; i < n; ++i)
    out[i] = x[i] * factor * (weight ? weight[i] : 1);
}

template <class T> void layerNormRow(const T *x, const T *weight, const T *bias, T *out, int64_t n, double eps) {
  Vec total = {}, squares = {};
  overRow(x, n, 0, [&](int64_t, int64_t, Vec v) { total += v; });
  float mean = sum(total) / float(n);
  // Lanes beyond the row are the mean, so that they add nothing.
  overRow(x, n, mean, [&](int64_t, int64_t, Vec v) { squares += (v - mean) * (v - mean); });
  float factor = static_cast<float>(1.0 / std::sqrt(double(sum(squares)) / double(n) + eps));
  overRow(x, n, 0, [&](int64_t i, int64_t width, Vec v) {
    Vec y = (v - mean) * factor;
    if (weight)
      y *= part(weight, i, width);
    if (bias)
      y += part(bias, i, width);
    putPart(out, i, width, y);
  });
}

void layerNormRow(const double *x, const double *weight, const double *bias, double *out, int64_t n, double eps) {
  double mean = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i)
    mean += x[i];
  mean /= double(n);
  for (int64_t i = 0; i < n; ++i)
    squares += (x[i] - mean) * (x[i] - mean);
  double factor = 1 / std::sqrt(squares / double(n) + eps);
  for (int64_t i = 0; i < n; ++i)
    out[i] = (x[i] - mean) * factor * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
}

template <class T> void softmaxRow(const T *x, T *out, int64_t n) {
  constexpr float lowest = -__builtin_inff();
  Vec high = splat(lowest), total = {};
  overRow(x, n, lowest, [&](int64_t, int64_t, Vec v) { high = maximum(high, v); });
  float top = largest(high);
  // Written as f32 would be lost for bf16 between the passes, so the exponential is taken again.
  overRow(x, n, lowest, [&](int64_t, int64_t, Vec v) { total += exponential(v - top); });
  float factor = 1 / sum(total);
  overRow(x, n, lowest, [&](int64_t i, int64_t width, Vec v) { putPart(out, i, width, exponential(v - top) * factor); });
}

template <class T> void softmaxBlock(const T *x, T *out, int64_t n, int64_t inner, int64_t width) {
  Vec top = splat(-__builtin_inff()), total = {};
  for (int64_t j = 0; j < n; ++j)
    top = maximum(top, part(x, j * inner, width));
  for (int64_t j = 0; j < n; ++j)
    total += exponential(part(x, j * inner, width) - top);
  for (int64_t j = 0; j < n; ++j)
    putPart(out, j * inner, width, exponential(part(x, j * inner, width) - top) / total);
}

void softmaxColumn(const double *x, double *out, int64_t n, int64_t inner) {
  double top = -HUGE_VAL, total = 0;
  for (int64_t j = 0; j < n; ++j)
    top = x[j * inner] > top ? x[j * inner] : top;
  for (int64_t j = 0; j < n; ++j)
    total += std::exp(x[j * inner] - top);
  for (int64_t j = 0; j < n; ++j)
    out[j * inner] = std::exp(x[j * inner] - top) / total;
}

template <class T>
void ropeHead(const T *x, const float *cosines, const float *sines, T *out, int64_t d, int64_t rotary, bool interleaved) {
  int64_t half = rotary / 2;
  if constexpr (std::is_same_v<T, double>) {
    for (int64_t p = 0; p < half; ++p) {
      int64_t first = interleaved ? 2 * p : p, second = interleaved ? 2 * p + 1 : p + half;
      double a = x[first], b = x[second];
      out[first] = a * cosines[p] - b * sines[p];
      out[second] = b * cosines[p] + a * sines[p];
    }
  } else if (interleaved) {
    for (int64_t p = 0; p < half; ++p) {
      float a = get(x + 2 * p), b = get(x + 2 * p + 1);
      put(out + 2 * p, a * cosines[p] - b * sines[p]);
      put(out + 2 * p + 1, b * cosines[p] + a * sines[p]);
    }
  } else {
    for (int64_t p = 0; p < half; p += lanes) {
      int64_t width = half - p < lanes ? half - p : lanes;
      Vec a = part(x, p, width), b = part(x, p + half, width);
      Vec cosine = part(cosines, p, width), sine = part(sines, p, width);
      putPart(out, p, width, a * cosine - b * sine);
      putPart(out, p + half, width, b * cosine + a * sine);
    }
  }
  if (out != x && rotary < d)
    std::memcpy(out + rotary, x + rotary, (d - rotary) * sizeof(T));
}

template <class F> void withAnyFloat(tp::DType type, F &&f) {
  if (type == tp::DType::F64)
    return f(double{});
  withFloatType(type, f);
}

} // namespace

void rmsNorm(tp::DType type, const void *x, const void *weight, void *out, int64_t begin, int64_t end, int64_t n, double eps) {
  withAnyFloat(type, [&](auto tag) {
    using T = decltype(tag);
    for (int64_t row = begin; row < end; ++row)
      rmsNormRow(static_cast<const T *>(x) + row * n, static_cast<const T *>(weight), static_cast<T *>(out) + row * n, n, eps);
  });
}

void layerNorm(tp::DType type, const void *x, const void *weight, const void *bias, void *out, int64_t begin, int64_t end,
               int64_t n, double eps) {
  withAnyFloat(type, [&](auto tag) {
    using T = decltype(tag);
    for (int64_t row = begin; row < end; ++row)
      layerNormRow(static_cast<const T *>(x) + row * n, static_cast<const T *>(weight), static_cast<const T *>(bias),
                   static_cast<T *>(out) + row * n, n, eps);
  });
}

void softmaxRows(tp::DType type, const void *x, void *out, int64_t begin, int64_t end, int64_t n) {
  withAnyFloat(type, [&](auto tag) {
    using T = decltype(tag);
    for (int64_t row = begin; row < end; ++row) {
      const T *from = static_cast<const T *>(x) + row * n;
      T *to = static_cast<T *>(out) + row * n;
      if constexpr (std::is_same_v<T, double>)
        softmaxColumn(from, to, n, 1);
      else
        softmaxRow(from, to, n);
    }
  });
}

void softmaxColumns(tp::DType type, const void *x, void *out, int64_t n, int64_t inner, int64_t begin, int64_t end) {
  withAnyFloat(type, [&](auto tag) {
    using T = decltype(tag);
    const T *from = static_cast<const T *>(x);
    T *to = static_cast<T *>(out);
    if constexpr (std::is_same_v<T, double>)
      for (int64_t i = begin; i < end; ++i)
        softmaxColumn(from + i, to + i, n, inner);
    else
      for (int64_t i = begin; i < end; i += lanes)
        softmaxBlock(from + i, to + i, n, inner, end - i < lanes ? end - i : lanes);
  });
}

void rope(tp::DType type, const void *x, const float *cosines, const float *sines, void *out, int64_t heads, int64_t d,
          int64_t rotary, bool interleaved) {
  withAnyFloat(type, [&](auto tag) {
    using T = decltype(tag);
    for (int64_t head = 0; head < heads; ++head)
      ropeHead(static_cast<const T *>(x) + head * d, cosines, sines, static_cast<T *>(out) + head * d, d, rotary, interleaved);
  });
}

} // namespace TPRT_KERNELS
