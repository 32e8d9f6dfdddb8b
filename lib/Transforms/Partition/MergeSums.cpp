// Adds partial terms of a sum before they are reduced, and takes whole terms out of a sum that is reduced.
//
//   x + reduce(p) + reduce(q)   ->   x + reduce(p + q)          one collective for a parallel attention + MLP block
//   reduce(keep(x) + p)         ->   x + reduce(p)              nothing needs to be kept by one rank
#include "Reshards.h"

#include "tp/Analysis/Where.h"

using namespace mlir;

namespace tp {

bool isSum(Operation *op) {
  if (!op || op->getNumResults() != 1)
    return false;
  Type type = op->getResult(0).getType();
  if (!layoutOf(type) || llvm::any_of(op->getOperandTypes(), [&](Type operand) {
        return !layoutOf(operand) ||
               cast<RankedTensorType>(operand).getElementType() != cast<RankedTensorType>(type).getElementType();
      }))
    return false;
  if (isa<arith::AddFOp>(op))
    return true;
  auto map = dyn_cast<nn::MapOp>(op);
  if (!map || map.getInputs().size() < 2)
    return false;
  Block &body = map.getBody().front();
  for (Operation &scalar : body.without_terminator())
    if (!isa<arith::AddFOp, arith::AddIOp>(scalar) || !scalar.hasOneUse())
      return false;
  // As many additions as are needed, every argument used once: the body is a tree that sums them all.
  return llvm::all_of(body.getArguments(), [](BlockArgument argument) { return argument.hasOneUse(); }) &&
         std::distance(body.begin(), body.end()) == int64_t(map.getInputs().size());
}

Value buildSum(OpBuilder &builder, Location loc, ArrayRef<Value> terms) {
  if (terms.size() == 1)
    return terms[0];
  auto type = cast<RankedTensorType>(terms[0].getType());
  return nn::MapOp::build(builder, loc, type, terms, [](OpBuilder &b, Location l, ValueRange arguments) {
    Value sum = arguments[0];
    for (Value argument : arguments.drop_front())
      sum = isa<FloatType>(sum.getType()) ? arith::AddFOp::create(b, l, sum, argument).getResult()
                                          : arith::AddIOp::create(b, l, sum, argument).getResult();
    return sum;
  });
}

namespace {

// The terms of the sum `op`, through sums that only it uses.
void collectTerms(Operation *op, SmallVectorImpl<Value> &terms) {
  for (Value operand : op->getOperands()) {
    Operation *inner = operand.getDefiningOp();
    if (isSum(inner) && inner->hasOneUse() && operand.getType() == op->getResult(0).getType())
      collectTerms(inner, terms);
    else
      terms.push_back(operand);
  }
}

bool isInnerSum(Operation *op) {
  if (!op->hasOneUse())
    return false;
  Operation *user = *op->user_begin();
  return isSum(user) && user->getResult(0).getType() == op->getResult(0).getType();
}

ReshardOp reductionOf(Value term) {
  auto reshard = term.getDefiningOp<ReshardOp>();
  if (!reshard || !reshard->hasOneUse())
    return {};
  return layoutOf(reshard.getInput()).getLayout().isPartial() &&
                 layoutOf(reshard.getInput()).getLayout().reduction == Reduction::Sum &&
                 !layoutOf(reshard).getLayout().isPartial()
             ? reshard
             : ReshardOp();
}

// The ways of all the reductions' splits together; null where they have no tp.cause.
Attribute commonCause(ArrayRef<ReshardOp> reductions) {
  SmallVector<Attribute> ways;
  for (ReshardOp reduction : reductions)
    if (auto cause = reduction->getAttrOfType<DictionaryAttr>(causeAttrName))
      for (Attribute way : cause.getAs<ArrayAttr>("ways"))
        if (!llvm::is_contained(ways, way))
          ways.push_back(way);
  if (ways.empty())
    return {};
  Builder builder(reductions.front()->getContext());
  return builder.getDictionaryAttr(builder.getNamedAttr("ways", builder.getArrayAttr(ways)));
}

// x + reduce(p) + reduce(q) -> x + reduce(p + q)
void mergeReductions(Operation *sum) {
  SmallVector<Value> terms;
  collectTerms(sum, terms);
  llvm::MapVector<Type, SmallVector<ReshardOp>> groups; // by the partial type
  for (Value term : terms)
    if (ReshardOp reduction = reductionOf(term))
      groups[reduction.getInput().getType()].push_back(reduction);
  bool merges = llvm::any_of(groups, [](auto &group) { return group.second.size() > 1; });
  if (!merges)
    return;
  OpBuilder builder(sum);
  SmallVector<Value> rest;
  for (Value term : terms) {
    ReshardOp reduction = reductionOf(term);
    if (!reduction || groups[reduction.getInput().getType()].size() == 1)
      rest.push_back(term);
  }
  for (auto &[type, reductions] : groups) {
    if (reductions.size() == 1)
      continue;
    SmallVector<Value> partials;
    for (ReshardOp reduction : reductions)
      partials.push_back(reduction.getInput());
    ReshardOp last = reductions.back();
    Value total = buildSum(builder, sum->getLoc(), partials);
    auto reduced = ReshardOp::create(builder, last.getLoc(), last.getType(), total);
    reduced->setAttr(whyAttrName, builder.getStringAttr("one reduction for " + std::to_string(partials.size()) +
                                                        " partial values that are added"));
    if (Attribute cause = commonCause(reductions))
      reduced->setAttr(causeAttrName, cause);
    rest.push_back(reduced);
  }
  Value result = buildSum(builder, sum->getLoc(), rest);
  sum->getResult(0).replaceAllUsesWith(result);
}

// reduce(keep(x) + p) -> x + reduce(p)
void takeOutWholeTerms(ReshardOp reduction) {
  Operation *sum = reduction.getInput().getDefiningOp();
  if (!sum || !isSum(sum) || !sum->hasOneUse())
    return;
  SmallVector<Value> terms, partials, wholes;
  collectTerms(sum, terms);
  for (Value term : terms) {
    auto keep = term.getDefiningOp<ReshardOp>();
    if (keep && keep.getInput().getType() == reduction.getType())
      wholes.push_back(keep.getInput());
    else
      partials.push_back(term);
  }
  if (wholes.empty() || partials.empty())
    return;
  OpBuilder builder(reduction);
  Value total = buildSum(builder, sum->getLoc(), partials);
  auto reduced = ReshardOp::create(builder, reduction.getLoc(), reduction.getType(), total);
  reduced->setDiscardableAttrs(reduction->getDiscardableAttrDictionary());
  wholes.push_back(reduced);
  reduction.getResult().replaceAllUsesWith(buildSum(builder, sum->getLoc(), wholes));
}

} // namespace

void mergeSums(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    if (auto reshard = dyn_cast<ReshardOp>(op))
      takeOutWholeTerms(reshard);
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    if (isSum(&op) && !isInnerSum(&op))
      mergeReductions(&op);
  eraseDead(function);
}

} // namespace tp
