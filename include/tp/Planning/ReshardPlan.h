// The cheapest sequence of collectives from one layout of a tensor to another. Plain arithmetic on layouts, so that
// propagation can ask what a change of layout would cost before any of it is in the program.
#pragma once
#include "tp/Support/Bytes.h"
#include "tp/Support/Layout.h"

#include <optional>

namespace tp {

struct ReshardStep {
  enum class Kind { AllReduce, ReduceScatter, AllGather, AllToAll, Slice, Keep };
  Kind kind;
  /// Major to minor, merged: what the collective runs over.
  std::vector<AxisPart> axes;
  /// The dimension that is gathered, scattered or sliced; of an all-to-all the one that is split by it.
  int64_t dim = -1;
  /// Of an all-to-all: the dimension that is put together again.
  int64_t concatDim = -1;
  /// Layout of the value after the step.
  Layout after;
  int64_t wireBytes = 0;
};

struct ReshardPlan {
  std::vector<ReshardStep> steps;
  /// Sum over the steps, by Bytes.h.
  int64_t wireBytes = 0;
  /// Steps that move bytes.
  int64_t collectives = 0;
};

/// The plan with fewest bytes, then fewest collectives, then fewest steps. Exact over all sequences of the steps above that
/// leave alone what `from` and `to` agree on: axes that are whole in both, partial in both, or the same major axes of a
/// dimension. `shape` is global, with dynamic extents as -1; they count as `dynamicExtent` and are split only over axes
/// that split them in `from` or `to`. Nothing if `to` does not divide the sizes.
std::optional<ReshardPlan> planReshard(const Mesh &mesh, const std::vector<int64_t> &shape, int64_t elementBytes,
                                       int64_t dynamicExtent, const Layout &from, const Layout &to);

/// `layout` as types spell it: parts merged, axes of size 1 left out, partial axes in the mesh's order.
Layout canonical(const Mesh &mesh, const Layout &layout);

} // namespace tp
