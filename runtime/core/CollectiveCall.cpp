// Sizes, comparison and text of one collective call.
#include "tprt/Communicator.h"

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
