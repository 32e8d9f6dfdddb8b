// Bytes that one rank puts on the wire for each collective, with a ring of n ranks: the formulas that tp-plan prints,
// propagation minimises, and the runtime counts. All are exact integers, rounded down once per execution.
#pragma once
#include <cstdint>
#include <string_view>

namespace tp {

enum class CollectiveKind { AllReduce, AllGather, ReduceScatter, AllToAll, Broadcast, Scatter, Gather, Reduce, Permute };

/// "all_reduce", "all_gather", ...: the names of tp-plan and of the ops.
std::string_view name(CollectiveKind kind);

/// `operandBytes` is what one rank passes in; `ranks` the size of the group. 0 for a group of one (except permute).
///   all-reduce 2(n-1)/n operand; reduce-scatter, all-to-all, scatter (n-1)/n operand;
///   all-gather, gather (n-1)/n result = (n-1) operand; broadcast, reduce, permute: operand
/// (Patarasuk and Yuan 2009; Thakur et al. 2005).
int64_t wireBytesPerRank(CollectiveKind kind, int64_t operandBytes, int64_t ranks);

} // namespace tp
