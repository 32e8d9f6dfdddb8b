// Facts of softmax and the norms: each needs one dimension whole, because every element of it depends on all others.
#include "dialects/nn/Shapes.h"

#include <cmath>

using namespace mlir;

namespace tp::nn {

/// Operand and result agree but for their layouts.
static LogicalResult requireSame(Operation *op, Value input, Value result) {
  if (failed(requireFloats(op, "operand", input)) || failed(requireShape(op, "result", result, typeOf(input).getShape())))
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

//===-- What they compute ---------------------------------------------------------------------------------------===//

/// Calls `visit(first element, step)` for every line of `input` along `dim`.
static void forEachLine(const HostTensor &input, int64_t dim, llvm::function_ref<void(int64_t, int64_t)> visit) {
  int64_t outer = 1, inner = 1, size = input.shape[dim];
  if (size == 0)
    return; // lines of nothing, in a tensor without memory
  for (int64_t i = 0; i < static_cast<int64_t>(input.shape.size()); ++i)
    (i < dim ? outer : inner) *= i == dim ? 1 : input.shape[i];
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i)
      visit(o * size * inner + i, inner);
}

LogicalResult SoftmaxOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  HostTensor &result = results.emplace_back(operands[0]);
  int64_t size = result.shape[getDim()];
  forEachLine(result, getDim(), [&](int64_t first, int64_t step) {
    double *line = result.floats.data() + first;
    double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t i = 0; i < size; ++i)
      maximum = std::max(maximum, line[i * step]);
    for (int64_t i = 0; i < size; ++i)
      sum += line[i * step] = std::exp(line[i * step] - maximum);
    for (int64_t i = 0; i < size; ++i)
      line[i * step] /= sum;
  });
  result.round();
  return success();
}

LogicalResult RmsNormOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  HostTensor &result = results.emplace_back(operands[0]);
  int64_t size = result.shape.back();
  double epsilon = getEpsilon().convertToDouble();
  forEachLine(result, result.shape.size() - 1, [&](int64_t first, int64_t) {
    double *line = result.floats.data() + first, squares = 0;
    for (int64_t i = 0; i < size; ++i)
      squares += line[i] * line[i];
    double scale = 1 / std::sqrt(squares / size + epsilon);
    for (int64_t i = 0; i < size; ++i)
      line[i] *= scale * operands[1].floats[i];
  });
  result.round();
  return success();
}

LogicalResult LayerNormOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  HostTensor &result = results.emplace_back(operands[0]);
  int64_t size = result.shape.back();
  double epsilon = getEpsilon().convertToDouble();
  forEachLine(result, result.shape.size() - 1, [&](int64_t first, int64_t) {
    double *line = result.floats.data() + first, mean = 0, variance = 0;
    for (int64_t i = 0; i < size; ++i)
      mean += line[i] / size;
    for (int64_t i = 0; i < size; ++i)
      variance += (line[i] - mean) * (line[i] - mean) / size;
    double scale = 1 / std::sqrt(variance + epsilon);
    for (int64_t i = 0; i < size; ++i)
      line[i] = (line[i] - mean) * scale * operands[1].floats[i] + operands[2].floats[i];
  });
  result.round();
  return success();
}

} // namespace tp::nn
