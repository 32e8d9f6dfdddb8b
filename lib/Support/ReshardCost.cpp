// Sorts every piece of a mesh axis by where it stands in the source and in the target, and adds up the collectives that takes.
#include "tp/Support/ReshardCost.h"

#include "tp/Support/Bytes.h"

namespace tp {

// The dimension that `atom` splits in `layout`; -1: none, -2: the layout is partial over it.
static int64_t placeOf(const Layout &layout, const AxisPart &atom, const Mesh &mesh) {
  for (size_t i = 0; i < layout.dims.size(); ++i)
    if (mesh.overlap(layout.dims[i].axes, atom))
      return i;
  return mesh.overlap(layout.partial, atom) ? -2 : -1;
}

ReshardCost reshardCost(const Layout &from, const Layout &to, int64_t globalBytes, const Mesh &mesh) {
  if (from == to)
    return {};
  std::vector<std::vector<AxisPart>> lists;
  for (const Layout *layout : {&from, &to}) {
    for (const DimLayout &dim : layout->dims)
      lists.push_back(dim.axes);
    lists.push_back(layout->partial);
  }
  int64_t local = globalBytes, scattered = 1, exchanged = 1, reduced = 1, gathered = 1;
  for (const AxisPart &atom : mesh.atoms(lists)) {
    int64_t a = placeOf(from, atom, mesh), b = placeOf(to, atom, mesh), n = mesh.sizeOf(atom);
    if (a >= 0)
      local /= n;
    if (a == -1 && b >= 0)
      local /= n;
    else if (a == -2 && b >= 0)
      scattered *= n;
    else if (a == -2 && b == -1)
      reduced *= n;
    else if (a >= 0 && b >= 0 && a != b)
      exchanged *= n;
    else if (a >= 0 && b < 0)
      gathered *= n;
  }
  ReshardCost cost;
  auto add = [&](CollectiveKind kind, int64_t ranks) {
    if (ranks == 1)
      return;
    cost.bytes += wireBytesPerRank(kind, local, ranks);
    ++cost.collectives;
  };
  add(CollectiveKind::ReduceScatter, scattered);
  local /= scattered;
  add(CollectiveKind::AllToAll, exchanged);
  add(CollectiveKind::AllReduce, reduced);
  add(CollectiveKind::AllGather, gathered);
  return cost;
}

} // namespace tp
