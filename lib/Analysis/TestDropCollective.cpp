// Takes one collective out of a local program, or applies it twice. Where that changes shapes, the operand is cut or repeated,
// so that the program still parses and only an analysis of states can tell that it is wrong.
#include "tp/Analysis/VerifyLocal.h"

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace tp {

#define GEN_PASS_DEF_TESTDROPCOLLECTIVE
#include "tp/Analysis/VerifyLocal.h.inc"

namespace {

// `value` with dimension `dim` brought to `size`: its beginning, or repetitions of it.
Value fitted(OpBuilder &builder, Location loc, Value value, int64_t dim, int64_t size) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t have = type.getDimSize(dim);
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  auto result = RankedTensorType::get(shape, type.getElementType());
  if (have == size)
    return value;
  if (have < size)
    return nn::ConcatOp::create(builder, loc, result, SmallVector<Value>(size / have, value), dim);
  SmallVector<int64_t> offsets(shape.size(), 0), strides(shape.size(), 1);
  for (int64_t &extent : shape)
    extent = ShapedType::isDynamic(extent) ? -1 : extent;
  return nn::SliceOp::create(builder, loc, result, value, offsets, shape, strides);
}

Value fittedTo(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    value = fitted(builder, loc, value, dim, type.getDimSize(dim));
  return value;
}

} // namespace

LogicalResult mutateCollective(ModuleOp module, int64_t index, bool twice) {
  int64_t seen = 0;
  Collective found;
  module.walk([&](Collective op) {
    if (seen++ == index)
      found = op;
  });
  if (!found)
    return module.emitError() << "has " << seen << " collectives, there is no number " << index;
  Value operand = found->getOperand(0), result = found->getResult(0);
  OpBuilder builder(found);
  if (!twice) {
    result.replaceAllUsesWith(fittedTo(builder, found.getLoc(), operand, cast<RankedTensorType>(result.getType())));
    found->erase();
    return success();
  }
  builder.setInsertionPointAfter(found);
  Value again = fittedTo(builder, found.getLoc(), result, cast<RankedTensorType>(operand.getType()));
  Operation *second = builder.clone(*found);
  result.replaceUsesWithIf(second->getResult(0), [&](OpOperand &use) {
    return use.getOwner() != second && use.getOwner() != again.getDefiningOp() && second->isBeforeInBlock(use.getOwner());
  });
  second->setOperand(0, again);
  return success();
}

namespace {

struct TestDropCollective : impl::TestDropCollectiveBase<TestDropCollective> {
  using TestDropCollectiveBase::TestDropCollectiveBase;

  void runOnOperation() override {
    if (failed(mutateCollective(getOperation(), index, twice)))
      signalPassFailure();
  }
};

} // namespace

} // namespace tp
