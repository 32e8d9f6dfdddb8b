// What one rank knows while an entry runs: where it is on the mesh, its threads and its way to the other ranks. Every
// function of functions.def gets it as its first argument; a module never looks inside.
#pragma once
#include "tp/Support/Mesh.h"

#include <cstdint>
#include <vector>

namespace tprt {

/// The ranks that take part in one group's collectives, as seen by one of them.
struct Group {
  std::vector<tp::AxisPart> parts;
  /// Ranks of the mesh, ordered by their index along `parts`.
  std::vector<int64_t> members;
  /// This rank's place in `members`.
  int64_t index = 0;
  int64_t size() const { return static_cast<int64_t>(members.size()); }
};

} // namespace tprt

struct tprt_context {
  int64_t rank = 0;
  /// In manifest order.
  std::vector<tprt::Group> groups;
};
