// Offsets for buffers that share one arena.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace tp {

/// A buffer of `size` bytes that is alive at the times [lower, upper).
struct ArenaBuffer {
  int64_t lower = 0, upper = 0, size = 0;
};

struct ArenaPlan {
  /// One per buffer, in the order given; buffers alive at one time do not overlap.
  std::vector<int64_t> offsets;
  /// The end of the buffer that reaches farthest.
  int64_t bytes = 0;
  /// Proved: no plan at all keeps within the capacity that was asked for.
  bool impossible = false;
};

/// What a plan should keep to, and how long it may be looked for.
struct ArenaGoal {
  /// Without one: as few bytes as can be found.
  std::optional<int64_t> capacity;
  /// Without a limit the amount of work is fixed, a fraction of a second, and the plan the same on every machine.
  std::optional<double> seconds;
};

/// The most bytes that are alive at one time: no plan needs fewer.
int64_t arenaLowerBound(const std::vector<ArenaBuffer> &buffers);

/// Places the buffers low. Stops looking for better plans once the lower bound, or the capacity, is met.
ArenaPlan planArena(const std::vector<ArenaBuffer> &buffers, const ArenaGoal &goal = {});

} // namespace tp
