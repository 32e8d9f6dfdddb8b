// What a change of layout costs on the wire, in the best order of simple collectives: slices first (they shrink the shard), then
// reduce-scatters and all-to-alls, then all-reduces, then gathers.
#pragma once
#include "tp/Support/Layout.h"

namespace tp {

struct ReshardCost {
  /// Bytes that one rank puts on the wire.
  int64_t bytes = 0;
  int64_t collectives = 0;
};

/// Cost of taking a tensor of `globalBytes` from one layout to another; both must fit the same tensor on `mesh`.
ReshardCost reshardCost(const Layout &from, const Layout &to, int64_t globalBytes, const Mesh &mesh);

} // namespace tp
