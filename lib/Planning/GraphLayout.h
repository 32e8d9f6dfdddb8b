// Where the nodes of a drawn graph go: rows from top to bottom, every edge downwards.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace tp {

struct DrawnNode {
  double width = 0, height = 0;
  /// Nodes of a later block stand below all of an earlier one. Blocks do not decrease.
  int block = 0;
  double x = 0, y = 0; // set: the centre of the upper border
};

struct DrawnEdge {
  /// Nodes; from < to.
  size_t from = 0, to = 0;
  std::vector<std::pair<double, double>> points; // set: from the lower border of one to the upper border of the other
};

struct Drawing {
  double width = 0, height = 0;
};

/// Sets the places of nodes and edges; the drawing begins at (0, 0).
Drawing layOut(std::vector<DrawnNode> &nodes, std::vector<DrawnEdge> &edges);

} // namespace tp
