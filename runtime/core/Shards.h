// Cutting whole tensors into one rank's part and putting the parts together again.
#pragma once
#include "tprt/Array.h"
#include "tprt/Manifest.h"

namespace tprt {

/// Writes `rank`'s part of `whole`, laid out as `info` says, to `memory`. A partial layout gives the whole to the first
/// rank along its axes and what is neutral to the others. `whole` may be smaller than `shape`: the rest is zero.
void cutShard(const TensorInfo &info, const tp::Mesh &mesh, int64_t rank, const std::vector<int64_t> &shape, const Array &whole,
              char *memory);

/// The whole tensor of `shape` from all ranks' parts; partial ones are reduced in rank order.
Array joinShards(const TensorInfo &info, const tp::Mesh &mesh, const std::vector<int64_t> &shape,
                 const std::vector<const char *> &parts);

/// The smallest shape that holds every slice which parameters and inputs take of what the user gives as `name`.
std::vector<int64_t> givenShapeOf(const Manifest &manifest, const std::string &name);

} // namespace tprt
