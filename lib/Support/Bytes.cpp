// The ring formulas of Bytes.h.
#include "tp/Support/Bytes.h"

namespace tp {

std::string_view name(CollectiveKind kind) {
  switch (kind) {
  case CollectiveKind::AllReduce:
    return "all_reduce";
  case CollectiveKind::AllGather:
    return "all_gather";
  case CollectiveKind::ReduceScatter:
    return "reduce_scatter";
  case CollectiveKind::AllToAll:
    return "all_to_all";
  case CollectiveKind::Broadcast:
    return "broadcast";
  case CollectiveKind::Scatter:
    return "scatter";
  case CollectiveKind::Gather:
    return "gather";
  case CollectiveKind::Reduce:
    return "reduce";
  case CollectiveKind::Permute:
    return "permute";
  }
  return "";
}

int64_t wireBytesPerRank(CollectiveKind kind, int64_t operandBytes, int64_t ranks) {
  if (kind == CollectiveKind::Permute)
    return operandBytes;
  if (ranks <= 1)
    return 0;
  switch (kind) {
  case CollectiveKind::AllReduce:
    return 2 * (ranks - 1) * operandBytes / ranks;
  case CollectiveKind::ReduceScatter:
  case CollectiveKind::AllToAll:
  case CollectiveKind::Scatter:
    return (ranks - 1) * operandBytes / ranks;
  case CollectiveKind::AllGather:
  case CollectiveKind::Gather:
    return (ranks - 1) * operandBytes;
  default:
    return operandBytes;
  }
}

} // namespace tp
