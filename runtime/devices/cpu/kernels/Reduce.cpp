// Sums, maxima, minima, products: over ranks (an element at a time, in rank order) and over a dimension.
#include "devices/cpu/kernels/Functions.h"

#include <limits>

namespace TPRT_KERNELS {

namespace {

enum class Kind { Sum, Max, Min, Product };

template <Kind kind, class T> T combine(T a, T b) {
  if constexpr (kind == Kind::Sum)
    return a + b;
  else if constexpr (kind == Kind::Product)
    return a * b;
  // A NaN on either side stays.
  else if constexpr (kind == Kind::Max)
    return a > b || a != a ? a : b;
  else
    return a < b || a != a ? a : b;
}

template <Kind kind, class T> T neutral() {
  using Limits = std::numeric_limits<T>;
  if constexpr (kind == Kind::Sum)
    return T(0);
  else if constexpr (kind == Kind::Product)
    return T(1);
  else if constexpr (kind == Kind::Max)
    return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  else
    return Limits::has_infinity ? Limits::infinity() : Limits::max();
}

template <Kind kind> Vec combine(Vec a, Vec b) {
  if constexpr (kind == Kind::Sum)
    return a + b;
  else if constexpr (kind == Kind::Product)
    return a * b;
  Vec chosen = kind == Kind::Max ? (a > b ? a : b) : (a < b ? a : b);
  return a == a ? chosen : a;
}

/// f32, f16, bf16: in f32, eight vectors of each source at a time. What comes from another core's cache is asked for early
/// that way, and a load seldom waits for the store before it where the two lie a multiple of 4 KB apart.
template <Kind kind, class T>
void sourcesVector(const void *const *sources, int64_t number, int64_t begin, int64_t count, T *dst) {
  auto source = [&](int64_t s) { return static_cast<const T *>(sources[s]) + begin; };
  int64_t i = 0;
  constexpr int64_t block = 8;
  for (; number > 0 && i + block * lanes <= count; i += block * lanes) {
    Vec total[block];
    for (int64_t v = 0; v < block; ++v)
      total[v] = load(source(0) + i + v * lanes);
    for (int64_t s = 1; s < number; ++s)
      for (int64_t v = 0; v < block; ++v)
        total[v] = combine<kind>(total[v], load(source(s) + i + v * lanes));
    for (int64_t v = 0; v < block; ++v)
      store(dst + i + v * lanes, total[v]);
  }
  for (; i < count; i += lanes) {
    int64_t width = count - i < lanes ? count - i : lanes;
    auto part = [&](int64_t s) { return width == lanes ? load(source(s) + i) : loadSome(source(s) + i, width); };
    Vec total = number ? part(0) : splat(neutral<kind, float>());
    for (int64_t s = 1; s < number; ++s)
      total = combine<kind>(total, part(s));
    if (width == lanes)
      store(dst + i, total);
    else
      storeSome(dst + i, width, total);
  }
}

template <Kind kind, class T, class Wide>
void sourcesScalar(const void *const *sources, int64_t number, int64_t begin, int64_t count, T *dst) {
  for (int64_t i = 0; i < count; ++i) {
    // What is neutral is that of the element type: the lowest i8, not the lowest i64.
    Wide total = number ? static_cast<const T *>(sources[0])[begin + i] : static_cast<Wide>(neutral<kind, T>());
    for (int64_t s = 1; s < number; ++s)
      total = combine<kind>(total, static_cast<Wide>(static_cast<const T *>(sources[s])[begin + i]));
    dst[i] = static_cast<T>(total);
  }
}

template <class F> void withKind(Kind kind, F &&f) {
  switch (kind) {
  case Kind::Sum:
    return f(std::integral_constant<Kind, Kind::Sum>{});
  case Kind::Max:
    return f(std::integral_constant<Kind, Kind::Max>{});
  case Kind::Min:
    return f(std::integral_constant<Kind, Kind::Min>{});
  case Kind::Product:
    return f(std::integral_constant<Kind, Kind::Product>{});
  }
}

/// Calls f(T{}, Wide{}) for the types that are not computed in f32. i64 sums wrap, so they run unsigned.
template <class F> void withScalarType(tp::DType type, F &&f) {
  switch (type) {
  case tp::DType::F64:
    return f(double{}, double{});
  case tp::DType::I1:
    return f(bool{}, int64_t{});
  case tp::DType::I8:
    return f(int8_t{}, int64_t{});
  case tp::DType::U8:
    return f(uint8_t{}, int64_t{});
  case tp::DType::I16:
    return f(int16_t{}, int64_t{});
  case tp::DType::I32:
    return f(int32_t{}, int64_t{});
  case tp::DType::I64:
    return f(int64_t{}, int64_t{});
  default:
    return;
  }
}

bool computesInF32(tp::DType type) { return type == tp::DType::F32 || type == tp::DType::F16 || type == tp::DType::BF16; }

/// Over n of [n, inner], columns [begin, end). One column (inner == 1) is a row: sixteen lanes, added at the end.
template <Kind kind, class T> void reduceVector(const T *x, T *out, int64_t n, int64_t inner, int64_t begin, int64_t end) {
  if (inner == 1) {
    Vec total = splat(neutral<kind, float>());
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
      total = combine<kind>(total, load(x + i));
    if (i < n)
      total = combine<kind>(total, loadSome(x + i, n - i, neutral<kind, float>()));
    float result = total[0];
    for (int64_t lane = 1; lane < lanes; ++lane)
      result = combine<kind>(result, float(total[lane]));
    return put(out, result);
  }
  for (int64_t i = begin; i < end; i += lanes) {
    int64_t width = end - i < lanes ? end - i : lanes;
    Vec total = splat(neutral<kind, float>());
    for (int64_t j = 0; j < n; ++j)
      total = combine<kind>(total, width == lanes ? load(x + j * inner + i) : loadSome(x + j * inner + i, width));
    if (width == lanes)
      store(out + i, total);
    else
      storeSome(out + i, width, total);
  }
}

} // namespace

void reduceSources(tp::DType type, tp::Reduction reduction, const void *const *sources, int64_t number, int64_t begin,
                   int64_t count, void *dst) {
  withKind(static_cast<Kind>(reduction), [&](auto kind) {
    if (computesInF32(type))
      withFloatType(
          type, [&](auto tag) { sourcesVector<kind.value>(sources, number, begin, count, static_cast<decltype(tag) *>(dst)); });
    else
      withScalarType(type, [&](auto tag, auto wide) {
        sourcesScalar<kind.value, decltype(tag), decltype(wide)>(sources, number, begin, count,
                                                                 static_cast<decltype(tag) *>(dst));
      });
  });
}

void reduce(tp::DType type, int64_t kindCode, const void *x, void *out, int64_t n, int64_t inner, int64_t begin, int64_t end) {
  withKind(static_cast<Kind>(kindCode), [&](auto kind) {
    if (computesInF32(type))
      return withFloatType(type, [&](auto tag) {
        using T = decltype(tag);
        reduceVector<kind.value>(static_cast<const T *>(x), static_cast<T *>(out), n, inner, begin, end);
      });
    withScalarType(type, [&](auto tag, auto wide) {
      using T = decltype(tag);
      using Wide = decltype(wide);
      const T *from = static_cast<const T *>(x);
      for (int64_t i = begin; i < end; ++i) {
        Wide total = static_cast<Wide>(neutral<kind.value, T>());
        for (int64_t j = 0; j < n; ++j)
          total = combine<kind.value>(total, static_cast<Wide>(from[j * inner + i]));
        static_cast<T *>(out)[i] = static_cast<T>(total);
      }
    });
  });
}

} // namespace TPRT_KERNELS
