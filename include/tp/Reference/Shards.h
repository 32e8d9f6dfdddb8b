// Whole tensors to the parts that ranks hold, and back.
#pragma once
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"

namespace tp::reference {

/// What each rank holds of `whole` in `layout`: its shard; of a partial layout, the first rank of each group holds the values
/// and the others the neutral element.
std::vector<HostTensor> splitToRanks(const HostTensor &whole, const Layout &layout, const Mesh &mesh);

/// The whole tensor from what the ranks hold. Partial values are combined in rank order. Throws Error where two ranks hold
/// different bits of a value that should be replicated, or where a shard has not the size that the layout says.
HostTensor assemble(const std::vector<HostTensor> &shards, const Layout &layout, const Mesh &mesh);

} // namespace tp::reference
