// The functions that move elements without looking at them: embedding, cache update, gather, strided copy.
#include "core/Call.h"
#include "devices/cpu/Indices.h"

#include <algorithm>
#include <array>
#include <cstring>

using namespace tprt;

namespace {

constexpr int64_t bytesPerPiece = 64 * 1024;
constexpr int64_t maxRank = 16;

int64_t rowsPerPiece(int64_t rowBytes) { return std::max<int64_t>(1, bytesPerPiece / std::max<int64_t>(rowBytes, 1)); }

/// A strided copy with neighbouring dimensions merged where both sides allow it, innermost last.
struct CopyPlan {
  int64_t rank = 0;
  std::array<int64_t, maxRank> sizes, from, to;
};

CopyPlan planCopy(int64_t rank, const int64_t *sizes, const int64_t *from, const int64_t *to) {
  CopyPlan plan;
  for (int64_t i = 0; i < rank; ++i) {
    if (sizes[i] == 1)
      continue;
    int64_t last = plan.rank - 1;
    if (last >= 0 && plan.from[last] == sizes[i] * from[i] && plan.to[last] == sizes[i] * to[i]) {
      plan.sizes[last] *= sizes[i];
      plan.from[last] = from[i];
      plan.to[last] = to[i];
      continue;
    }
    plan.sizes[plan.rank] = sizes[i];
    plan.from[plan.rank] = from[i];
    plan.to[plan.rank] = to[i];
    ++plan.rank;
  }
  if (plan.rank == 0) {
    plan.rank = 1;
    plan.sizes[0] = plan.from[0] = plan.to[0] = 1;
  }
  return plan;
}

template <class T> void copyRow(const T *src, int64_t from, T *dst, int64_t to, int64_t count) {
  if (from == 1 && to == 1)
    std::memcpy(dst, src, count * sizeof(T));
  else if (from == 0 && to == 1)
    std::fill(dst, dst + count, *src);
  else
    for (int64_t i = 0; i < count; ++i)
      dst[i * to] = src[i * from];
}

/// The last two dimensions, when neither side is contiguous along the last: blocks that fit in the first cache.
template <class T> void copyMatrix(const T *src, const int64_t *from, T *dst, const int64_t *to, int64_t rows, int64_t columns) {
  constexpr int64_t block = 32;
  if (from[1] <= 1 && to[1] == 1) {
    for (int64_t i = 0; i < rows; ++i)
      copyRow(src + i * from[0], from[1], dst + i * to[0], to[1], columns);
    return;
  }
  for (int64_t i = 0; i < rows; i += block)
    for (int64_t j = 0; j < columns; j += block)
      for (int64_t r = i; r < std::min(rows, i + block); ++r)
        copyRow(src + r * from[0] + j * from[1], from[1], dst + r * to[0] + j * to[1], to[1], std::min(columns - j, block));
}

template <class T> void copyStrided(tprt_context *ctx, const CopyPlan &plan, const T *src, T *dst) {
  int64_t last = plan.rank - 1;
  if (last == 0)
    return ctx->pool.parallelFor(plan.sizes[0], bytesPerPiece / sizeof(T), [&](int64_t begin, int64_t end) {
      copyRow(src + begin * plan.from[0], plan.from[0], dst + begin * plan.to[0], plan.to[0], end - begin);
    });
  int64_t outer = 1, rows = plan.sizes[last - 1], columns = plan.sizes[last];
  for (int64_t i = 0; i < last - 1; ++i)
    outer *= plan.sizes[i];
  auto matrix = [&](int64_t index, int64_t begin, int64_t end) {
    const T *x = src + begin * plan.from[last - 1];
    T *y = dst + begin * plan.to[last - 1];
    for (int64_t i = last - 2; i >= 0; index /= plan.sizes[i], --i) {
      x += index % plan.sizes[i] * plan.from[i];
      y += index % plan.sizes[i] * plan.to[i];
    }
    copyMatrix(x, &plan.from[last - 1], y, &plan.to[last - 1], end - begin, columns);
  };
  if (outer < ctx->pool.size())
    return ctx->pool.parallelFor(rows, rowsPerPiece(columns * sizeof(T)), [&](int64_t begin, int64_t end) {
      for (int64_t index = 0; index < outer; ++index)
        matrix(index, begin, end);
    });
  ctx->pool.parallelFor(outer, rowsPerPiece(rows * columns * sizeof(T)), [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index)
      matrix(index, 0, rows);
  });
}

} // namespace

void tprt_embedding(tprt_context *ctx, int64_t dtype, int64_t index_dtype, const void *ids, const void *table, void *out,
                    int64_t count, int64_t rows, int64_t width, int64_t first_row) {
  compute(ctx, "embedding", [&] {
    int64_t row = width * tp::bytesOf(typeOf(dtype));
    tp::DType indexType = indexTypeOf(index_dtype, "tprt_embedding");
    ctx->pool.parallelFor(count, rowsPerPiece(row), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t from = indexAt(ids, indexType, i) - first_row;
        char *to = static_cast<char *>(out) + i * row;
        if (from >= 0 && from < rows)
          std::memcpy(to, static_cast<const char *>(table) + from * row, row);
        else
          std::memset(to, 0, row);
      }
    });
  });
}

void tprt_cache_update(tprt_context *ctx, int64_t dtype, void *cache, const void *fresh, const void *positions, int64_t b,
                       int64_t t, int64_t s, int64_t row) {
  compute(ctx, "cache_update", [&] {
    int64_t bytes = row * tp::bytesOf(typeOf(dtype));
    const int32_t *where = static_cast<const int32_t *>(positions);
    // One thread: two tokens may name the same position, and then the later one stays.
    for (int64_t i = 0; i < b * s; ++i)
      if (where[i] >= 0 && where[i] < t)
        std::memcpy(static_cast<char *>(cache) + (i / s * t + where[i]) * bytes, static_cast<const char *>(fresh) + i * bytes,
                    bytes);
  });
}

void tprt_gather(tprt_context *ctx, int64_t element_bytes, const void *x, int64_t index_dtype, const void *indices, void *out,
                 int64_t outer, int64_t axis_extent, int64_t inner, int64_t count, int64_t indices_per_outer) {
  compute(ctx, "gather", [&] {
    int64_t row = inner * element_bytes;
    tp::DType indexType = indexTypeOf(index_dtype, "tprt_gather");
    if (axis_extent == 0 && outer * count > 0)
      throw tp::Error("tprt_gather picks " + std::to_string(count) + " of 0 elements");
    ctx->pool.parallelFor(outer * count, rowsPerPiece(row), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t o = i / count, index = indexAt(indices, indexType, o * indices_per_outer + i % count);
        index = std::clamp<int64_t>(index, 0, axis_extent - 1);
        std::memcpy(static_cast<char *>(out) + i * row, static_cast<const char *>(x) + (o * axis_extent + index) * row, row);
      }
    });
  });
}

void tprt_copy(tprt_context *ctx, int64_t element_bytes, int64_t rank, const int64_t *sizes, const void *src,
               const int64_t *src_strides, void *dst, const int64_t *dst_strides) {
  compute(ctx, "copy", [&] {
    if (rank > maxRank)
      throw tp::Error("tprt_copy takes up to " + std::to_string(maxRank) + " dimensions, not " + std::to_string(rank));
    for (int64_t i = 0; i < rank; ++i)
      if (sizes[i] == 0)
        return;
    CopyPlan plan = planCopy(rank, sizes, src_strides, dst_strides);
    switch (element_bytes) {
    case 1:
      return copyStrided(ctx, plan, static_cast<const uint8_t *>(src), static_cast<uint8_t *>(dst));
    case 2:
      return copyStrided(ctx, plan, static_cast<const uint16_t *>(src), static_cast<uint16_t *>(dst));
    case 4:
      return copyStrided(ctx, plan, static_cast<const uint32_t *>(src), static_cast<uint32_t *>(dst));
    case 8:
      return copyStrided(ctx, plan, static_cast<const uint64_t *>(src), static_cast<uint64_t *>(dst));
    default:
      throw tp::Error("tprt_copy moves elements of 1, 2, 4 or 8 bytes, not " + std::to_string(element_bytes));
    }
  });
}
