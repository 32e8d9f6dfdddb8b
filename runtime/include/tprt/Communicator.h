// How one rank reaches the others: the interface behind every collective of functions.def.
//
// There is one object per rank. `local` (comm/local) is for ranks that are threads of one process, `mpi` (comm/mpi) for
// ranks that are processes. A collective is described by one value, so that what ranks ask for can be compared
// (a mismatch is an error, not a hang), printed, counted and traced without a case for each kind.
#pragma once
#include "tp/Support/Bytes.h"
#include "tp/Support/Error.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"
#include "tprt/Context.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tprt {

struct CollectiveCall {
  tp::CollectiveKind kind = tp::CollectiveKind::AllReduce;
  /// Index into the running entry's "collectives".
  int64_t site = 0;
  /// Index into the manifest's "groups".
  int64_t group = 0;
  tp::DType type = tp::DType::F32;
  tp::Reduction reduction = tp::Reduction::Sum;
  int64_t root = 0;
  /// The shape of one piece. All-to-all: extent is `split`. Kinds without dimensions use `extent` alone.
  int64_t outer = 1, extent = 1, middle = 1, concat = 1, inner = 1;
  bool splitFirst = false;
  /// Of a permute: (source, target) pairs of group indices. Equal on all ranks, but not compared.
  const int64_t *pairs = nullptr;
  int64_t pairCount = 0;
  /// For people, where known: the place in the model, and the entry that runs. Not compared.
  std::string_view where = {}, entry = {};

  /// Elements that one rank passes in (all-gather: its piece; reduce-scatter: all pieces).
  int64_t operandCount(int64_t ranks) const;
  /// Elements that one rank gets.
  int64_t resultCount(int64_t ranks) const;
  int64_t operandBytes(int64_t ranks) const { return operandCount(ranks) * tp::bytesOf(type); }
  /// Whether two ranks of a group may meet in these calls.
  bool matches(const CollectiveCall &other) const;
  /// Equal for calls that match; for others it differs, but for one pair in 2^64.
  uint64_t fingerprint() const;
  /// "all_reduce sum of f32[4096] (site 3, layers.*.mlp.down_proj, entry "decode")"
  std::string str() const;
};

/// What a rank throws when another one failed first; that one's error is the error of the run.
struct Poisoned : tp::Error {
  using Error::Error;
};

class Communicator {
public:
  virtual ~Communicator() = default;
  /// Does `call` with the other ranks of `group`; `src` and `dst` as functions.def says. Returns when all had come and the first
  /// byte could move: the largest time point if that was all there was to wait for. Throws Error (time-out, mismatch) or Poisoned.
  virtual Clock::time_point perform(const CollectiveCall &call, const Group &group, const void *src, void *dst) = 0;
  /// This rank has failed: makes every other rank that waits now or later fail too. Those of this process throw Poisoned,
  /// those of other processes an Error that names this rank and tells `why`.
  virtual void poison(const std::string &why) = 0;
  /// This rank starts or ends an entry: one that has ended will not come to a collective any more.
  virtual void setRunning(bool running) = 0;
};

} // namespace tprt
