// See Pieces.h. Reductions take the operands in rank order; the kernel adds them one after another for each element.
#include "comm/Pieces.h"
#include "devices/cpu/Kernels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace tprt::comm {

using tp::CollectiveKind;

namespace {

/// The rank whose operand reaches `target` in a permute, if one does.
std::optional<int64_t> sourceOf(const CollectiveCall &call, int64_t target) {
  for (int64_t p = 0; p < call.pairCount; ++p)
    if (call.pairs[2 * p + 1] == target)
      return call.pairs[2 * p];
  return std::nullopt;
}

} // namespace

bool reads(const CollectiveCall &call, int64_t reader, int64_t owner) {
  switch (call.kind) {
  case CollectiveKind::Broadcast:
  case CollectiveKind::Scatter:
    return owner == call.root;
  case CollectiveKind::Gather:
  case CollectiveKind::Reduce:
    return reader == call.root;
  case CollectiveKind::Permute:
    return sourceOf(call, reader) == owner;
  default:
    return true;
  }
}

bool isRead(const CollectiveCall &call, int64_t owner) {
  bool fromRootOnly = call.kind == CollectiveKind::Broadcast || call.kind == CollectiveKind::Scatter;
  return !fromRootOnly || owner == call.root;
}

Part partOf(const CollectiveCall &call, int64_t ranks) {
  int64_t element = tp::bytesOf(call.type), rows, row;
  switch (call.kind) {
  case CollectiveKind::ReduceScatter:
  case CollectiveKind::Scatter:
    rows = call.outer, row = call.extent * call.inner * element;
    break;
  case CollectiveKind::AllToAll:
    // src [outer, n*split, middle, concat, inner], or [outer, concat, middle, n*split, inner].
    rows = call.splitFirst ? call.outer : call.outer * call.concat * call.middle;
    row = call.extent * call.inner * element * (call.splitFirst ? call.middle * call.concat : 1);
    break;
  default:
    row = call.operandBytes(ranks);
    return {1, row, 0, row};
  }
  return {rows, row, row, ranks * row};
}

Source sourceIn(const Part &part, int64_t index, const void *operand) {
  if (!operand)
    return {};
  return {static_cast<const char *>(operand) + index * part.step, part.stride};
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
const char *rowOf(const Source &source, int64_t row) { return bytesAt(source.first, row * source.stride); }

/// Every rank's [outer, extent, inner] side by side along the extent.
void gather(const CollectiveCall &call, const std::vector<Source> &sources, void *dst) {
  int64_t row = call.extent * call.inner * tp::bytesOf(call.type), ranks = sources.size();
  for (int64_t o = 0; o < call.outer; ++o)
    for (int64_t r = 0; r < ranks; ++r)
      copy(bytesAt(dst, (o * ranks + r) * row), bytesAt(sources[r].first, o * row), row);
}

void allToAll(const CollectiveCall &call, const std::vector<Source> &sources, void *dst) {
  int64_t element = tp::bytesOf(call.type), ranks = sources.size();
  for (int64_t r = 0; r < ranks; ++r)
    for (int64_t o = 0; o < call.outer; ++o) {
      if (call.splitFirst) {
        // rows [outer] of [split, middle, concat, inner] -> dst [outer, split, middle, n*concat, inner]
        int64_t row = call.concat * call.inner * element;
        for (int64_t i = 0; i < call.extent * call.middle; ++i) {
          int64_t to = (o * call.extent * call.middle + i) * ranks + r;
          copy(bytesAt(dst, to * row), rowOf(sources[r], o) + i * row, row);
        }
      } else {
        // rows [outer, concat, middle] of [split, inner] -> dst [outer, n*concat, middle, split, inner]
        int64_t row = call.extent * call.inner * element, rows = call.concat * call.middle;
        for (int64_t i = 0; i < rows; ++i)
          copy(bytesAt(dst, ((o * ranks + r) * rows + i) * row), rowOf(sources[r], o * rows + i), row);
      }
    }
}

/// Reduces the first `rows` rows of `count` elements of every source, in rank order.
void reduceRows(const CollectiveCall &call, const std::vector<Source> &sources, int64_t rows, int64_t count, void *dst) {
  std::array<const void *, 16> few;
  std::vector<const void *> many(sources.size() > few.size() ? sources.size() : 0);
  const void **terms = many.empty() ? few.data() : many.data();
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t r = 0; r < sources.size(); ++r)
      terms[r] = rowOf(sources[r], row);
    cpu::kernels().reduceSources(call.type, call.reduction, terms, sources.size(), 0, count,
                                 bytesAt(dst, row * count * tp::bytesOf(call.type)));
  }
}

} // namespace

void assemble(const CollectiveCall &call, int64_t index, const std::vector<Source> &sources, void *dst) {
  int64_t ranks = sources.size(), element = tp::bytesOf(call.type);
  int64_t resultBytes = call.resultCount(ranks) * element;
  switch (call.kind) {
  case CollectiveKind::AllReduce:
    return reduceRows(call, sources, 1, call.extent, dst);
  case CollectiveKind::AllGather:
    return gather(call, sources, dst);
  case CollectiveKind::ReduceScatter:
    return reduceRows(call, sources, call.outer, call.extent * call.inner, dst);
  case CollectiveKind::AllToAll:
    return allToAll(call, sources, dst);
  case CollectiveKind::Broadcast:
    return copy(dst, sources[call.root].first, resultBytes);
  case CollectiveKind::Scatter:
    for (int64_t o = 0, row = call.extent * call.inner * element; o < call.outer; ++o)
      copy(bytesAt(dst, o * row), rowOf(sources[call.root], o), row);
    return;
  case CollectiveKind::Gather:
    if (index == call.root)
      gather(call, sources, dst);
    else
      std::memset(dst, 0, resultBytes);
    return;
  case CollectiveKind::Reduce:
    if (index == call.root)
      reduceRows(call, sources, 1, call.extent, dst);
    else
      cpu::kernels().reduceSources(call.type, call.reduction, nullptr, 0, 0, call.extent, dst);
    return;
  case CollectiveKind::Permute:
    std::optional<int64_t> from = sourceOf(call, index);
    if (from && (*from < 0 || *from >= ranks))
      throw tp::Error(call.str() + " sends from index " + std::to_string(*from) + " of a group of " + std::to_string(ranks));
    if (from)
      return copy(dst, sources[*from].first, resultBytes);
    std::memset(dst, 0, resultBytes);
    return;
  }
}

} // namespace tprt::comm
