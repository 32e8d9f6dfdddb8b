// Rewrites that always hold for changes of layout; none may ever make a program dearer.
//
// The one that needs thought: several layouts are wanted of one value. Each may start from the value or from another's
// result, and what is cheapest is a tree. A partial value that is wanted whole and wanted split needs one all-reduce, from
// which the split one is cut, and not an all-reduce and a reduce-scatter.
#include "Reshards.h"

#include "tp/Analysis/Where.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <numeric>

using namespace mlir;

namespace tp {

ReshardCosts::ReshardCosts(func::FuncOp function)
    : mesh(findMesh(function).getMesh()), dynamicExtent(nn::maxDynamicOf(function)) {}

ReshardCost ReshardCosts::of(Type from, Type to) const {
  auto [entry, isNew] = known.try_emplace({from, to}, std::numeric_limits<int64_t>::max() / 4, 1);
  if (!isNew)
    return entry->second;
  auto type = cast<RankedTensorType>(from);
  int64_t elementBytes = bytesOf(RankedTensorType::get({}, type.getElementType()), 1);
  std::optional<ReshardPlan> plan =
      planReshard(mesh, shapeOf(type), elementBytes, dynamicExtent, layoutOf(from).getLayout(), layoutOf(to).getLayout());
  if (plan)
    entry->second = {plan->wireBytes, plan->collectives};
  return entry->second;
}

bool ReshardCosts::isLegal(Type from, Type to) const {
  const Layout &source = layoutOf(from).getLayout(), &target = layoutOf(to).getLayout();
  if (source.isPartial() && target.isPartial() && source.reduction != target.reduction)
    return false;
  for (const AxisPart &part : target.partial)
    for (const DimLayout &dim : source.dims)
      if (mesh.overlap(dim.axes, part))
        return false;
  return true;
}

void eraseDead(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (op.use_empty() && isMemoryEffectFree(&op) && !op.hasTrait<OpTrait::IsTerminator>())
      op.erase();
}

namespace {

/// The same value made anew with layout `wanted`, or null if it cannot be made from nothing.
Value remade(OpBuilder &builder, Value value, LayoutAttr wanted) {
  Operation *op = value.getDefiningOp();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!op || !type)
    return {};
  RankedTensorType result = withLayout(type, wanted);
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    TypedAttr attribute;
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue()))
      attribute = elements.isSplat() ? elements.resizeSplat(result) : elements.reshape(result);
    else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
      attribute = DenseResourceElementsAttr::get(result, resource.getRawHandle());
    return attribute ? arith::ConstantOp::create(builder, op->getLoc(), attribute) : Value();
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    Value init = remade(builder, fill.getOutputs()[0], wanted);
    return init ? cloneLocal(op, builder, {fill.getInputs()[0], init}, {result})->getResult(0) : Value();
  }
  if (auto broadcast = dyn_cast<nn::BroadcastOp>(op); broadcast && !broadcast.getLike()) {
    Layout layout = wanted.getLayout(), inner;
    for (int64_t dim : broadcast.getDims())
      inner.dims.push_back(layout.dims[dim]);
    inner.partial = layout.partial;
    inner.reduction = layout.reduction;
    Value input = remade(builder, broadcast.getInput(), LayoutAttr::get(builder.getContext(), wanted.getMesh(), inner));
    return input ? cloneLocal(op, builder, {input}, {result})->getResult(0) : Value();
  }
  bool fromNothing = llvm::none_of(op->getOperandTypes(), llvm::IsaPred<TensorType>);
  if (fromNothing && isa<tensor::EmptyOp, nn::IotaOp, nn::MapOp>(op))
    return cloneLocal(op, builder, op->getOperands(), {result})->getResult(0);
  return {};
}

class Simplifier {
public:
  explicit Simplifier(func::FuncOp function) : function(function), costs(function) {}

  void run() {
    bool changed = true;
    for (int round = 0; changed && round < 16; ++round) {
      changed = false;
      for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
        if (auto reshard = dyn_cast<ReshardOp>(op))
          changed |= simplify(reshard);
      eraseDead(function);
      changed |= shareAmongSiblings();
      eraseDead(function);
    }
  }

private:
  bool simplify(ReshardOp op) {
    if (op.getInput().getType() == op.getType()) {
      op.getResult().replaceAllUsesWith(op.getInput());
      op.erase();
      return true;
    }
    OpBuilder builder(op);
    if (Value made = remade(builder, op.getInput(), layoutOf(op.getType()))) {
      op.getResult().replaceAllUsesWith(made);
      op.erase();
      return true;
    }
    auto before = op.getInput().getDefiningOp<ReshardOp>();
    if (!before || !costs.isLegal(before.getInput().getType(), op.getType()))
      return false;
    ReshardCost direct = costs.of(before.getInput().getType(), op.getType());
    // Where others use the value between, only this step is saved.
    if (!before->hasOneUse() && direct > costs.of(op.getInput().getType(), op.getType()))
      return false;
    if (!op->hasAttr(whyAttrName) && before->hasAttr(whyAttrName))
      copyReason(before, op);
    op->setOperand(0, before.getInput());
    return true;
  }

  bool shareAmongSiblings() {
    llvm::MapVector<Value, SmallVector<ReshardOp>> siblings;
    for (auto op : function.getOps<ReshardOp>())
      siblings[op.getInput()].push_back(op);
    bool changed = false;
    for (auto &[value, ops] : siblings)
      changed |= share(value, ops);
    return changed;
  }

  bool share(Value value, SmallVector<ReshardOp> &ops) {
    bool changed = false;
    llvm::MapVector<Type, ReshardOp> byType;
    for (ReshardOp op : ops) {
      auto [first, isNew] = byType.try_emplace(op.getType(), op);
      if (isNew)
        continue;
      op.getResult().replaceAllUsesWith(first->second.getResult());
      changed = true;
    }
    SmallVector<ReshardOp> distinct;
    for (auto &entry : byType)
      distinct.push_back(entry.second);
    if (distinct.size() < 2 || distinct.size() > 5)
      return changed;
    return startFromOneAnother(value, distinct) || changed;
  }

  // Tries every order; in an order, each starts from the value or from the cheapest of those before it.
  bool startFromOneAnother(Value value, SmallVector<ReshardOp> ops) {
    ReshardCost best{0, 0};
    for (ReshardOp op : ops)
      best = plus(best, costs.of(value.getType(), op.getType()));
    SmallVector<int> order(ops.size()), bestOrder;
    SmallVector<int> bestParents;
    std::iota(order.begin(), order.end(), 0);
    do {
      ReshardCost total{0, 0};
      SmallVector<int> parents(ops.size(), -1);
      for (size_t i = 0; i < order.size(); ++i) {
        Type type = ops[order[i]].getType();
        ReshardCost least = costs.of(value.getType(), type);
        for (size_t j = 0; j < i; ++j) {
          Type from = ops[order[j]].getType();
          if (!costs.isLegal(from, type))
            continue;
          if (ReshardCost cost = costs.of(from, type); cost < least) {
            least = cost;
            parents[order[i]] = order[j];
          }
        }
        total = plus(total, least);
      }
      if (total < best) {
        best = total;
        bestOrder = order;
        bestParents = parents;
      }
    } while (std::next_permutation(order.begin(), order.end()));
    if (bestOrder.empty())
      return false;
    Operation *first = ops[0];
    for (ReshardOp op : ops)
      if (op->isBeforeInBlock(first))
        first = op;
    Operation *anchor = first->getNextNode();
    for (int i : bestOrder) {
      ReshardOp op = ops[i];
      if (op.getOperation() == anchor)
        anchor = anchor->getNextNode();
      op->moveBefore(anchor);
      if (bestParents[i] >= 0)
        op->setOperand(0, ops[bestParents[i]].getResult());
    }
    return true;
  }

  static ReshardCost plus(ReshardCost a, ReshardCost b) { return {a.first + b.first, a.second + b.second}; }

  func::FuncOp function;
  ReshardCosts costs;
};

} // namespace

void simplifyReshards(func::FuncOp function) { Simplifier(function).run(); }

void simplifyReshards(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function.getBody().hasOneBlock())
      simplifyReshards(function);
}

} // namespace tp
