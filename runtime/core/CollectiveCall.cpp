// Sizes, comparison and text of one collective call.
#include "tprt/Communicator.h"

#include <array>

namespace tprt {

using tp::CollectiveKind;

int64_t CollectiveCall::operandCount(int64_t ranks) const {
  int64_t piece = outer * extent * middle * concat * inner;
  bool holdsAllPieces =
      kind == CollectiveKind::ReduceScatter || kind == CollectiveKind::Scatter || kind == CollectiveKind::AllToAll;
  return holdsAllPieces ? piece * ranks : piece;
}

int64_t CollectiveCall::resultCount(int64_t ranks) const {
  int64_t piece = outer * extent * middle * concat * inner;
  bool getsAllPieces = kind == CollectiveKind::AllGather || kind == CollectiveKind::Gather || kind == CollectiveKind::AllToAll;
  return getsAllPieces ? piece * ranks : piece;
}

bool CollectiveCall::matches(const CollectiveCall &other) const {
  return kind == other.kind && site == other.site && group == other.group && type == other.type && reduction == other.reduction &&
         root == other.root && outer == other.outer && extent == other.extent && middle == other.middle &&
         concat == other.concat && inner == other.inner && splitFirst == other.splitFirst && pairCount == other.pairCount;
}

// A sum of products with odd numbers: the multiplications do not wait for one another, and no small differences cancel out.
uint64_t CollectiveCall::fingerprint() const {
  const uint64_t kinds = static_cast<uint64_t>(kind) | static_cast<uint64_t>(type) << 8 | static_cast<uint64_t>(reduction) << 16 |
                         static_cast<uint64_t>(splitFirst) << 24;
  const std::array<uint64_t, 10> facts = {kinds,
                                          static_cast<uint64_t>(site),
                                          static_cast<uint64_t>(group),
                                          static_cast<uint64_t>(root),
                                          static_cast<uint64_t>(outer),
                                          static_cast<uint64_t>(extent),
                                          static_cast<uint64_t>(middle),
                                          static_cast<uint64_t>(concat),
                                          static_cast<uint64_t>(inner),
                                          static_cast<uint64_t>(pairCount)};
  constexpr uint64_t step = 0x9e3779b97f4a7c15; // 2^64 by the golden ratio
  uint64_t sum = 0, factor = step;
  for (uint64_t fact : facts) {
    sum += fact * factor;
    factor *= step;
  }
  return sum;
}

std::string CollectiveCall::str() const {
  std::string text(tp::name(kind));
  if (kind == CollectiveKind::AllReduce || kind == CollectiveKind::ReduceScatter || kind == CollectiveKind::Reduce)
    text += " " + tp::str(reduction);
  text += " of " + std::string(tp::name(type)) + "[" + std::to_string(outer * extent * middle * concat * inner) + "]";
  text += " (site " + std::to_string(site);
  if (!where.empty())
    text += ", " + std::string(where);
  if (!entry.empty())
    text += ", entry \"" + std::string(entry) + "\"";
  return text + ")";
}

} // namespace tprt
