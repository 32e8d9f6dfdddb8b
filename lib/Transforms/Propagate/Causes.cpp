// See Causes.h.
#include "Causes.h"

#include "dialects/nn/Nn.h"

#include <map>

using namespace mlir;

namespace tp::propagate {

namespace {

std::string nameOf(const Graph &graph, int index) {
  const Node &node = graph.nodes[index];
  if (node.kind == Node::Return)
    return "result " + std::to_string(node.operandNumber);
  if (node.kind == Node::SetState)
    return "@" + cast<nn::SetOp>(node.op).getName().str();
  return describe(node.op);
}

Way shortened(const Way &way) {
  constexpr size_t head = 4, tail = 4; // the wish counts in the head
  if (way.size() <= head + tail + 1)
    return way;
  Way text(way.begin(), way.begin() + head);
  text.push_back("... " + std::to_string(way.size() - head - tail) + " more ...");
  text.insert(text.end(), way.end() - tail, way.end());
  return text;
}

// The shortest ways by which one wish's split went from dimension to dimension, found in the finished claims: a claim names the wish
// that it goes back to, so every step of a way is a claim of that wish.
class Ways {
public:
  Ways(const Graph &graph, const Claims &claims, int origin) : graph(graph), claims(claims), origin(origin) {
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      if (graph.tensors[t].wishOrigin == origin)
        for (size_t d = 0; d < graph.tensors[t].shape.size(); ++d)
          reach({int(t), d}, {-1, {-1, 0}});
    for (size_t n = 0; n < graph.nodes.size(); ++n)
      if (graph.nodes[n].resultWish && graph.nodes[n].resultWishOrigin == origin)
        for (size_t d = 0; graph.nodes[n].operands[0] >= 0 && d < graph.nodes[n].map.operands[0].size(); ++d)
          reach({graph.nodes[n].operands[0], d}, {int(n), {-1, 0}});
    for (size_t next = 0; next < reached.size(); ++next)
      spread(reached[next]);
  }

  /// To a factor of a node, from the nearest of its tensors.
  Way toFactor(int node, int64_t factor) const {
    for (Place place : reached)
      for (auto [tensor, dims] : slotsOf(graph.nodes[node]))
        if (tensor == place.first && llvm::is_contained((*dims)[place.second], factor))
          return to(place, node);
    return to({-1, 0}, node);
  }
  Way toDim(int tensor, size_t dim) const { return to({tensor, dim}, -1); }

private:
  using Place = std::pair<int, size_t>; // a tensor and a dimension of it
  struct Step {
    int node; // that carried the split here, -1: the wish is on the tensor
    Place from;
  };

  static SmallVector<std::pair<int, const FactorMap::Tensor *>> slotsOf(const Node &node) {
    SmallVector<std::pair<int, const FactorMap::Tensor *>> slots;
    for (auto [slot, tensor] : llvm::enumerate(node.operands))
      slots.push_back({tensor, &node.map.operands[slot]});
    for (auto [slot, tensor] : llvm::enumerate(node.results))
      slots.push_back({tensor, &node.map.results[slot]});
    return slots;
  }

  void reach(Place place, Step step) {
    bool isClaimed = llvm::any_of(claims.onTensor[place.first], [&](const Claim &claim) {
      return claim.place == int64_t(place.second) && claim.origin == origin;
    });
    if (isClaimed && steps.try_emplace(place, step).second)
      reached.push_back(place);
  }

  void spread(Place place) {
    const Tensor &tensor = graph.tensors[place.first];
    if (tensor.producer >= 0)
      spreadThrough(tensor.producer, place);
    for (const Use &use : tensor.uses)
      spreadThrough(use.node, place);
  }

  void spreadThrough(int node, Place place) {
    auto slots = slotsOf(graph.nodes[node]);
    for (auto [tensor, dims] : slots)
      if (tensor == place.first)
        for (auto [other, otherDims] : slots)
          for (size_t d = 0; other >= 0 && d < otherDims->size(); ++d)
            if (llvm::any_of((*otherDims)[d], [&](int64_t factor) { return llvm::is_contained((*dims)[place.second], factor); }))
              reach({other, d}, {node, place});
  }

  Way to(Place place, int last) const {
    std::vector<int> nodes;
    if (last >= 0)
      nodes.push_back(last);
    for (auto step = steps.find(place); step != steps.end(); step = steps.find(step->second.from))
      if (int node = step->second.node; node >= 0 && (nodes.empty() || nodes.back() != node))
        nodes.push_back(node);
    Way way = {graph.origins[origin].text};
    for (int node : llvm::reverse(nodes))
      way.push_back(nameOf(graph, node));
    return shortened(way);
  }

  const Graph &graph;
  const Claims &claims;
  int origin;
  std::map<Place, Step> steps;
  std::vector<Place> reached;
};

bool overlaps(const Mesh &mesh, const Parts &a, const AxisPart &part) { return mesh.overlap(a, part); }

} // namespace

Way wayToFactor(const Graph &graph, const Claims &claims, int node, const Option &option, int64_t factor) {
  return option.origin[factor] < 0 ? Way() : Ways(graph, claims, option.origin[factor]).toFactor(node, factor);
}

Way wayToDim(const Graph &graph, const Claims &claims, int tensor, int64_t dim, const Parts &axes) {
  for (bool exact : {true, false})
    for (const Claim &claim : claims.onTensor[tensor]) {
      auto overlapping = [&](const AxisPart &part) { return overlaps(graph.mesh, claim.parts, part); };
      if (claim.place == dim && claim.origin >= 0 && (exact ? claim.parts == axes : llvm::any_of(axes, overlapping)))
        return Ways(graph, claims, claim.origin).toDim(tensor, dim);
    }
  return {};
}

std::string needOf(const Graph &graph, int index, const Option &option, int slot, const Layout &have, const Layout &need) {
  const Node &node = graph.nodes[index];
  std::string name = nameOf(graph, index);
  auto by = [&](int64_t factor) {
    return option.origin[factor] < 0 ? std::string() : ", by " + graph.origins[option.origin[factor]].text;
  };
  for (size_t d = 0; d < have.dims.size(); ++d)
    for (const AxisPart &part : have.dims[d].axes) {
      if (overlaps(graph.mesh, need.dims[d].axes, part))
        continue;
      std::string dimension = "dimension " + std::to_string(d), axes = "{" + tp::str(Parts{part}) + "}";
      for (int64_t factor : node.map.operands[slot][d])
        if (node.map.factors[factor].kind == FactorKind::Whole)
          return name + " works along " + dimension + " and needs it whole";
      for (size_t factor = 0; factor < option.axes.size(); ++factor)
        if (overlaps(graph.mesh, option.axes[factor], part))
          return name + " splits another dimension over " + axes + by(factor);
      return name + " does not split " + dimension + " over " + axes;
    }
  for (size_t d = 0; d < need.dims.size(); ++d)
    for (const AxisPart &part : need.dims[d].axes)
      if (!overlaps(graph.mesh, have.dims[d].axes, part))
        for (int64_t factor : node.map.operands[slot][d])
          if (overlaps(graph.mesh, option.axes[factor], part))
            return name + " splits dimension " + std::to_string(d) + " over {" + tp::str(Parts{part}) + "}" + by(factor);
  return name + " needs it as " + need.str();
}

} // namespace tp::propagate
