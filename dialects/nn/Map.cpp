// Facts of nn.map. What it is linear in is read off its body, value by value: so a sum of two partial tensors stays partial, and a
// product of two does not.
#include "dialects/nn/ScalarProgram.h"
#include "dialects/nn/Shapes.h"
#include "dialects/tp/Elementwise.h"

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
    return emitOpError() << "body has " << block.getNumArguments() << " arguments, needs one per operand, " << getInputs().size();
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

bool MapOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  return bodyPreservesPartial(getBody().front(), kind, partialOperands);
}

LogicalResult MapOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  Block &block = getBody().front();
  FailureOr<ScalarProgram> program = ScalarProgram::compile(block, /*takesExternals=*/false);
  if (failed(program))
    return failure();
  HostTensor &result =
      results.emplace_back(resultTensor(getResult(), operands.empty() ? shapeOf(typeOf(getResult())) : operands[0].shape));
  Value yielded = block.getTerminator()->getOperand(0);
  for (int64_t begin = 0, count = result.count(); begin < count; begin += ScalarProgram::laneCount) {
    int64_t lanes = std::min(ScalarProgram::laneCount, count - begin);
    for (auto [argument, operand] : llvm::zip(block.getArguments(), operands)) {
      ScalarProgram::Register &lane = (*program)[argument];
      if (operand.isFloat())
        std::copy_n(operand.floats.begin() + begin, lanes, lane.floats);
      else
        std::copy_n(operand.ints.begin() + begin, lanes, lane.ints);
    }
    if (failed(program->run(lanes)))
      return failure();
    if (result.isFloat())
      std::copy_n((*program)[yielded].floats, lanes, result.floats.begin() + begin);
    else
      std::copy_n((*program)[yielded].ints, lanes, result.ints.begin() + begin);
  }
  result.round();
  return success();
}

} // namespace tp::nn
