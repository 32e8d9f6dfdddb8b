// Dijkstra's search over layouts, with one edge per collective.
//
// Shards lie row-major over a dimension's axes, major to minor. So only the minor-most axes of a dimension can be gathered
// or exchanged plainly, and an axis that starts to split a dimension becomes its minor-most. That a major axis cannot leave
// before the minor ones do is therefore no special case: the search takes them off and puts them back, or finds that another
// order is cheaper.
#include "tp/Planning/ReshardPlan.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <tuple>

namespace tp {

Layout canonical(const Mesh &mesh, const Layout &layout) {
  auto strip = [&](const std::vector<AxisPart> &parts) {
    std::vector<AxisPart> kept;
    for (const AxisPart &part : parts)
      if (mesh.sizeOf(part) > 1)
        kept.push_back(part);
    return mesh.merged(kept);
  };
  Layout result = layout;
  for (DimLayout &dim : result.dims)
    dim.axes = strip(dim.axes);
  result.partial = mesh.merged(mesh.atoms({strip(layout.partial)}));
  if (result.partial.empty())
    result.reduction = Reduction::Sum;
  return result;
}

namespace {

using Atoms = std::vector<int>; // indices into Search::atoms, major to minor

// A layout in atoms: which split each dimension, and which the value is partial over (sorted).
struct Place {
  std::vector<Atoms> dims;
  Atoms partial;
  auto operator<=>(const Place &) const = default;
};

// Bytes, collectives, steps.
using Cost = std::tuple<int64_t, int64_t, int64_t>;

struct Move {
  ReshardStep::Kind kind;
  Atoms atoms;
  int64_t dim = -1, concatDim = -1;
};

void remove(Atoms &from, const Atoms &what) {
  std::erase_if(from, [&](int atom) { return std::find(what.begin(), what.end(), atom) != what.end(); });
}

class Search {
public:
  Search(const Mesh &mesh, const std::vector<int64_t> &shape, int64_t elementBytes, int64_t dynamicExtent, const Layout &from,
         const Layout &to)
      : mesh(mesh), shape(shape), elementBytes(elementBytes), dynamicExtent(dynamicExtent) {
    std::vector<std::vector<AxisPart>> lists{from.partial, to.partial};
    for (const Layout *layout : {&from, &to})
      for (const DimLayout &dim : layout->dims)
        lists.push_back(dim.axes);
    atoms = mesh.atoms(lists);
    for (const AxisPart &atom : atoms)
      sizes.push_back(mesh.sizeOf(atom));
    source = placeOf(from);
    target = placeOf(to);
    reduction = from.isPartial() ? from.reduction : to.reduction;
    findWhatStays();
  }

  std::optional<ReshardPlan> run() {
    struct Reached {
      Cost cost;
      Place previous;
      Move move;
    };
    std::map<Place, Reached> reached;
    using Entry = std::pair<Cost, Place>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    reached[source] = {Cost{0, 0, 0}, source, {}};
    queue.push({Cost{0, 0, 0}, source});
    bool found = false;
    while (!queue.empty()) {
      auto [cost, place] = queue.top();
      queue.pop();
      if (cost != reached.at(place).cost)
        continue;
      if (place == target) {
        found = true;
        break;
      }
      forEachMove(place, [&](const Move &move, const Place &next) {
        int64_t bytes = wireBytes(place, move);
        bool moves = move.kind != ReshardStep::Kind::Slice && move.kind != ReshardStep::Kind::Keep;
        Cost total{std::get<0>(cost) + bytes, std::get<1>(cost) + moves, std::get<2>(cost) + 1};
        auto [entry, isNew] = reached.try_emplace(next, Reached{total, place, move});
        if (!isNew && entry->second.cost <= total)
          return;
        entry->second = {total, place, move};
        queue.push({total, next});
      });
    }
    if (!found)
      return std::nullopt;
    std::vector<std::pair<Place, Move>> path;
    for (Place place = target; place != source; place = reached.at(place).previous)
      path.emplace_back(reached.at(place).previous, reached.at(place).move);
    std::reverse(path.begin(), path.end());
    return planOf(path);
  }

private:
  Place placeOf(const Layout &layout) const {
    Place place;
    auto add = [&](const std::vector<AxisPart> &parts, Atoms &list) {
      for (const AxisPart &part : parts)
        for (size_t i = 0; i < atoms.size(); ++i) // sorted major to minor
          if (mesh.overlap(part, atoms[i]))
            list.push_back(i);
    };
    for (const DimLayout &dim : layout.dims)
      add(dim.axes, place.dims.emplace_back());
    add(layout.partial, place.partial);
    std::sort(place.partial.begin(), place.partial.end());
    return place;
  }

  void findWhatStays() {
    movable.assign(atoms.size(), true);
    fixedPrefix.assign(shape.size(), 0);
    for (size_t d = 0; d < shape.size(); ++d) {
      const Atoms &a = source.dims[d], &b = target.dims[d];
      while (fixedPrefix[d] < std::min(a.size(), b.size()) && a[fixedPrefix[d]] == b[fixedPrefix[d]])
        movable[a[fixedPrefix[d]++]] = false;
    }
    for (int atom : source.partial)
      if (std::find(target.partial.begin(), target.partial.end(), atom) != target.partial.end())
        movable[atom] = false;
  }

  int64_t product(const Atoms &list) const {
    int64_t result = 1;
    for (int atom : list)
      result *= sizes[atom];
    return result;
  }

  int64_t localBytes(const Place &place) const {
    int64_t bytes = elementBytes;
    for (size_t d = 0; d < shape.size(); ++d) {
      int64_t pieces = product(place.dims[d]);
      bytes *= ((shape[d] < 0 ? dynamicExtent : shape[d]) + pieces - 1) / pieces;
    }
    return bytes;
  }

  // Whether dimension `d` of `place` may be split over `more` too.
  bool canSplit(const Place &place, int64_t d, const Atoms &more) const {
    if (shape[d] >= 0)
      return shape[d] % (product(place.dims[d]) * product(more)) == 0;
    return std::all_of(more.begin(), more.end(), [&](int atom) {
      auto has = [&](const Atoms &list) { return std::find(list.begin(), list.end(), atom) != list.end(); };
      return has(source.dims[d]) || has(target.dims[d]);
    });
  }

  int64_t wireBytes(const Place &place, const Move &move) const {
    auto cost = [&](CollectiveKind kind) { return wireBytesPerRank(kind, localBytes(place), product(move.atoms)); };
    switch (move.kind) {
    case ReshardStep::Kind::AllReduce:
      return cost(CollectiveKind::AllReduce);
    case ReshardStep::Kind::ReduceScatter:
      return cost(CollectiveKind::ReduceScatter);
    case ReshardStep::Kind::AllGather:
      return cost(CollectiveKind::AllGather);
    case ReshardStep::Kind::AllToAll:
      return cost(CollectiveKind::AllToAll);
    case ReshardStep::Kind::Slice:
    case ReshardStep::Kind::Keep:
      return 0;
    }
    return 0;
  }

  // Calls `visit` with every ordered choice of at least one atom of `from`.
  static void forEachOrderedChoice(const Atoms &from, const std::function<void(const Atoms &)> &visit) {
    Atoms chosen;
    std::function<void()> extend = [&] {
      if (!chosen.empty())
        visit(chosen);
      for (int atom : from)
        if (std::find(chosen.begin(), chosen.end(), atom) == chosen.end()) {
          chosen.push_back(atom);
          extend();
          chosen.pop_back();
        }
    };
    extend();
  }

  void forEachMove(const Place &place, const std::function<void(const Move &, const Place &)> &visit) const {
    Atoms partial, whole;
    for (int atom = 0; atom < int(atoms.size()); ++atom) {
      if (!movable[atom])
        continue;
      auto has = [&](const Atoms &list) { return std::find(list.begin(), list.end(), atom) != list.end(); };
      if (has(place.partial))
        partial.push_back(atom);
      else if (std::none_of(place.dims.begin(), place.dims.end(), has))
        whole.push_back(atom);
    }
    forEachOrderedChoice(partial, [&](const Atoms &chosen) {
      Place next = place;
      remove(next.partial, chosen);
      if (std::is_sorted(chosen.begin(), chosen.end()))
        visit({ReshardStep::Kind::AllReduce, chosen}, next);
      for (int64_t d = 0; d < int64_t(shape.size()); ++d)
        if (canSplit(place, d, chosen)) {
          Place scattered = next;
          scattered.dims[d].insert(scattered.dims[d].end(), chosen.begin(), chosen.end());
          visit({ReshardStep::Kind::ReduceScatter, chosen, d}, scattered);
        }
    });
    for (int atom : whole) {
      for (int64_t d = 0; d < int64_t(shape.size()); ++d)
        if (canSplit(place, d, {atom})) {
          Place next = place;
          next.dims[d].push_back(atom);
          visit({ReshardStep::Kind::Slice, {atom}, d}, next);
        }
      if (std::find(target.partial.begin(), target.partial.end(), atom) != target.partial.end()) {
        Place next = place;
        next.partial.insert(std::lower_bound(next.partial.begin(), next.partial.end(), atom), atom);
        visit({ReshardStep::Kind::Keep, {atom}}, next);
      }
    }
    for (int64_t d = 0; d < int64_t(shape.size()); ++d)
      for (size_t keep = fixedPrefix[d]; keep < place.dims[d].size(); ++keep) {
        Atoms minor(place.dims[d].begin() + keep, place.dims[d].end());
        Place next = place;
        next.dims[d].resize(keep);
        visit({ReshardStep::Kind::AllGather, minor, d}, next);
        for (int64_t other = 0; other < int64_t(shape.size()); ++other)
          if (other != d && canSplit(place, other, minor)) {
            Place exchanged = next;
            exchanged.dims[other].insert(exchanged.dims[other].end(), minor.begin(), minor.end());
            visit({ReshardStep::Kind::AllToAll, minor, other, d}, exchanged);
          }
      }
  }

  std::vector<AxisPart> partsOf(const Atoms &list) const {
    std::vector<AxisPart> parts;
    for (int atom : list)
      parts.push_back(atoms[atom]);
    return mesh.merged(parts);
  }

  Layout layoutOf(const Place &place) const {
    Layout layout;
    for (const Atoms &dim : place.dims)
      layout.dims.push_back({partsOf(dim)});
    layout.partial = partsOf(place.partial);
    if (layout.isPartial())
      layout.reduction = reduction;
    return layout;
  }

  ReshardPlan planOf(const std::vector<std::pair<Place, Move>> &path) const {
    ReshardPlan plan;
    Atoms open; // the atoms of the last step, if it may still grow
    for (size_t i = 0; i < path.size(); ++i) {
      const auto &[before, move] = path[i];
      Layout after = layoutOf(i + 1 < path.size() ? path[i + 1].first : target);
      // The search takes free steps one atom at a time; two in a row of the same kind are one op.
      bool isFree = move.kind == ReshardStep::Kind::Slice || move.kind == ReshardStep::Kind::Keep;
      if (isFree && !plan.steps.empty() && plan.steps.back().kind == move.kind && plan.steps.back().dim == move.dim) {
        open.insert(open.end(), move.atoms.begin(), move.atoms.end());
        if (move.kind == ReshardStep::Kind::Keep)
          std::sort(open.begin(), open.end());
        plan.steps.back().axes = partsOf(open);
        plan.steps.back().after = after;
        continue;
      }
      open = move.atoms;
      int64_t bytes = wireBytes(before, move);
      plan.steps.push_back({move.kind, partsOf(move.atoms), move.dim, move.concatDim, after, bytes});
      plan.wireBytes += bytes;
      plan.collectives += !isFree;
    }
    return plan;
  }

  const Mesh &mesh;
  const std::vector<int64_t> &shape;
  int64_t elementBytes, dynamicExtent;
  std::vector<AxisPart> atoms;
  std::vector<int64_t> sizes;
  std::vector<bool> movable;
  /// Per dimension, how many major atoms stay where they are.
  std::vector<size_t> fixedPrefix;
  Place source, target;
  Reduction reduction;
};

} // namespace

std::optional<ReshardPlan> planReshard(const Mesh &mesh, const std::vector<int64_t> &shape, int64_t elementBytes,
                                       int64_t dynamicExtent, const Layout &from, const Layout &to) {
  Layout source = canonical(mesh, from), target = canonical(mesh, to);
  if (source == target)
    return ReshardPlan();
  return Search(mesh, shape, elementBytes, dynamicExtent, source, target).run();
}

} // namespace tp
