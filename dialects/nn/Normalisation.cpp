// Facts of softmax and the norms: each needs one dimension whole, because every element of it depends on all others.
#include "dialects/nn/Shapes.h"

using namespace mlir;

namespace tp::nn {

/// Operand and result agree but for their layouts.
static LogicalResult requireSame(Operation *op, Value input, Value result) {
  if (failed(requireFloats(op, "operand", input)) ||
      failed(requireShape(op, "result", result, typeOf(input).getShape())))
    return failure();
  return requireElementType(op, "result", result, typeOf(input).getElementType());
}

/// A vector of weights along the last dimension of `input`.
static LogicalResult requireWeights(Operation *op, Twine what, Value weights, Value input) {
  if (failed(requireFloats(op, what, weights)))
    return failure();
  return requireShape(op, what, weights, typeOf(input).getShape().take_back(1));
}

/// All dimensions parallel but `dim`, which is whole; operands after the first are vectors along `dim`.
static FactorMap mapAlong(Operation *op, int64_t dim) {
  FactorMap map;
  FactorMap::Tensor input = map.addFactorsFor(typeOf(op->getOperand(0)));
  map.factors[input[dim][0]].kind = FactorKind::Whole;
  map.operands.push_back(input);
  for (unsigned i = 1; i < op->getNumOperands(); ++i)
    map.operands.push_back({input[dim]});
  map.results.push_back(input);
  return map;
}

static LogicalResult requireLastDim(Operation *op, Value input) {
  if (typeOf(input).getRank() > 0)
    return success();
  return op->emitOpError() << "operand is a scalar, needs at least 1 dimension";
}

LogicalResult SoftmaxOp::verify() {
  if (failed(requireDim(*this, getDim(), typeOf(getInput()).getRank()))) // C1
    return failure();
  return requireSame(*this, getInput(), getResult()); // C1, C2
}

FactorMap SoftmaxOp::getFactorMap() { return mapAlong(*this, getDim()); }

LogicalResult RmsNormOp::verify() {
  if (failed(requireLastDim(*this, getInput())) || failed(requireSame(*this, getInput(), getResult()))) // C1
    return failure();
  return requireWeights(*this, "weight", getWeight(), getInput()); // C2
}

FactorMap RmsNormOp::getFactorMap() { return mapAlong(*this, typeOf(getInput()).getRank() - 1); }

LogicalResult LayerNormOp::verify() {
  if (failed(requireLastDim(*this, getInput())) || failed(requireSame(*this, getInput(), getResult())) || // C1
      failed(requireWeights(*this, "weight", getWeight(), getInput())))                                   // C2
    return failure();
  return requireWeights(*this, "bias", getBias(), getInput()); // C2
}

FactorMap LayerNormOp::getFactorMap() { return mapAlong(*this, typeOf(getInput()).getRank() - 1); }

} // namespace tp::nn
