// The flood of claims. A node is looked at again whenever one of its tensors gains a claim; it merges all claims on its factors
// into maximal consistent options and claims the dimensions of all its tensors accordingly.
#include "Claims.h"

#include <deque>
#include <map>

using namespace mlir;

namespace tp::propagate {

namespace {

// Two axis lists on one place as one: the longer if one continues the other, mesh order if they have no axis in common, else nothing.
std::optional<Parts> mergedParts(const Mesh &mesh, const Parts &a, const Parts &b) {
  bool disjoint = true;
  for (const AxisPart &part : a)
    disjoint &= !mesh.overlap(b, part);
  if (disjoint) {
    Parts both = a;
    both.insert(both.end(), b.begin(), b.end());
    std::sort(both.begin(), both.end(), [&](const AxisPart &x, const AxisPart &y) {
      return std::pair(mesh.find(x.axis), x.pre) < std::pair(mesh.find(y.axis), y.pre);
    });
    return mesh.merged(both);
  }
  auto contains = [&](const Parts &large, const Parts &small) {
    Parts major, minor;
    if (mesh.splitMajor(large, mesh.sizeOf(small), major, minor) && major == mesh.merged(small))
      return true;
    // As a subsequence of whole parts: {tp} in {dp, tp}.
    size_t at = 0;
    for (const AxisPart &part : large)
      if (at < small.size() && part == small[at])
        ++at;
    return at == small.size();
  };
  if (contains(a, b))
    return a;
  if (contains(b, a))
    return b;
  return std::nullopt;
}

// Axis lists by number, 0 being the empty one. A program has thousands of claims on a handful of lists: what two of them make
// together is worked out once, and the flood goes on in whole numbers.
class PartsTable {
public:
  explicit PartsTable(const Mesh &mesh) : mesh(mesh) { number({}); }

  int number(const Parts &parts) {
    for (size_t i = 0; i < lists.size(); ++i)
      if (lists[i] == parts)
        return i;
    lists.push_back(parts);
    sizes.push_back(mesh.sizeOf(parts));
    return lists.size() - 1;
  }

  const Parts &operator[](int id) const { return lists[id]; }
  int64_t sizeOf(int id) const { return sizes[id]; }
  /// As std::vector compares them.
  bool isGreater(int a, int b) const { return a != b && lists[a] > lists[b]; }

  /// mergedParts, or -1.
  int merged(int a, int b) {
    return once(mergedPairs, a, b, [&] {
      auto both = mergedParts(mesh, Parts(lists[a]), Parts(lists[b]));
      return both ? number(*both) : -1;
    });
  }

  /// `a` followed by `b` in one dimension.
  int joined(int a, int b) {
    return once(joinedPairs, a, b, [&] {
      Parts both = lists[a];
      both.insert(both.end(), lists[b].begin(), lists[b].end());
      return number(mesh.merged(both));
    });
  }

  bool sharesAxis(int a, int b) {
    return a != 0 && b != 0 && once(sharingPairs, a, b, [&] {
             return llvm::any_of(lists[a], [&](const AxisPart &part) { return mesh.overlap(lists[b], part); });
           });
  }

  /// axesPerFactor of a dimension of more than one factor, or null where the list does not divide.
  const std::vector<int> *perFactor(const FactorMap &map, const FactorMap::Dim &dim, int id) {
    std::vector<int64_t> key{id};
    for (int64_t factor : dim)
      key.push_back(map.factors[factor].size);
    auto [entry, isNew] = cuts.try_emplace(std::move(key));
    if (isNew) {
      std::vector<std::pair<int64_t, Parts>> result;
      if (axesPerFactor(mesh, map, dim, Parts(lists[id]), result)) {
        entry->second.emplace();
        for (auto &[factor, parts] : result)
          entry->second->push_back(number(parts));
      }
    }
    return entry->second ? &*entry->second : nullptr;
  }

private:
  using Pairs = llvm::DenseMap<std::pair<int, int>, int>;

  template <typename Make> static int once(Pairs &known, int a, int b, Make make) {
    auto found = known.find({a, b});
    if (found != known.end())
      return found->second;
    int result = make();
    known[{a, b}] = result;
    return result;
  }

  const Mesh &mesh;
  std::deque<Parts> lists; // a reference to one stays good while others are added
  std::vector<int64_t> sizes;
  Pairs mergedPairs, joinedPairs, sharingPairs;
  std::map<std::vector<int64_t>, std::optional<std::vector<int>>> cuts;
};

class Carrier {
  // Claim and Option with numbers for axis lists.
  struct Wanted {
    int64_t place;
    int parts;
    int origin;
  };
  struct Draft {
    SmallVector<int, 8> axes;
    SmallVector<int, 8> origin;
  };

public:
  explicit Carrier(const Graph &graph) : graph(graph), mesh(graph.mesh), table(mesh) {
    onTensor.resize(graph.tensors.size());
    ofNode.resize(graph.nodes.size());
    claims.blocked.resize(graph.nodes.size());
    queued.resize(graph.nodes.size(), true);
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      queue.push_back(i);
  }

  Claims carry() {
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      if (const auto &wish = graph.tensors[t].wish)
        for (size_t d = 0; d < wish->dims.size(); ++d)
          if (!wish->dims[d].axes.empty())
            onTensor[t].push_back({int64_t(d), table.number(mesh.merged(wish->dims[d].axes)), graph.tensors[t].wishOrigin});
    while (!queue.empty()) {
      int node = queue.front();
      queue.pop_front();
      queued[node] = false;
      visit(node);
    }
    writeOut();
    return std::move(claims);
  }

private:
  //===-- The result, in axis lists -----------------------------------------------------------------------------===//

  void writeOut() {
    claims.ofTensor.resize(graph.tensors.size());
    for (size_t t = 0; t < graph.tensors.size(); ++t) {
      std::vector<Claim> &list = claims.onTensor.emplace_back();
      for (const Wanted &claim : onTensor[t])
        list.push_back({claim.place, table[claim.parts], claim.origin});
      if (graph.tensors[t].producer < 0 || graph.tensors[t].wish) {
        claims.ofTensor[t] = written(optionsOf(onTensor[t], graph.tensors[t].shape, /*limit=*/8));
        addWhole(graph.tensors[t], claims.ofTensor[t]);
      }
    }
    for (const std::vector<Draft> &drafts : ofNode)
      claims.ofNode.push_back(written(drafts));
  }

  std::vector<Option> written(const std::vector<Draft> &drafts) const {
    std::vector<Option> options;
    for (const Draft &draft : drafts) {
      Option &option = options.emplace_back();
      for (int parts : draft.axes)
        option.axes.push_back(table[parts]);
      option.origin.assign(draft.origin.begin(), draft.origin.end());
    }
    return options;
  }

  // An input or state without a wish may also be placed whole: slicing it costs nothing, gathering it would.
  static void addWhole(const Tensor &tensor, std::vector<Option> &options) {
    Option whole{std::vector<Parts>(tensor.shape.size()), std::vector<int>(tensor.shape.size(), -1)};
    if (!tensor.wish && !tensor.isParameter && !llvm::is_contained(options, whole))
      options.push_back(whole);
  }

  //===-- Options -----------------------------------------------------------------------------------------------===//

  // All maximal sets of claims that go together, each as one option; sizes must divide.
  std::vector<Draft> optionsOf(ArrayRef<Wanted> list, ArrayRef<int64_t> sizes, size_t limit) {
    Draft start;
    start.axes.resize(sizes.size(), 0);
    start.origin.resize(sizes.size(), -1);
    std::vector<Draft> options;
    collect(list, sizes, 0, start, options, limit);
    if (options.size() == 1)
      return options;
    // Only maximal ones: an option that another contains is dropped.
    std::vector<Draft> maximal;
    auto isSame = [](const Draft &a, const Draft &b) { return a.axes == b.axes; };
    for (const Draft &option : options) {
      bool dominated = false;
      for (const Draft &other : options)
        dominated |= !isSame(option, other) && contains(other, option);
      if (!dominated && llvm::none_of(maximal, [&](const Draft &other) { return isSame(other, option); }))
        maximal.push_back(option);
    }
    std::sort(maximal.begin(), maximal.end(), [&](const Draft &a, const Draft &b) {
      return std::lexicographical_compare(b.axes.begin(), b.axes.end(), a.axes.begin(), a.axes.end(),
                                          [&](int x, int y) { return table.isGreater(y, x); });
    });
    return maximal;
  }

  bool contains(const Draft &large, const Draft &small) {
    for (size_t i = 0; i < small.axes.size(); ++i)
      if (small.axes[i] != 0 && (large.axes[i] == 0 || table.merged(large.axes[i], small.axes[i]) != large.axes[i]))
        return false;
    return true;
  }

  // Adds claim `at` to the option or leaves it out; leaving out is tried only where something excludes it.
  void collect(ArrayRef<Wanted> list, ArrayRef<int64_t> sizes, size_t at, const Draft &option, std::vector<Draft> &options,
               size_t limit) {
    if (options.size() >= limit * 4)
      return;
    if (at == list.size()) {
      options.push_back(option);
      return;
    }
    const Wanted &claim = list[at];
    std::optional<Draft> with = added(option, claim, sizes);
    if (with)
      collect(list, sizes, at + 1, *with, options, limit);
    bool excluded = !with;
    for (size_t other = 0; other < list.size(); ++other)
      excluded |= other != at && !compatible(claim, list[other], sizes);
    if (excluded)
      collect(list, sizes, at + 1, option, options, limit);
  }

  bool divides(int64_t size, int parts) const { return size < 0 || size % table.sizeOf(parts) == 0; }

  std::optional<Draft> added(const Draft &option, const Wanted &claim, ArrayRef<int64_t> sizes) {
    for (size_t i = 0; i < option.axes.size(); ++i)
      if (int64_t(i) != claim.place && table.sharesAxis(option.axes[i], claim.parts))
        return std::nullopt;
    int both = table.merged(option.axes[claim.place], claim.parts);
    if (both < 0 || !divides(sizes[claim.place], both))
      return std::nullopt;
    Draft result = option;
    if (result.axes[claim.place] != both)
      result.origin[claim.place] = claim.origin;
    result.axes[claim.place] = both;
    return result;
  }

  bool compatible(const Wanted &a, const Wanted &b, ArrayRef<int64_t> sizes) {
    if (a.place != b.place)
      return !table.sharesAxis(a.parts, b.parts);
    int both = table.merged(a.parts, b.parts);
    return both >= 0 && divides(sizes[a.place], both);
  }

  //===-- The flood ---------------------------------------------------------------------------------------------===//

  // Reads a claim on a dimension of a node's tensor as claims on factors.
  void read(const Node &node, const FactorMap::Dim &dim, const Wanted &claim, SmallVectorImpl<Wanted> &onFactor,
            std::vector<Blocked> &blocked) {
    auto refuse = [&] {
      if (!dim.empty() && canLead(node.map, dim[0]))
        blocked.push_back({dim[0], node.map.factors[dim[0]].size, table[claim.parts], claim.origin});
    };
    if (dim.size() == 1) {
      const Factor &factor = node.map.factors[dim[0]];
      if (!ShapedType::isDynamic(factor.size) && factor.size % table.sizeOf(claim.parts) != 0)
        return refuse();
      if (factor.kind != FactorKind::Whole)
        addUnique(onFactor, {dim[0], claim.parts, claim.origin});
      return;
    }
    const std::vector<int> *cut = table.perFactor(node.map, dim, claim.parts);
    if (!cut)
      return refuse();
    for (auto [factor, parts] : llvm::zip(dim, *cut)) {
      if (parts == 0)
        continue;
      if (node.map.factors[factor].kind == FactorKind::Whole)
        break; // what stands below a whole factor cannot be split either
      addUnique(onFactor, {factor, parts, claim.origin});
    }
  }

  // Whether a split can begin at the factor: it stands at the major end of every dimension that it is part of. Where it does not,
  // no size would let the split pass (6x6 to 3x12: the 2 of 12 = 2x6 is the minor part of 6 = 3x2), so the op needs its operand
  // whole there, which is no mistake of the wish.
  static bool canLead(const FactorMap &map, int64_t factor) {
    auto leads = [&](const FactorMap::Tensor &dims) {
      return llvm::all_of(dims, [&](const FactorMap::Dim &dim) { return !llvm::is_contained(llvm::drop_begin(dim), factor); });
    };
    return llvm::all_of(map.operands, leads) && llvm::all_of(map.results, leads);
  }

  void visit(int index) {
    const Node &node = graph.nodes[index];
    SmallVector<Wanted, 8> onFactor;
    std::vector<Blocked> &blocked = claims.blocked[index];
    blocked.clear();
    // Operands with a wish of their own first: where several wishes ask for one split, the nearest is named as its reason.
    for (bool wished : {true, false})
      for (auto [slot, tensor] : llvm::enumerate(node.operands))
        if (tensor >= 0 && graph.tensors[tensor].wish.has_value() == wished)
          for (const Wanted &claim : onTensor[tensor])
            read(node, node.map.operands[slot][claim.place], claim, onFactor, blocked);
    for (auto [slot, tensor] : llvm::enumerate(node.results))
      if (tensor >= 0)
        for (const Wanted &claim : onTensor[tensor])
          read(node, node.map.results[slot][claim.place], claim, onFactor, blocked);
    if (node.resultWish)
      for (size_t d = 0; d < node.resultWish->dims.size(); ++d)
        if (!node.resultWish->dims[d].axes.empty())
          read(node, node.map.operands[0][d],
               {int64_t(d), table.number(mesh.merged(node.resultWish->dims[d].axes)), node.resultWishOrigin}, onFactor, blocked);

    SmallVector<int64_t, 8> sizes;
    for (const Factor &factor : node.map.factors)
      sizes.push_back(ShapedType::isDynamic(factor.size) ? -1 : factor.size);
    ofNode[index] = optionsOf(onFactor, sizes, /*limit=*/8);
    if (onFactor.empty())
      return;
    for (Draft &option : ofNode[index])
      keepExpressible(node, option);
    for (const Draft &option : ofNode[index]) {
      for (auto [slot, tensor] : llvm::enumerate(node.operands))
        claimDims(tensor, node.map.operands[slot], option);
      for (auto [slot, tensor] : llvm::enumerate(node.results))
        claimDims(tensor, node.map.results[slot], option);
    }
  }

  void claimDims(int tensor, const FactorMap::Tensor &dims, const Draft &option) {
    if (tensor < 0)
      return;
    for (size_t d = 0; d < dims.size(); ++d) {
      int axes = 0, origin = -1;
      for (int64_t factor : dims[d]) {
        axes = axes == 0 ? option.axes[factor] : table.joined(axes, option.axes[factor]);
        if (origin < 0)
          origin = option.origin[factor];
      }
      if (axes != 0)
        addToTensor(tensor, {int64_t(d), axes, origin});
    }
  }

  // A minor factor of a dimension can be split only if all major ones are split completely: drops what cannot be written. What is
  // dropped for one tensor can be the major factor of another, so this goes on until nothing more goes.
  void keepExpressible(const Node &node, Draft &option) const {
    bool dropped = true;
    auto check = [&](const FactorMap::Tensor &dims) {
      for (const FactorMap::Dim &dim : dims) {
        bool complete = true;
        for (int64_t factor : dim) {
          if (!complete && option.axes[factor] != 0) {
            option.axes[factor] = 0;
            option.origin[factor] = -1;
            dropped = true;
          }
          complete &= table.sizeOf(option.axes[factor]) == node.map.factors[factor].size;
        }
      }
    };
    while (std::exchange(dropped, false)) {
      for (const FactorMap::Tensor &dims : node.map.operands)
        check(dims);
      for (const FactorMap::Tensor &dims : node.map.results)
        check(dims);
    }
  }

  static bool addUnique(SmallVectorImpl<Wanted> &list, const Wanted &claim) {
    for (const Wanted &other : list)
      if (other.place == claim.place && other.parts == claim.parts)
        return false;
    list.push_back(claim);
    return true;
  }

  void addToTensor(int index, const Wanted &claim) {
    const Tensor &tensor = graph.tensors[index];
    if (tensor.wish) {
      // A closed dimension is as wished; an open one may gain axes that the wish does not use elsewhere.
      const DimLayout &dim = tensor.wish->dims[claim.place];
      if (!dim.open)
        return;
      for (const DimLayout &other : tensor.wish->dims)
        if (&other != &dim && table.sharesAxis(table.number(other.axes), claim.parts))
          return;
      if (!dim.axes.empty() && table.merged(table.number(dim.axes), claim.parts) < 0)
        return;
    }
    if (!divides(tensor.shape[claim.place], claim.parts) || !addUnique(onTensor[index], claim))
      return;
    enqueue(tensor.producer);
    for (const Use &use : tensor.uses)
      enqueue(use.node);
  }

  void enqueue(int node) {
    if (node < 0 || queued[node])
      return;
    queued[node] = true;
    queue.push_back(node);
  }

  const Graph &graph;
  const Mesh &mesh;
  PartsTable table;
  Claims claims;
  std::vector<SmallVector<Wanted, 2>> onTensor;
  std::vector<std::vector<Draft>> ofNode;
  std::deque<int> queue;
  std::vector<bool> queued;
};

Layout layoutOfDims(const Graph &graph, const FactorMap::Tensor &dims, const Option &option) {
  Layout layout;
  for (const FactorMap::Dim &dim : dims)
    layout.dims.push_back({axesOfDim(graph.mesh, dim, option.axes), false});
  return layout;
}

} // namespace

Claims carryClaims(const Graph &graph) { return Carrier(graph).carry(); }

Layout resultLayout(const Graph &graph, const Node &node, const Option &option, int slot) {
  Layout layout = layoutOfDims(graph, node.map.results[slot], option);
  for (size_t f = 0; f < node.map.factors.size(); ++f)
    if (node.map.factors[f].kind == FactorKind::Reduction)
      for (const AxisPart &part : option.axes[f]) {
        if (graph.mesh.sizeOf(part) == 1)
          continue; // one part is the whole
        layout.partial.push_back(part);
        layout.reduction = node.map.factors[f].reduction;
      }
  std::sort(layout.partial.begin(), layout.partial.end(), [&](const AxisPart &a, const AxisPart &b) {
    return std::pair(graph.mesh.find(a.axis), a.pre) < std::pair(graph.mesh.find(b.axis), b.pre);
  });
  layout.partial = graph.mesh.merged(layout.partial);
  return layout;
}

Layout operandLayout(const Graph &graph, const Node &node, const Option &option, int slot) {
  for (auto [operand, result] : node.map.tied)
    if (operand == slot)
      return resultLayout(graph, node, option, result);
  return layoutOfDims(graph, node.map.operands[slot], option);
}

Layout closedWish(const Mesh &mesh, const Layout &wish, const Layout &kept) {
  Layout layout = wish;
  std::vector<AxisPart> used;
  for (DimLayout &dim : layout.dims) {
    dim.axes = mesh.merged(dim.axes);
    used.insert(used.end(), dim.axes.begin(), dim.axes.end());
  }
  for (size_t d = 0; d < layout.dims.size(); ++d) {
    // What the value is split over there, unless the wish has these axes elsewhere.
    bool isFree = llvm::none_of(kept.dims[d].axes, [&](const AxisPart &part) { return mesh.overlap(used, part); });
    if (layout.dims[d].open && layout.dims[d].axes.empty() && isFree)
      layout.dims[d].axes = kept.dims[d].axes;
    layout.dims[d].open = false;
  }
  return layout;
}

} // namespace tp::propagate
