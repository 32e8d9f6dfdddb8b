// The data movement of each collective, for one rank that can read every rank's operand.
#pragma once
#include "tprt/Communicator.h"

namespace tprt::local {

/// Whether `call` reads the operand of the rank with this index in the group.
bool reads(const CollectiveCall &call, int64_t index);

/// Computes the result of rank `index` into `dst` from everybody's operands (entries that are not read may be null).
/// `dst` may be the rank's own operand where functions.def says "in place", if nobody else reads that operand any more.
void assemble(const CollectiveCall &call, int64_t index, const std::vector<const void *> &sources, void *dst);

/// Elements [begin, end) of an array of `count` that rank `index` of `ranks` reduces for all; begins are multiples of 16.
struct Slice {
  int64_t begin, end;
};
Slice sliceOf(int64_t count, int64_t index, int64_t ranks);

} // namespace tprt::local
