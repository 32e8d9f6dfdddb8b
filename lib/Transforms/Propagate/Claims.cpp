// The flood of claims. A node is looked at again whenever one of its tensors gains a claim; it merges all claims on its factors
// into maximal consistent options and claims the dimensions of all its tensors accordingly.
#include "Claims.h"

#include <deque>

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

bool sharesAxis(const Mesh &mesh, const Parts &a, const Parts &b) {
  for (const AxisPart &part : a)
    if (mesh.overlap(b, part))
      return true;
  return false;
}

class Carrier {
public:
  explicit Carrier(const Graph &graph) : graph(graph), mesh(graph.mesh) {
    claims.onTensor.resize(graph.tensors.size());
    claims.ofNode.resize(graph.nodes.size());
    claims.ofTensor.resize(graph.tensors.size());
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
            claims.onTensor[t].push_back({int64_t(d), mesh.merged(wish->dims[d].axes), graph.tensors[t].wishOrigin});
    while (!queue.empty()) {
      int node = queue.front();
      queue.pop_front();
      queued[node] = false;
      visit(node);
    }
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      if (graph.tensors[t].producer < 0 || graph.tensors[t].wish) {
        claims.ofTensor[t] = optionsOf(claims.onTensor[t], graph.tensors[t].shape, /*limit=*/8);
        addWhole(graph.tensors[t], claims.ofTensor[t]);
      }
    return std::move(claims);
  }

private:
  // An input or state without a wish may also be placed whole: slicing it costs nothing, gathering it would.
  static void addWhole(const Tensor &tensor, std::vector<Option> &options) {
    Option whole{std::vector<Parts>(tensor.shape.size()), std::vector<int>(tensor.shape.size(), -1)};
    if (!tensor.wish && !tensor.isParameter && !llvm::is_contained(options, whole))
      options.push_back(whole);
  }

  // All maximal sets of claims that go together, each as one option; sizes must divide.
  std::vector<Option> optionsOf(const std::vector<Claim> &list, const std::vector<int64_t> &sizes, size_t limit) {
    std::vector<Option> options;
    Option start;
    start.axes.resize(sizes.size());
    start.origin.resize(sizes.size(), -1);
    collect(list, sizes, 0, start, options, limit);
    // Only maximal ones: an option that another contains is dropped.
    std::vector<Option> maximal;
    for (const Option &option : options) {
      bool dominated = false;
      for (const Option &other : options)
        dominated |= !(option == other) && contains(other, option);
      if (!dominated && !llvm::is_contained(maximal, option))
        maximal.push_back(option);
    }
    std::sort(maximal.begin(), maximal.end(), [](const Option &a, const Option &b) { return a.axes > b.axes; });
    return maximal;
  }

  bool contains(const Option &large, const Option &small) const {
    for (size_t i = 0; i < small.axes.size(); ++i) {
      if (small.axes[i].empty())
        continue;
      auto both = mergedParts(mesh, large.axes[i], small.axes[i]);
      if (large.axes[i].empty() || !both || *both != large.axes[i])
        return false;
    }
    return true;
  }

  // Adds claim `at` to the option or leaves it out; leaving out is tried only where something excludes it.
  void collect(const std::vector<Claim> &list, const std::vector<int64_t> &sizes, size_t at, const Option &option,
               std::vector<Option> &options, size_t limit) {
    if (options.size() >= limit * 4)
      return;
    if (at == list.size()) {
      options.push_back(option);
      return;
    }
    const Claim &claim = list[at];
    if (auto with = added(option, claim, sizes))
      collect(list, sizes, at + 1, *with, options, limit);
    bool excluded = false;
    for (size_t other = 0; other < list.size(); ++other)
      excluded |= other != at && !compatible(claim, list[other], sizes);
    if (excluded || !added(option, claim, sizes))
      collect(list, sizes, at + 1, option, options, limit);
  }

  std::optional<Option> added(const Option &option, const Claim &claim, const std::vector<int64_t> &sizes) const {
    for (size_t i = 0; i < option.axes.size(); ++i)
      if (int64_t(i) != claim.place && sharesAxis(mesh, option.axes[i], claim.parts))
        return std::nullopt;
    auto both = mergedParts(mesh, option.axes[claim.place], claim.parts);
    if (!both || (sizes[claim.place] >= 0 && sizes[claim.place] % mesh.sizeOf(*both) != 0))
      return std::nullopt;
    Option result = option;
    if (result.axes[claim.place] != *both)
      result.origin[claim.place] = claim.origin;
    result.axes[claim.place] = *both;
    return result;
  }

  bool compatible(const Claim &a, const Claim &b, const std::vector<int64_t> &sizes) const {
    if (a.place != b.place)
      return !sharesAxis(mesh, a.parts, b.parts);
    auto both = mergedParts(mesh, a.parts, b.parts);
    return both && (sizes[a.place] < 0 || sizes[a.place] % mesh.sizeOf(*both) == 0);
  }

  void visit(int index) {
    const Node &node = graph.nodes[index];
    std::vector<Claim> onFactor;
    std::vector<Blocked> blocked;
    auto read = [&](const FactorMap::Dim &dim, const Claim &claim) {
      std::vector<std::pair<int64_t, Parts>> perFactor;
      if (!axesPerFactor(mesh, node.map, dim, claim.parts, perFactor)) {
        if (!dim.empty())
          blocked.push_back({dim[0], node.map.factors[dim[0]].size, claim.parts, claim.origin});
        return;
      }
      for (auto &[factor, parts] : perFactor) {
        if (parts.empty())
          continue;
        if (node.map.factors[factor].kind == FactorKind::Whole)
          break; // what stands below a whole factor cannot be split either
        addUnique(onFactor, {factor, parts, claim.origin});
      }
    };
    // Operands with a wish of their own first: where several wishes ask for one split, the nearest is named as its reason.
    for (bool wished : {true, false})
      for (auto [slot, tensor] : llvm::enumerate(node.operands))
        if (tensor >= 0 && graph.tensors[tensor].wish.has_value() == wished)
          for (const Claim &claim : claims.onTensor[tensor])
            read(node.map.operands[slot][claim.place], claim);
    for (auto [slot, tensor] : llvm::enumerate(node.results))
      if (tensor >= 0)
        for (const Claim &claim : claims.onTensor[tensor])
          read(node.map.results[slot][claim.place], claim);
    if (node.resultWish)
      for (size_t d = 0; d < node.resultWish->dims.size(); ++d)
        if (!node.resultWish->dims[d].axes.empty())
          read(node.map.operands[0][d], {int64_t(d), mesh.merged(node.resultWish->dims[d].axes), node.resultWishOrigin});

    std::vector<int64_t> sizes;
    for (const Factor &factor : node.map.factors)
      sizes.push_back(ShapedType::isDynamic(factor.size) ? -1 : factor.size);
    std::vector<Option> options = optionsOf(onFactor, sizes, /*limit=*/8);
    for (Option &option : options)
      keepExpressible(node, option);
    claims.ofNode[index] = options;
    claims.blocked[index] = blocked;
    for (const Option &option : options) {
      auto claim = [&](int tensor, const FactorMap::Tensor &dims) {
        if (tensor < 0)
          return;
        for (size_t d = 0; d < dims.size(); ++d) {
          Parts axes = axesOfDim(mesh, dims[d], option.axes);
          if (axes.empty())
            continue;
          int origin = -1;
          for (int64_t factor : dims[d])
            if (origin < 0)
              origin = option.origin[factor];
          addToTensor(tensor, {int64_t(d), axes, origin});
        }
      };
      for (auto [slot, tensor] : llvm::enumerate(node.operands))
        claim(tensor, node.map.operands[slot]);
      for (auto [slot, tensor] : llvm::enumerate(node.results))
        claim(tensor, node.map.results[slot]);
    }
  }

  // A minor factor of a dimension can be split only if all major ones are split completely: drops what cannot be written.
  void keepExpressible(const Node &node, Option &option) const {
    auto check = [&](const FactorMap::Tensor &dims) {
      for (const FactorMap::Dim &dim : dims) {
        bool complete = true;
        for (int64_t factor : dim) {
          if (!complete) {
            option.axes[factor].clear();
            option.origin[factor] = -1;
          }
          complete &= mesh.sizeOf(option.axes[factor]) == node.map.factors[factor].size;
        }
      }
    };
    for (const FactorMap::Tensor &dims : node.map.operands)
      check(dims);
    for (const FactorMap::Tensor &dims : node.map.results)
      check(dims);
  }

  static bool addUnique(std::vector<Claim> &list, const Claim &claim) {
    for (const Claim &other : list)
      if (other.place == claim.place && other.parts == claim.parts)
        return false;
    list.push_back(claim);
    return true;
  }

  void addToTensor(int index, const Claim &claim) {
    const Tensor &tensor = graph.tensors[index];
    if (tensor.wish) {
      // A closed dimension is as wished; an open one may gain axes that the wish does not use elsewhere.
      const DimLayout &dim = tensor.wish->dims[claim.place];
      if (!dim.open)
        return;
      for (const DimLayout &other : tensor.wish->dims)
        if (&other != &dim && sharesAxis(mesh, other.axes, claim.parts))
          return;
      if (!dim.axes.empty() && !mergedParts(mesh, dim.axes, claim.parts))
        return;
    }
    int64_t size = tensor.shape[claim.place];
    if (size >= 0 && size % mesh.sizeOf(claim.parts) != 0)
      return;
    if (!addUnique(claims.onTensor[index], claim))
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
  Claims claims;
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
  for (size_t d = 0; d < layout.dims.size(); ++d) {
    layout.dims[d].axes = mesh.merged(layout.dims[d].axes);
    if (layout.dims[d].open && layout.dims[d].axes.empty())
      layout.dims[d].axes = kept.dims[d].axes;
    layout.dims[d].open = false;
  }
  return layout;
}

} // namespace tp::propagate
