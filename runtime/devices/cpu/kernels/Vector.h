// Sixteen floats at a time, in the compilers' own vector types: one register with AVX-512, two with AVX2, and the same
// order of additions on both. Element types are read into and written from these.
//
// This header and the files that include it are compiled once for each instruction set, each in a namespace of its own.
#pragma once
#include "tp/Support/HostTensor.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

// The namespace of the instruction set that this file is being compiled for.
#define TPRT_KERNELS tprt::cpu::TPRT_ISA

namespace TPRT_KERNELS {

constexpr int64_t lanes = 16;
typedef float Vec __attribute__((vector_size(64)));
typedef int32_t IntVec __attribute__((vector_size(64)));
typedef uint32_t BitVec __attribute__((vector_size(64)));
typedef uint16_t HalfVec __attribute__((vector_size(32)));
typedef _Float16 F16Vec __attribute__((vector_size(32)));

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};

/// Subtracting zero changes no value, so it costs nothing; adding it would turn -0 into 0, and is done.
inline Vec splat(float value) { return value - Vec{}; }

inline Vec load(const float *p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline Vec load(const Bf16 *p) {
  HalfVec half;
  std::memcpy(&half, p, sizeof half);
  BitVec bits = __builtin_convertvector(half, BitVec) << 16;
  Vec v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}
inline Vec load(const F16 *p) {
  F16Vec half;
  std::memcpy(&half, p, sizeof half);
  return __builtin_convertvector(half, Vec);
}

inline void store(float *p, Vec v) { std::memcpy(p, &v, sizeof v); }
inline void store(Bf16 *p, Vec v) {
  BitVec bits;
  std::memcpy(&bits, &v, sizeof v);
  BitVec rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  BitVec quiet = (bits >> 16) | 0x40u;
  BitVec isNan = (BitVec)((bits & 0x7fffffffu) > 0x7f800000u);
  HalfVec half = __builtin_convertvector((rounded & ~isNan) | (quiet & isNan), HalfVec);
  std::memcpy(p, &half, sizeof half);
}
inline void store(F16 *p, Vec v) {
  F16Vec half = __builtin_convertvector(v, F16Vec);
  std::memcpy(p, &half, sizeof half);
}

/// The first `count` < 16 elements; the other lanes are `rest`.
template <class T> inline Vec loadSome(const T *p, int64_t count, float rest = 0) {
  T buffer[lanes] = {};
  std::memcpy(buffer, p, count * sizeof(T));
  Vec v = load(buffer);
  for (int64_t i = count; i < lanes; ++i)
    v[i] = rest;
  return v;
}
template <class T> inline void storeSome(T *p, int64_t count, Vec v) {
  T buffer[lanes];
  store(buffer, v);
  std::memcpy(p, buffer, count * sizeof(T));
}

template <class T> inline float get(const T *p) { return loadSome(p, 1)[0]; }
inline float get(const float *p) { return *p; }
inline float get(const Bf16 *p) {
  uint32_t bits = uint32_t(p->bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline float get(const F16 *p) {
  _Float16 half;
  std::memcpy(&half, p, sizeof half);
  return static_cast<float>(half);
}
inline void put(float *p, float value) { *p = value; }
inline void put(Bf16 *p, float value) { storeSome(p, 1, splat(value)); }
inline void put(F16 *p, float value) {
  _Float16 half = static_cast<_Float16>(value);
  std::memcpy(p, &half, sizeof half);
}

/// Always in the same order: halves added to halves.
inline float sum(Vec v) {
  float x[16];
  store(x, v);
  for (int width = 8; width >= 1; width /= 2)
    for (int i = 0; i < width; ++i)
      x[i] += x[i + width];
  return x[0];
}
inline Vec maximum(Vec a, Vec b) { return a > b ? a : b; }
inline float largest(Vec v) {
  float x = v[0];
  for (int i = 1; i < 16; ++i)
    x = v[i] > x ? v[i] : x;
  return x;
}

/// e^x to about 1 ulp in [-87.3, 88.3]; 0 below, infinity above. Range reduction by ln 2 in two parts, then the series of the remainder
/// (Cody and Waite; degree 6 suffices for |r| <= ln 2 / 2). NaN stays NaN.
inline Vec exponential(Vec x) {
  Vec clamped = x < -88.0f ? splat(-88.0f) : x;
  clamped = clamped > 88.3f ? splat(88.3f) : clamped;
  Vec shifted = clamped * 1.44269504088896341f + 12582912.0f;
  Vec n = shifted - 12582912.0f;
  Vec r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  Vec value = p * (r * r) + r + 1.0f;
  IntVec exponent = (__builtin_convertvector(n, IntVec) + 127) << 23;
  Vec power;
  std::memcpy(&power, &exponent, sizeof power);
  Vec result = value * power;
  result = x < -87.3f ? splat(0.0f) : result;
  result = x > 88.3f ? splat(__builtin_inff()) : result;
  return x == x ? result : x;
}

/// Calls f(T{}) with the element type of a float `type` that computes in f32 (f32, bf16, f16).
template <class F> inline void withFloatType(tp::DType type, F &&f) {
  switch (type) {
  case tp::DType::F32:
    return f(float{});
  case tp::DType::BF16:
    return f(Bf16{});
  case tp::DType::F16:
    return f(F16{});
  default:
    return;
  }
}

} // namespace TPRT_KERNELS
