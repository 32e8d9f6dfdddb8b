// Splitting and assembling: shardOf says where a rank's part lies, a strided copy moves it.
#include "tp/Reference/Shards.h"

#include "dialects/nn/Strided.h"
#include "tp/Support/Error.h"
#include "tp/Support/Neutral.h"

#include <algorithm>
#include <bit>

namespace tp::reference {

using nn::copyStrided;
using nn::StridedView;
using nn::stridesOf;

static StridedView viewOf(const std::vector<int64_t> &shape, const Shard &shard) {
  StridedView view{0, stridesOf(shape)};
  for (size_t dim = 0; dim < shape.size(); ++dim)
    view.offset += shard.offsets[dim] * view.strides[dim];
  return view;
}

std::vector<HostTensor> splitToRanks(const HostTensor &whole, const Layout &layout, const Mesh &mesh) {
  if (std::string problem = problemWith(layout, whole.shape, mesh); !problem.empty())
    throw Error(problem);
  std::vector<HostTensor> shards;
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    Shard shard = shardOf(whole.shape, layout, mesh, rank);
    HostTensor &part = shards.emplace_back(HostTensor::zeros(whole.type, shard.sizes));
    if (mesh.indexAlong(layout.partial, rank) == 0)
      copyStrided(shard.sizes, whole, viewOf(whole.shape, shard), part, {0, stridesOf(shard.sizes)});
    else
      fillNeutral(part, layout.reduction);
  }
  return shards;
}

template <typename Element> static Element combined(Reduction kind, Element a, Element b) {
  return kind == Reduction::Sum ? a + b : kind == Reduction::Max ? std::max(a, b) : std::min(a, b);
}

/// The sum (max, min) over the ranks of the group in which `rank` is the first.
static HostTensor reducedOver(const std::vector<HostTensor> &shards, const std::vector<int64_t> &group, Reduction kind) {
  HostTensor total = shards[group[0]];
  for (size_t i = 1; i < group.size(); ++i) {
    const HostTensor &next = shards[group[i]];
    for (size_t j = 0; j < total.floats.size(); ++j)
      total.floats[j] = combined(kind, total.floats[j], next.floats[j]);
    for (size_t j = 0; j < total.ints.size(); ++j)
      total.ints[j] = combined(kind, total.ints[j], next.ints[j]);
  }
  total.round();
  return total;
}

static bool bitEqual(const HostTensor &a, const HostTensor &b) {
  return a.ints == b.ints &&
         std::equal(a.floats.begin(), a.floats.end(), b.floats.begin(), b.floats.end(),
                    [](double x, double y) { return std::bit_cast<int64_t>(x) == std::bit_cast<int64_t>(y); });
}

HostTensor assemble(const std::vector<HostTensor> &shards, const Layout &layout, const Mesh &mesh) {
  std::vector<int64_t> shape = shards.at(0).shape;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    shape[dim] *= mesh.sizeOf(layout.dims.at(dim).axes);
  HostTensor whole = HostTensor::zeros(shards[0].type, shape);
  // The rank that wrote each part first; all later ones must hold the same bits.
  std::vector<std::pair<std::vector<int64_t>, int64_t>> owners;
  std::vector<HostTensor> parts(shards.size());
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    if (mesh.indexAlong(layout.partial, rank) != 0)
      continue;
    Shard shard = shardOf(shape, layout, mesh, rank);
    if (shards[rank].shape != shard.sizes)
      throw Error("rank " + std::to_string(rank) + " holds a part of another shape than rank 0");
    parts[rank] = reducedOver(shards, mesh.groupOf(layout.partial, rank), layout.reduction);
    auto owner = std::find_if(owners.begin(), owners.end(), [&](auto &each) { return each.first == shard.offsets; });
    if (owner == owners.end()) {
      owners.emplace_back(shard.offsets, rank);
      copyStrided(shard.sizes, parts[rank], {0, stridesOf(shard.sizes)}, whole, viewOf(shape, shard));
    } else if (!bitEqual(parts[owner->second], parts[rank])) {
      throw Error("ranks " + std::to_string(owner->second) + " and " + std::to_string(rank) +
                  " should hold the same values, but they differ");
    }
  }
  return whole;
}

} // namespace tp::reference
