// A complete search for offsets within a capacity.
#pragma once
#include "tp/Planning/PlanArena.h"

#include <functional>

namespace tp {

enum class ArenaVerdict { Fits, Impossible, Unknown };

struct ArenaSearchResult {
  ArenaVerdict verdict = ArenaVerdict::Unknown;
  /// One per buffer, in the order given, if it fits.
  std::vector<int64_t> offsets;
};

/// Looks for offsets within `capacity`. Gives up (Unknown) after `effort`, which counts buffers looked at and so is the same
/// on every machine, about 3e8 a second; or when `timeIsUp`, asked now and then, says so. Impossible is a proof. Every buffer
/// needs lower < upper and size > 0. The depth of its recursion is the number of buffers. `onThreads` (timeIsUp is then called
/// from several) changes how long it takes, never what it gives for an effort.
ArenaSearchResult searchArena(const std::vector<ArenaBuffer> &buffers, int64_t capacity, int64_t effort,
                              const std::function<bool()> &timeIsUp = {}, bool onThreads = false);

} // namespace tp
