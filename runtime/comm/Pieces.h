// Which bytes of whose operand each collective moves where, for every transport.
//
// A rank computes its result from parts of the ranks' operands. `local` reads them where they are, `mpi` gets each as one
// packed message; both describe them as rows with a distance, so what is done with them, and the order of every sum, is
// written once, here.
#pragma once
#include "tprt/Communicator.h"

namespace tprt::comm {

/// Whether the result of rank `reader` of the group depends on the operand of rank `owner`.
bool reads(const CollectiveCall &call, int64_t reader, int64_t owner);
/// Whether any rank reads the operand of `owner`.
bool isRead(const CollectiveCall &call, int64_t owner);

/// What one rank reads of one operand, in bytes: `rows` of `rowBytes`; reader `index` finds row k at index * step + k * stride.
struct Part {
  int64_t rows, rowBytes, step, stride;
  int64_t bytes() const { return rows * rowBytes; }
};
Part partOf(const CollectiveCall &call, int64_t ranks);

/// The part of one operand that a rank reads: where its first row is, and the bytes from row to row.
struct Source {
  const void *first = nullptr;
  int64_t stride = 0;
};
/// The part of `operand` that rank `index` reads; an operand may be null where it is not read.
Source sourceIn(const Part &part, int64_t index, const void *operand);

/// Computes the result of rank `index` into `dst` from its part of everybody's operands (those not read may be null).
/// `dst` may be the rank's own operand where functions.def says "in place", if nobody else reads that operand any more. A
/// part that is already where it belongs in `dst` stays there.
void assemble(const CollectiveCall &call, int64_t index, const std::vector<Source> &sources, void *dst);

/// Elements [begin, end) of an array of `count` that rank `index` of `ranks` reduces for all; begins are multiples of 16.
struct Slice {
  int64_t begin, end;
};
Slice sliceOf(int64_t count, int64_t index, int64_t ranks);

} // namespace tprt::comm
