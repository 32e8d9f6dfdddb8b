// Facts of nn.map. What it is linear in, and what it is monotone in, is read off its body, value by value: so a sum of two
// partial tensors stays partial, and a product of two does not.
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tp::nn {

MapOp MapOp::build(OpBuilder &builder, Location loc, RankedTensorType resultType, ValueRange inputs,
                   llvm::function_ref<Value(OpBuilder &, Location, ValueRange)> fill) {
  MapOp map = MapOp::create(builder, loc, resultType, inputs);
  Block *block = &map.getBody().emplaceBlock();
  for (Value input : inputs)
    block->addArgument(typeOf(input).getElementType(), loc);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(block);
  Value result = fill(builder, loc, block->getArguments());
  YieldOp::create(builder, loc, result);
  return map;
}

LogicalResult MapOp::verify() {
  RankedTensorType result = typeOf(getResult());
  for (auto [i, input] : llvm::enumerate(getInputs()))
    if (failed(requireShape(*this, "operand " + Twine(i), input, result.getShape()))) // C1
      return failure();
  if (getInputs().empty() && !result.hasStaticShape())
    return emitOpError() << "has no operand to tell the size of its dynamic dimension";
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size()) // C2
    return emitOpError() << "body has " << block.getNumArguments() << " arguments, needs one per operand, "
                         << getInputs().size();
  for (auto [i, input] : llvm::enumerate(getInputs()))
    if (block.getArgument(i).getType() != typeOf(input).getElementType())
      return emitOpError() << "body argument " << i << " has type " << block.getArgument(i).getType() << ", needs "
                           << typeOf(input).getElementType();
  for (Operation &op : block) {
    if (auto yield = dyn_cast<YieldOp>(op)) {
      if (yield.getValue().getType() != result.getElementType()) // C2
        return emitOpError() << "body yields " << yield.getValue().getType() << ", needs " << result.getElementType();
      continue;
    }
    bool isScalar = op.getNumRegions() == 0 && llvm::none_of(op.getResultTypes(), llvm::IsaPred<ShapedType>);
    if (!isScalar || !isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect())) { // C3
      InFlightDiagnostic error = emitOpError() << "body may hold only scalar arith and math ops";
      error.attachNote(op.getLoc()) << "holds '" << op.getName() << "'";
      return error;
    }
  }
  if (block.empty() || !isa<YieldOp>(block.back()))
    return emitOpError() << "body must end in 'nn.yield'";
  return success();
}

FactorMap MapOp::getFactorMap() { return elementwiseFactorMap(*this); }

//===-- What a body is linear in --------------------------------------------------------------------------------===//

namespace {
/// What a scalar of the body is, as a function of the marked arguments: independent of them, of the wanted form, or not.
enum class Dependence { None, Wanted, Other };

/// Linear and homogeneous in the marked arguments together.
struct Linearity {
  llvm::DenseMap<Value, Dependence> known;
  Dependence operator[](Value value) const { return known.lookup(value); }

  Dependence of(Operation &op) const {
    auto operand = [&](unsigned i) { return known.lookup(op.getOperand(i)); };
    if (llvm::all_of(op.getOperands(), [&](Value value) { return known.lookup(value) == Dependence::None; }))
      return Dependence::None;
    if (llvm::any_of(op.getOperands(), [&](Value value) { return known.lookup(value) == Dependence::Other; }))
      return Dependence::Other;
    if (isa<arith::AddFOp, arith::SubFOp, arith::AddIOp, arith::SubIOp>(op))
      return operand(0) == operand(1) ? Dependence::Wanted : Dependence::Other;
    if (isa<arith::NegFOp, arith::ExtFOp, arith::TruncFOp>(op))
      return Dependence::Wanted;
    if (isa<arith::MulFOp, arith::MulIOp>(op))
      return operand(0) != operand(1) ? Dependence::Wanted : Dependence::Other;
    if (isa<arith::DivFOp>(op))
      return operand(1) == Dependence::None ? Dependence::Wanted : Dependence::Other;
    if (isa<math::FmaOp>(op))
      return operand(0) != operand(1) && operand(2) == Dependence::Wanted ? Dependence::Wanted : Dependence::Other;
    return Dependence::Other;
  }
};

/// A scalar f with max over ranks of f(x) = f(max over ranks of x) (or the same with min): a non-decreasing function of one
/// root, where a root is a marked argument or the maximum (minimum) of several such scalars.
struct Monotony {
  Reduction kind = Reduction::Max;
  struct Entry {
    Dependence dependence = Dependence::None;
    Value root;
  };
  llvm::DenseMap<Value, Entry> known;

  static bool isPositive(Value value) {
    FloatAttr constant;
    return matchPattern(value, m_Constant(&constant)) && constant.getValueAsDouble() > 0;
  }

  Entry of(Operation &op) const {
    const Entry other{Dependence::Other, {}};
    SmallVector<Entry> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known.lookup(operand));
    if (llvm::all_of(operands, [](const Entry &entry) { return entry.dependence == Dependence::None; }))
      return {};
    if (llvm::any_of(operands, [](const Entry &entry) { return entry.dependence == Dependence::Other; }))
      return other;
    if (isa<arith::ExtFOp, arith::TruncFOp, math::ExpOp, math::Exp2Op, math::LogOp, math::Log2Op, math::SqrtOp,
            math::TanhOp, math::ErfOp, math::CeilOp, math::FloorOp>(op))
      return operands[0];
    bool bothDepend = operands.size() == 2 && operands[0].dependence == operands[1].dependence;
    Entry dependent = !operands.empty() && operands[0].dependence == Dependence::Wanted ? operands[0]
                      : operands.size() == 2                                            ? operands[1]
                                                                                        : other;
    bool sameKind = kind == Reduction::Max ? isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp>(op)
                                           : isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp>(op);
    if (sameKind)
      return bothDepend ? Entry{Dependence::Wanted, op.getResult(0)} : dependent;
    if (isa<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp, arith::MaxSIOp,
            arith::MinSIOp>(op))
      return bothDepend && operands[0].root != operands[1].root ? other : dependent;
    if (isa<arith::SubFOp>(op))
      return operands[1].dependence == Dependence::None ? operands[0] : other;
    if (isa<arith::MulFOp>(op) && !bothDepend)
      return isPositive(op.getOperand(operands[0].dependence == Dependence::None ? 0 : 1)) ? dependent : other;
    if (isa<arith::DivFOp>(op) && operands[1].dependence == Dependence::None)
      return isPositive(op.getOperand(1)) ? dependent : other;
    return other;
  }
};
} // namespace

bool MapOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  Block &block = getBody().front();
  Value yielded = cast<YieldOp>(block.getTerminator()).getValue();
  if (kind == Reduction::Sum) {
    Linearity linearity;
    for (auto [argument, isPartial] : llvm::zip(block.getArguments(), partialOperands))
      linearity.known[argument] = isPartial ? Dependence::Wanted : Dependence::None;
    for (Operation &op : block.without_terminator()) {
      Dependence dependence = linearity.of(op);
      for (Value result : op.getResults())
        linearity.known[result] = dependence;
    }
    return linearity[yielded] == Dependence::Wanted;
  }
  Monotony monotony;
  monotony.kind = kind;
  for (auto [argument, isPartial] : llvm::zip(block.getArguments(), partialOperands))
    if (isPartial)
      monotony.known[argument] = {Dependence::Wanted, argument};
  for (Operation &op : block.without_terminator()) {
    Monotony::Entry entry = monotony.of(op);
    for (Value result : op.getResults())
      monotony.known[result] = entry;
  }
  return monotony.known.lookup(yielded).dependence == Dependence::Wanted;
}

} // namespace tp::nn
