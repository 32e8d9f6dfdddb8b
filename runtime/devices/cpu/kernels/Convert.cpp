// Element type conversions: floats among f32, f16 and bf16 sixteen at a time, all others one by one through the widest
// type that holds both.
#include "devices/cpu/kernels/Functions.h"

#include <cmath>
#include <limits>

namespace TPRT_KERNELS {

namespace {

template <class T> double asDouble(const T *p) {
  if constexpr (std::is_same_v<T, Bf16> || std::is_same_v<T, F16>)
    return get(p);
  else
    return static_cast<double>(*p);
}

template <class To> void putDouble(To *p, double value) {
  if constexpr (std::is_same_v<To, Bf16> || std::is_same_v<To, F16>) {
    put(p, static_cast<float>(value));
  } else if constexpr (std::is_floating_point_v<To>) {
    *p = static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, bool>) {
    *p = value != 0;
  } else {
    // Truncates and saturates; the comparison's bound is exact where the largest integer is not.
    constexpr To low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
    *p = value != value ? To(0) : value <= double(low) ? low : value >= double(high) ? high : static_cast<To>(value);
  }
}

template <class F> void withType(tp::DType type, F &&f) {
  switch (type) {
  case tp::DType::F32:
    return f(float{});
  case tp::DType::F16:
    return f(F16{});
  case tp::DType::BF16:
    return f(Bf16{});
  case tp::DType::F64:
    return f(double{});
  case tp::DType::I1:
    return f(bool{});
  case tp::DType::I8:
    return f(int8_t{});
  case tp::DType::I16:
    return f(int16_t{});
  case tp::DType::I32:
    return f(int32_t{});
  case tp::DType::I64:
    return f(int64_t{});
  case tp::DType::U8:
    return f(uint8_t{});
  }
}

template <class T> constexpr bool inF32 = std::is_same_v<T, float> || std::is_same_v<T, Bf16> || std::is_same_v<T, F16>;

template <class From, class To> void convertAs(const From *x, To *y, int64_t count) {
  if constexpr (std::is_same_v<From, To>) {
    if (count > 0) // of nothing, neither pointer need be one
      std::memmove(y, x, count * sizeof(From));
  } else if constexpr (inF32<From> && inF32<To>) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
      store(y + i, load(x + i));
    if (i < count)
      storeSome(y + i, count - i, loadSome(x + i, count - i));
  } else if constexpr (std::is_integral_v<From> && std::is_integral_v<To>) {
    for (int64_t i = 0; i < count; ++i)
      y[i] = static_cast<To>(x[i]);
  } else {
    for (int64_t i = 0; i < count; ++i)
      putDouble(y + i, asDouble(x + i));
  }
}

} // namespace

void convert(tp::DType from, tp::DType to, const void *src, void *dst, int64_t count) {
  withType(from, [&](auto fromTag) {
    withType(to, [&](auto toTag) {
      convertAs(static_cast<const decltype(fromTag) *>(src), static_cast<decltype(toTag) *>(dst), count);
    });
  });
}

} // namespace TPRT_KERNELS
