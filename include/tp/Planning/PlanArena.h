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
};

/// The most bytes that are alive at one time: no plan needs fewer.
int64_t arenaLowerBound(const std::vector<ArenaBuffer> &buffers);

/// Places the buffers low. Stops looking for better plans once the lower bound, or `capacity`, is met. Deterministic.
ArenaPlan planArena(const std::vector<ArenaBuffer> &buffers, std::optional<int64_t> capacity = {});

} // namespace tp
