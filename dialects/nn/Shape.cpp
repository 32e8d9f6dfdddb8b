// Facts of the ops that keep all elements and move them: broadcast, reshape, transpose. Copying commutes with any reduction, so
// each preserves partial sums, maxima and minima of what it copies.
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Strided.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace tp::nn {

//===-- broadcast -----------------------------------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  RankedTensorType input = typeOf(getInput()), result = typeOf(getResult());
  if (static_cast<int64_t>(getDims().size()) != input.getRank())
    return emitOpError() << "names " << getDims().size() << " result dimensions, needs one per operand dimension, "
                         << input.getRank();
  if (failed(requireSortedDims(*this, getDims(), result.getRank()))) // C1
    return failure();
  for (auto [i, dim] : llvm::enumerate(getDims()))
    if (input.getDimSize(i) != result.getDimSize(dim)) // C2
      return emitOpError() << "operand dimension " << i << " of size " << shapeText(input.getDimSize(i))
                           << " becomes result dimension " << dim << " of size " << shapeText(result.getDimSize(dim));
  bool needsLike = false;
  for (int64_t dim = 0; dim < result.getRank(); ++dim)
    needsLike |= result.isDynamicDim(dim) && !llvm::is_contained(getDims(), dim);
  if (needsLike != static_cast<bool>(getLike())) // C3
    return emitOpError() << (needsLike ? "has a new dynamic dimension, and needs `like` to tell its size"
                                       : "has `like`, but no new dynamic dimension");
  if (getLike() && failed(requireShape(*this, "`like`", getLike(), result.getShape())))
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap BroadcastOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor result = map.addFactorsFor(typeOf(getResult()));
  FactorMap::Tensor input;
  for (int64_t dim : getDims())
    input.push_back(result[dim]);
  map.operands.push_back(input);
  if (getLike())
    map.operands.push_back(result);
  map.results.push_back(result);
  return map;
}

bool BroadcastOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) {
  return partialOperands[0]; // the elements of `like` do not matter
}

LogicalResult BroadcastOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  std::vector<int64_t> shape = getLike() ? operands[1].shape : shapeOf(typeOf(getResult()));
  std::vector<int64_t> inputStrides = stridesOf(operands[0].shape);
  StridedView view{0, std::vector<int64_t>(shape.size(), 0)};
  for (auto [i, dim] : llvm::enumerate(getDims())) {
    shape[dim] = operands[0].shape[i];
    view.strides[dim] = inputStrides[i];
  }
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  copyStrided(shape, operands[0], view, result, {0, stridesOf(shape)});
  return success();
}

//===-- reshape -------------------------------------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = typeOf(getInput()), result = typeOf(getResult());
  int64_t dynamicIn = input.getNumDynamicDims(), dynamicOut = result.getNumDynamicDims();
  if (dynamicIn > 1 || dynamicIn != dynamicOut) // C1
    return emitOpError() << "has " << dynamicIn << " dynamic dimensions in the operand and " << dynamicOut
                         << " in the result, needs at most one, and then on both sides";
  if (elementsOf(getInput(), 1) != elementsOf(getResult(), 1))
    return emitOpError() << "operand of shape " << shapeText(input.getShape()) << " and result of shape "
                         << shapeText(result.getShape()) << " differ in their number of elements";
  if (dynamicIn) {
    auto before = [](ArrayRef<int64_t> shape) {
      int64_t count = 1;
      for (int64_t size : shape) {
        if (ShapedType::isDynamic(size))
          break;
        if (llvm::MulOverflow(count, size, count))
          count = std::numeric_limits<int64_t>::max();
      }
      return count;
    };
    if (before(input.getShape()) != before(result.getShape()))
      return emitOpError() << "mixes the dynamic dimension of " << shapeText(input.getShape()) << " with others to make "
                           << shapeText(result.getShape());
  }
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap ReshapeOp::getFactorMap() { return reshapeFactorMap(typeOf(getInput()), typeOf(getResult())); }

bool ReshapeOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) { return partialOperands[0]; }

LogicalResult ReshapeOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  HostTensor &result = results.emplace_back(operands[0]);
  result.shape = shapeOf(typeOf(getResult()));
  int64_t known = elementsOf(getResult(), 1);
  for (int64_t &size : result.shape)
    if (size < 0)
      size = known ? operands[0].count() / known : 0;
  if (result.count() != operands[0].count())
    return emitOpError() << "cannot give " << operands[0].count() << " elements the shape "
                         << shapeText(typeOf(getResult()).getShape());
  return success();
}

//===-- transpose -----------------------------------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  RankedTensorType input = typeOf(getInput());
  ArrayRef<int64_t> permutation = getPermutation();
  SmallVector<bool> seen(input.getRank());
  bool isPermutation = static_cast<int64_t>(permutation.size()) == input.getRank();
  for (int64_t dim : permutation) {
    isPermutation = isPermutation && dim >= 0 && dim < input.getRank() && !seen[dim];
    if (isPermutation)
      seen[dim] = true;
  }
  if (!isPermutation) // C1
    return emitOpError() << "needs a permutation of the operand's " << input.getRank() << " dimensions";
  SmallVector<int64_t> needed;
  for (int64_t dim : permutation)
    needed.push_back(input.getDimSize(dim));
  if (failed(requireShape(*this, "result", getResult(), needed))) // C2
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap TransposeOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor input = map.addFactorsFor(typeOf(getInput())), result;
  for (int64_t dim : getPermutation())
    result.push_back(input[dim]);
  map.operands.push_back(input);
  map.results.push_back(result);
  return map;
}

bool TransposeOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) { return partialOperands[0]; }

LogicalResult TransposeOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  std::vector<int64_t> shape, inputStrides = stridesOf(operands[0].shape);
  StridedView view;
  for (int64_t dim : getPermutation()) {
    shape.push_back(operands[0].shape[dim]);
    view.strides.push_back(inputStrides[dim]);
  }
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  copyStrided(shape, operands[0], view, result, {0, stridesOf(shape)});
  return success();
}

} // namespace tp::nn
