// Carries the splits that wishes start along factors, both ways, to every tensor and op they reach.
//
// A claim says "this dimension could be split over these axes, because of that wish". Where claims on one op (or tensor) exclude one
// another over an axis, it has several options; which one is taken is decided later (Choice.h). What no claim reaches is whole. The
// set of claims only grows and does not depend on the order of visit.
#pragma once
#include "Graph.h"

namespace tp::propagate {

using Parts = std::vector<AxisPart>;

struct Claim {
  int64_t place; // dimension of a tensor, or factor of a node
  Parts parts;
  int origin;
};

/// One consistent set of claims: per dimension (factor) the axes that split it.
struct Option {
  std::vector<Parts> axes;
  std::vector<int> origin; // per dimension (factor), -1 where not split
  bool operator==(const Option &other) const { return axes == other.axes; }
};

struct Blocked {
  int64_t factor;
  int64_t size;
  Parts parts;
  int origin;
};

struct Claims {
  std::vector<std::vector<Claim>> onTensor;
  std::vector<std::vector<Option>> ofNode;   // at least one option each (nothing split)
  std::vector<std::vector<Option>> ofTensor; // only for tensors without a producer or with a wish
  std::vector<std::vector<Blocked>> blocked; // per node: claims that would go on if they divided a factor
};

Claims carryClaims(const Graph &graph);

/// The layout of a tensor slot of a node under an option: splits, and for results the partial axes of split reductions.
Layout operandLayout(const Graph &graph, const Node &node, const Option &option, int slot);
Layout resultLayout(const Graph &graph, const Node &node, const Option &option, int slot);

/// What a wish on a result asks of a value that is kept as `kept`: an open dimension that the wish leaves empty stays as it is.
Layout closedWish(const Mesh &mesh, const Layout &wish, const Layout &kept);

} // namespace tp::propagate
