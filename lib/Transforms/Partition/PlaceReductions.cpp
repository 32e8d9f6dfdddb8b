// Places one reduction on every partial value, as late as that is cheaper.
//
// A partial value may flow through linear ops unreduced. Moving its all-reduce past `add` merges the reductions of
// parallel branches: dX = dQ*Wq' + dK*Wk' + dV*Wv' needs one all-reduce, not three. Moving it past a widening contract
// would multiply the bytes. So a reduction sits at the cheapest cut between where partial arises and where it must be whole:
// an exact minimum cut, in which a value on the source's side is computed partial, and cutting it off from a user that needs
// it whole costs one reduction, however many such users there are. Of equal cuts the one nearest to the source is taken:
// reductions stay where they are unless moving them saves something. A whole value joins partial ones by being kept on one
// rank, which is free, so the cut needs no other edges. Reduce-scatters stay where they are, but for sums (MergeSums.cpp).
#include "MinCut.h"
#include "Reshards.h"

using namespace mlir;

namespace tp {

namespace {

class Placement {
public:
  Placement(func::FuncOp function, const std::vector<AxisPart> &axes, Reduction kind)
      : function(function), costs(function), axes(axes), kind(kind) {}

  /// Whether anything was moved.
  bool run() {
    for (Operation &op : function.getBody().front())
      visit(&op);
    if (nodes.empty())
      return false;
    solve();
    if (llvm::none_of(order, [&](Value value) { return !nodes[value].reduction && isPartial(value); }))
      return false;
    rebuild();
    return true;
  }

private:
  struct Node {
    int self = -1, whole = -1; // nodes of the cut: computed partial; some user needs it whole
    /// For a value where partial arises: its reduction in the program as it is.
    ReshardOp reduction;
    /// For the result of an op: which operands are partial if it is.
    SmallVector<bool> marked;
    LocationAttr loc = nullptr;
    /// tp.why and tp.cause of that reduction, or of the first that leads here.
    DictionaryAttr notes;
  };

  bool touches(Type type) const {
    LayoutAttr layout = layoutOf(type);
    if (!layout)
      return true;
    std::vector<AxisPart> used = layout.getLayout().partial;
    for (const DimLayout &dim : layout.getLayout().dims)
      used.insert(used.end(), dim.axes.begin(), dim.axes.end());
    return llvm::any_of(axes, [&](const AxisPart &axis) { return costs.mesh.overlap(used, axis); });
  }

  // `type` made partial over the axes.
  RankedTensorType partialType(Type type) const {
    auto tensor = cast<RankedTensorType>(type);
    LayoutAttr attribute = layoutOf(type);
    Layout layout = attribute.getLayout();
    // Axes of size 1 stay on the dimensions: types of one op must agree in how they are written.
    layout.partial = costs.mesh.merged(costs.mesh.atoms({layout.partial, axes}));
    layout.reduction = kind;
    return withLayout(tensor, LayoutAttr::get(type.getContext(), attribute.getMesh(), layout));
  }

  bool canBePartial(Type type) {
    auto [entry, isNew] = partialTypes.try_emplace(type);
    if (isNew && !touches(type)) {
      LayoutAttr layout = layoutOf(type);
      if (!layout.getLayout().isPartial() || layout.getLayout().reduction == kind)
        entry->second = partialType(type);
    }
    return !!entry->second;
  }

  //===-- The graph ----------------------------------------------------------------------------------------------===//

  void visit(Operation *op) {
    if (auto reshard = dyn_cast<ReshardOp>(op)) {
      if (isReduction(reshard))
        addNode(reshard, {-1, -1, reshard, {}, LocationAttr(op->getLoc()), op->getDiscardableAttrDictionary()});
      return;
    }
    auto rule = dyn_cast<ShardingRule>(op);
    if (!rule || op->getNumResults() != 1 || !canBePartial(op->getResult(0).getType()))
      return;
    SmallVector<bool> marked, all;
    Node *origin = nullptr;
    for (Value operand : op->getOperands()) {
      if (!isa<RankedTensorType>(operand.getType())) {
        marked.push_back(false);
        all.push_back(false);
        continue;
      }
      if (!canBePartial(operand.getType()))
        return;
      auto found = nodes.find(operand);
      marked.push_back(found != nodes.end());
      all.push_back(true);
      if (found != nodes.end())
        origin = &found->second;
    }
    if (!origin)
      return;
    if (!rule.preservesPartial(kind, marked)) {
      if (!rule.preservesPartial(kind, all))
        return;
      marked = all;
    }
    addNode(op->getResult(0), {-1, -1, {}, marked, origin->loc, origin->notes});
  }

  // A reduction over exactly the axes that leaves the dimensions as they are.
  bool isReduction(ReshardOp op) {
    return canBePartial(op.getType()) && op.getInput().getType() == partialTypes.lookup(op.getType());
  }

  void addNode(Value value, Node node) {
    node.self = cut.addNode();
    node.whole = cut.addNode();
    nodes.try_emplace(value, node);
    order.push_back(value);
  }

  bool takesPartial(OpOperand &use) {
    Operation *user = use.getOwner();
    if (user->getNumResults() != 1)
      return false;
    auto found = nodes.find(user->getResult(0));
    return found != nodes.end() && !found->second.reduction && found->second.marked[use.getOperandNumber()];
  }

  void solve() {
    int source = cut.addNode(), sink = cut.addNode();
    for (Value value : order) {
      Node &node = nodes.find(value)->second;
      auto [bytes, collectives] = costs.of(partialTypes.lookup(value.getType()), value.getType());
      cut.addEdge(node.self, node.whole, bytes * 1024 + collectives);
      if (node.reduction)
        cut.addEdge(source, node.self, MinCut::infinite);
      for (OpOperand &use : value.getUses())
        cut.addEdge(node.whole, takesPartial(use) ? nodes.find(use.getOwner()->getResult(0))->second.self : sink,
                    MinCut::infinite);
    }
    side = cut.solve(source, sink);
  }

  bool isPartial(Value value) { return side[nodes.find(value)->second.self]; }

  //===-- The rewrite --------------------------------------------------------------------------------------------===//

  void rebuild() {
    for (Value value : order) {
      Node &node = nodes.find(value)->second;
      if (node.reduction) {
        partials[value] = node.reduction.getInput();
        continue;
      }
      if (!isPartial(value))
        continue;
      Operation *op = value.getDefiningOp();
      OpBuilder builder(op);
      SmallVector<Value> operands;
      for (auto [operand, marked] : llvm::zip_equal(op->getOperands(), node.marked))
        operands.push_back(marked ? asPartial(builder, op, operand) : operand);
      Operation *made = cloneLocal(op, builder, operands, {partialType(value.getType())});
      auto total = ReshardOp::create(builder, Location(node.loc), value.getType(), made->getResult(0));
      if (node.notes)
        total->setDiscardableAttrs(node.notes);
      value.replaceAllUsesWith(total);
      partials[total.getResult()] = made->getResult(0);
    }
    eraseDead(function);
  }

  Value asPartial(OpBuilder &builder, Operation *user, Value operand) {
    auto found = partials.find(operand);
    if (found != partials.end())
      return found->second;
    return ReshardOp::create(builder, user->getLoc(), partialType(operand.getType()), operand);
  }

  func::FuncOp function;
  ReshardCosts costs;
  std::vector<AxisPart> axes;
  Reduction kind;
  /// Of every type seen: itself made partial over the axes, or null where it cannot be.
  llvm::DenseMap<Type, RankedTensorType> partialTypes;
  MinCut cut;
  std::vector<bool> side;
  llvm::DenseMap<Value, Node> nodes;
  SmallVector<Value> order;
  llvm::DenseMap<Value, Value> partials;
};

} // namespace

void placeReductions(func::FuncOp function) {
  ReshardCosts costs(function);
  std::vector<std::pair<std::vector<AxisPart>, Reduction>> kinds;
  for (auto op : function.getOps<ReshardOp>()) {
    Layout from = canonical(costs.mesh, layoutOf(op.getInput()).getLayout()),
           to = canonical(costs.mesh, layoutOf(op).getLayout());
    if (!from.isPartial() || to.isPartial())
      continue;
    std::pair kind{from.partial, from.reduction};
    if (!llvm::is_contained(kinds, kind))
      kinds.push_back(kind);
  }
  for (auto &[axes, kind] : kinds)
    Placement(function, axes, kind).run();
}

void placeReductions(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.getBody().hasOneBlock())
      continue;
    mergeSums(function);
    placeReductions(function);
    mergeSums(function);
  }
}

} // namespace tp
