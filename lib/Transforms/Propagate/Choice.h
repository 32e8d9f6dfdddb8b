// Decides, where claims exclude one another, which option each op and each unplaced tensor takes.
//
// In the order of the design: an op that uses a parameter keeps the parameter's split, an op that uses a value wished split keeps
// that; then fewest bytes on the wire, fewest collectives, least memory, order of dimensions. The cost is a sum over tensors of the
// changes of layout between producer and users, so it is minimised exactly by eliminating one contested op after the other; what is
// not contested is fixed and cuts the problem into small regions (one per layer). Above `maxTable` entries: greedy.
#pragma once
#include "Claims.h"

namespace tp::propagate {

struct Choice {
  std::vector<int> ofNode;    // index into Claims::ofNode[node]
  std::vector<Layout> tensor; // layout that each tensor is kept in: after its producer's reduction, before the uses' reshards
  bool exact = true;
  int contested = 0;
};

Choice choose(const Graph &graph, const Claims &claims, int64_t maxTable);

} // namespace tp::propagate
