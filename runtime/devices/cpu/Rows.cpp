// The functions over rows and single dimensions: norms, softmax, reductions, conversion, fill.
#include "core/Call.h"
#include "devices/cpu/Kernels.h"

#include <algorithm>
#include <cstring>

using namespace tprt;

namespace {

/// Elements that are worth handing to another thread.
constexpr int64_t elementsPerPiece = 8192;
int64_t rowsPerPiece(int64_t rowLength) { return std::max<int64_t>(1, elementsPerPiece / std::max<int64_t>(rowLength, 1)); }

char *bytesAt(void *base, int64_t offset) { return static_cast<char *>(base) + offset; }
const char *bytesAt(const void *base, int64_t offset) { return static_cast<const char *>(base) + offset; }

} // namespace

void tprt_rms_norm(tprt_context *ctx, int64_t dtype, const void *x, const void *weight, void *out, int64_t rows, int64_t n,
                   double eps) {
  compute(ctx, "rms_norm", [&] {
    tp::DType type = floatTypeOf(dtype, "tprt_rms_norm");
    ctx->pool.parallelFor(rows, rowsPerPiece(n),
                          [&](int64_t begin, int64_t end) { cpu::kernels().rmsNorm(type, x, weight, out, begin, end, n, eps); });
  });
}

void tprt_layer_norm(tprt_context *ctx, int64_t dtype, const void *x, const void *weight, const void *bias, void *out,
                     int64_t rows, int64_t n, double eps) {
  compute(ctx, "layer_norm", [&] {
    tp::DType type = floatTypeOf(dtype, "tprt_layer_norm");
    ctx->pool.parallelFor(rows, rowsPerPiece(n), [&](int64_t begin, int64_t end) {
      cpu::kernels().layerNorm(type, x, weight, bias, out, begin, end, n, eps);
    });
  });
}

void tprt_softmax(tprt_context *ctx, int64_t dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
  compute(ctx, "softmax", [&] {
    tp::DType type = floatTypeOf(dtype, "tprt_softmax");
    int64_t block = n * inner * tp::bytesOf(type);
    if (inner == 1)
      return ctx->pool.parallelFor(outer, rowsPerPiece(n),
                                   [&](int64_t begin, int64_t end) { cpu::kernels().softmaxRows(type, x, out, begin, end, n); });
    ctx->pool.parallelFor(outer, rowsPerPiece(n * inner), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        cpu::kernels().softmaxColumns(type, bytesAt(x, o * block), bytesAt(out, o * block), n, inner, 0, inner);
    });
  });
}

void tprt_reduce(tprt_context *ctx, int64_t dtype, int64_t kind, const void *x, void *out, int64_t outer, int64_t n,
                 int64_t inner) {
  compute(ctx, "reduce", [&] {
    tp::DType type = typeOf(dtype);
    if (kind < 0 || kind > 3)
      throw tp::Error("tprt_reduce knows the kinds 0 sum, 1 max, 2 min, 3 product, not " + std::to_string(kind));
    int64_t element = tp::bytesOf(type);
    auto block = [&](int64_t o, int64_t begin, int64_t end) {
      cpu::kernels().reduce(type, kind, bytesAt(x, o * n * inner * element), bytesAt(out, o * inner * element), n, inner, begin,
                            end);
    };
    if (outer == 1 && inner > 1)
      return ctx->pool.parallelFor(inner, rowsPerPiece(n), [&](int64_t begin, int64_t end) { block(0, begin, end); });
    ctx->pool.parallelFor(outer, rowsPerPiece(n * inner), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        block(o, 0, inner);
    });
  });
}

void tprt_convert(tprt_context *ctx, int64_t from_dtype, int64_t to_dtype, const void *src, void *dst, int64_t count) {
  compute(ctx, "convert", [&] {
    tp::DType from = typeOf(from_dtype), to = typeOf(to_dtype);
    ctx->pool.parallelFor(count, 4 * elementsPerPiece, [&](int64_t begin, int64_t end) {
      cpu::kernels().convert(from, to, bytesAt(src, begin * tp::bytesOf(from)), bytesAt(dst, begin * tp::bytesOf(to)),
                             end - begin);
    });
  });
}

void tprt_fill(tprt_context *ctx, int64_t dtype, void *dst, int64_t count, double value) {
  compute(ctx, "fill", [&] {
    tp::DType type = typeOf(dtype);
    int64_t element = tp::bytesOf(type);
    char pattern[8];
    cpu::kernels().convert(tp::DType::F64, type, &value, pattern, 1);
    ctx->pool.parallelFor(count, 8 * elementsPerPiece, [&](int64_t begin, int64_t end) {
      bool zero = std::all_of(pattern, pattern + element, [](char c) { return c == 0; });
      if (zero || element == 1) {
        std::memset(bytesAt(dst, begin * element), pattern[0], (end - begin) * element);
        return;
      }
      for (int64_t i = begin; i < end; ++i)
        std::memcpy(bytesAt(dst, i * element), pattern, element);
    });
  });
}
