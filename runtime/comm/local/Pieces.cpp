// See Pieces.h. Reductions take the operands in rank order; the kernel adds them one after another for each element.
#include "comm/local/Pieces.h"
#include "devices/cpu/Kernels.h"

#include <algorithm>
#include <cstring>

namespace tprt::local {

using tp::CollectiveKind;

bool reads(const CollectiveCall &call, int64_t index) {
  bool fromRootOnly = call.kind == CollectiveKind::Broadcast || call.kind == CollectiveKind::Scatter;
  return !fromRootOnly || index == call.root;
}

Slice sliceOf(int64_t count, int64_t index, int64_t ranks) {
  int64_t step = ((count + ranks - 1) / ranks + 15) / 16 * 16;
  return {std::min(count, index * step), std::min(count, (index + 1) * step)};
}

namespace {

void copy(void *dst, const void *src, int64_t bytes) {
  if (dst != src && bytes > 0)
    std::memcpy(dst, src, bytes);
}

const char *bytesAt(const void *base, int64_t offset) { return static_cast<const char *>(base) + offset; }
char *bytesAt(void *base, int64_t offset) { return static_cast<char *>(base) + offset; }

/// Every rank's [outer, extent, inner] side by side along the extent.
void gather(const CollectiveCall &call, const std::vector<const void *> &sources, void *dst) {
  int64_t row = call.extent * call.inner * tp::bytesOf(call.type), ranks = sources.size();
  for (int64_t o = 0; o < call.outer; ++o)
    for (int64_t r = 0; r < ranks; ++r)
      copy(bytesAt(dst, (o * ranks + r) * row), bytesAt(sources[r], o * row), row);
}

void allToAll(const CollectiveCall &call, int64_t index, const std::vector<const void *> &sources, void *dst) {
  int64_t element = tp::bytesOf(call.type), ranks = sources.size();
  for (int64_t r = 0; r < ranks; ++r)
    for (int64_t o = 0; o < call.outer; ++o) {
      if (call.splitFirst) {
        // src [outer, n*split, middle, concat, inner] -> dst [outer, split, middle, n*concat, inner]
        int64_t row = call.concat * call.inner * element;
        for (int64_t i = 0; i < call.extent; ++i)
          for (int64_t m = 0; m < call.middle; ++m) {
            int64_t from = ((o * ranks + index) * call.extent + i) * call.middle + m;
            int64_t to = (((o * call.extent + i) * call.middle + m) * ranks + r);
            copy(bytesAt(dst, to * row), bytesAt(sources[r], from * row), row);
          }
      } else {
        // src [outer, concat, middle, n*split, inner] -> dst [outer, n*concat, middle, split, inner]
        int64_t row = call.extent * call.inner * element;
        for (int64_t i = 0; i < call.concat; ++i)
          for (int64_t m = 0; m < call.middle; ++m) {
            int64_t from = ((o * call.concat + i) * call.middle + m) * ranks + index;
            int64_t to = ((o * ranks + r) * call.concat + i) * call.middle + m;
            copy(bytesAt(dst, to * row), bytesAt(sources[r], from * row), row);
          }
      }
    }
}

} // namespace

void assemble(const CollectiveCall &call, int64_t index, const std::vector<const void *> &sources, void *dst) {
  int64_t ranks = sources.size(), element = tp::bytesOf(call.type);
  int64_t resultBytes = call.resultCount(ranks) * element;
  switch (call.kind) {
  case CollectiveKind::AllReduce:
    return cpu::kernels().reduceSources(call.type, call.reduction, sources.data(), ranks, 0, call.extent, dst);
  case CollectiveKind::AllGather:
    return gather(call, sources, dst);
  case CollectiveKind::ReduceScatter: {
    int64_t row = call.extent * call.inner;
    std::vector<const void *> rows(ranks);
    for (int64_t o = 0; o < call.outer; ++o) {
      for (int64_t r = 0; r < ranks; ++r)
        rows[r] = bytesAt(sources[r], (o * ranks + index) * row * element);
      cpu::kernels().reduceSources(call.type, call.reduction, rows.data(), ranks, 0, row, bytesAt(dst, o * row * element));
    }
    return;
  }
  case CollectiveKind::AllToAll:
    return allToAll(call, index, sources, dst);
  case CollectiveKind::Broadcast:
    return copy(dst, sources[call.root], resultBytes);
  case CollectiveKind::Scatter: {
    int64_t row = call.extent * call.inner * element;
    for (int64_t o = 0; o < call.outer; ++o)
      copy(bytesAt(dst, o * row), bytesAt(sources[call.root], (o * ranks + index) * row), row);
    return;
  }
  case CollectiveKind::Gather:
    if (index == call.root)
      gather(call, sources, dst);
    else
      std::memset(dst, 0, resultBytes);
    return;
  case CollectiveKind::Reduce:
    if (index == call.root)
      cpu::kernels().reduceSources(call.type, call.reduction, sources.data(), ranks, 0, call.extent, dst);
    else
      cpu::kernels().reduceSources(call.type, call.reduction, nullptr, 0, 0, call.extent, dst);
    return;
  case CollectiveKind::Permute:
    for (int64_t p = 0; p < call.pairCount; ++p)
      if (call.pairs[2 * p + 1] == index) {
        if (int64_t from = call.pairs[2 * p]; from >= 0 && from < ranks)
          return copy(dst, sources[from], resultBytes);
        throw tp::Error(call.str() + " sends from index " + std::to_string(call.pairs[2 * p]) + " of a group of " +
                        std::to_string(ranks));
      }
    std::memset(dst, 0, resultBytes);
    return;
  }
}

} // namespace tprt::local
