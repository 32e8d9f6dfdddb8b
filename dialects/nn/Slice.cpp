// Facts of the ops that take parts of tensors or put tensors beside others: slice, concat, pad. Where a part begins is a number of
// the whole tensor, so the dimension that is cut or grown is whole.
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Strided.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tp::nn {

//===-- slice ---------------------------------------------------------------------------------------------------===//

/// Whether dimension `dim` is taken whole; in the laid-out and local forms as in the global one.
static bool takesAll(SliceOp op, int64_t dim) {
  int64_t size = op.getSizes()[dim], full = typeOf(op.getInput()).getDimSize(dim);
  return op.getOffsets()[dim] == 0 && op.getStrides()[dim] == 1 && (ShapedType::isDynamic(full) ? size == -1 : size == full);
}

LogicalResult SliceOp::verify() {
  RankedTensorType input = typeOf(getInput());
  int64_t rank = input.getRank();
  for (ArrayRef<int64_t> list : {getOffsets(), getSizes(), getStrides()})
    if (static_cast<int64_t>(list.size()) != rank) // C1
      return emitOpError() << "needs one offset, size and stride for each of the operand's " << rank << " dimensions";
  SmallVector<int64_t> needed;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t offset = getOffsets()[dim], size = getSizes()[dim], stride = getStrides()[dim];
    if (takesAll(*this, dim)) {
      needed.push_back(input.getDimSize(dim));
      continue;
    }
    if (input.isDynamicDim(dim))
      return emitOpError() << "takes a part of dynamic dimension " << dim << "; only all of it can be taken (size -1)";
    int64_t extent = input.getDimSize(dim);
    if (offset < 0 || offset >= extent || size < 1 || stride < 1 || size - 1 > (extent - 1 - offset) / stride) // C2
      return emitOpError() << "offset " << offset << ", size " << size << ", stride " << stride << " do not lie inside dimension "
                           << dim << " of size " << extent;
    needed.push_back(size);
  }
  if (failed(requireShape(*this, "result", getResult(), needed))) // C3
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap SliceOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor input, result;
  for (auto [dim, size] : llvm::enumerate(typeOf(getInput()).getShape())) {
    bool all = takesAll(*this, dim);
    input.push_back(dimOf(map.addFactor(size, all ? FactorKind::Parallel : FactorKind::Whole)));
    result.push_back(all ? input.back() : dimOf(map.addFactor(typeOf(getResult()).getDimSize(dim), FactorKind::Whole)));
  }
  map.operands.push_back(input);
  map.results.push_back(result);
  return map;
}

bool SliceOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) { return partialOperands[0]; }

Operation *SliceOp::buildLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes, LocalContext &) {
  // The sizes are attributes, so those of dimensions that are taken whole become the rank's own.
  SmallVector<int64_t> sizes(getSizes());
  for (int64_t dim = 0; dim < static_cast<int64_t>(sizes.size()); ++dim)
    if (takesAll(*this, dim) && sizes[dim] != -1)
      sizes[dim] = cast<RankedTensorType>(resultTypes[0]).getDimSize(dim);
  return SliceOp::create(builder, getLoc(), resultTypes[0], operands[0], getOffsets(), sizes, getStrides());
}

LogicalResult SliceOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  std::vector<int64_t> shape(getSizes().begin(), getSizes().end()), inputStrides = stridesOf(operands[0].shape);
  StridedView view;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] == -1)
      shape[dim] = operands[0].shape[dim];
    view.offset += getOffsets()[dim] * inputStrides[dim];
    view.strides.push_back(getStrides()[dim] * inputStrides[dim]);
  }
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  copyStrided(shape, operands[0], view, result, {0, stridesOf(shape)});
  return success();
}

//===-- concat --------------------------------------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  if (getInputs().empty()) // C1
    return emitOpError() << "needs at least one operand";
  RankedTensorType first = typeOf(getInputs()[0]);
  int64_t dim = getDim(), total = 0;
  if (failed(requireDim(*this, dim, first.getRank())))
    return failure();
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    RankedTensorType type = typeOf(input);
    if (failed(requireRank(*this, "operand " + Twine(i), input, first.getRank())))
      return failure();
    if (type.isDynamicDim(dim))
      return emitOpError() << "operand " << i << " is dynamic along dimension " << dim;
    SmallVector<int64_t> needed(first.getShape());
    needed[dim] = type.getDimSize(dim);
    if (failed(requireShape(*this, "operand " + Twine(i), input, needed)) || // C2
        failed(requireElementType(*this, "operand " + Twine(i), input, first.getElementType())))
      return failure();
    if (llvm::AddOverflow(total, type.getDimSize(dim), total))
      return emitOpError() << "operands are longer than 2^63 along dimension " << dim;
  }
  SmallVector<int64_t> needed(first.getShape());
  needed[dim] = total;
  if (failed(requireShape(*this, "result", getResult(), needed))) // C2
    return failure();
  return requireElementType(*this, "result", getResult(), first.getElementType());
}

FactorMap ConcatOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor result = map.addFactorsFor(typeOf(getResult()));
  map.factors[result[getDim()][0]].kind = FactorKind::Whole;
  for (Value input : getInputs()) {
    FactorMap::Tensor operand = result;
    operand[getDim()] = dimOf(map.addFactor(typeOf(input).getDimSize(getDim()), FactorKind::Whole));
    map.operands.push_back(operand);
  }
  map.results.push_back(result);
  return map;
}

bool ConcatOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) {
  return llvm::all_of(partialOperands, [](bool partial) { return partial; });
}

LogicalResult ConcatOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  std::vector<int64_t> shape = operands[0].shape;
  shape[getDim()] = 0;
  for (const HostTensor &operand : operands)
    shape[getDim()] += operand.shape[getDim()];
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  StridedView view{0, stridesOf(shape)};
  for (const HostTensor &operand : operands) {
    copyStrided(operand.shape, operand, {0, stridesOf(operand.shape)}, result, view);
    view.offset += operand.shape[getDim()] * view.strides[getDim()];
  }
  return success();
}

//===-- pad -----------------------------------------------------------------------------------------------------===//

LogicalResult PadOp::verify() {
  RankedTensorType input = typeOf(getInput());
  int64_t rank = input.getRank();
  if (static_cast<int64_t>(getLow().size()) != rank || static_cast<int64_t>(getHigh().size()) != rank) // C1
    return emitOpError() << "needs one low and one high count for each of the operand's " << rank << " dimensions";
  SmallVector<int64_t> needed;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t low = getLow()[dim], high = getHigh()[dim];
    if (low < 0 || high < 0)
      return emitOpError() << "has a negative count for dimension " << dim << "; cut with nn.slice instead";
    if (input.isDynamicDim(dim) && (low || high)) // C3
      return emitOpError() << "pads dynamic dimension " << dim;
    int64_t size = input.getDimSize(dim);
    if (!input.isDynamicDim(dim) && (llvm::AddOverflow(low, size, size) || llvm::AddOverflow(high, size, size)))
      return emitOpError() << "is longer than 2^63 along dimension " << dim;
    needed.push_back(size);
  }
  if (failed(requireShape(*this, "result", getResult(), needed))) // C2
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap PadOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor input, result;
  for (auto [dim, size] : llvm::enumerate(typeOf(getInput()).getShape())) {
    bool padded = getLow()[dim] + getHigh()[dim] > 0;
    input.push_back(dimOf(map.addFactor(size, padded ? FactorKind::Whole : FactorKind::Parallel)));
    result.push_back(padded ? dimOf(map.addFactor(typeOf(getResult()).getDimSize(dim), FactorKind::Whole)) : input.back());
  }
  map.operands.push_back(input);
  map.results.push_back(result);
  return map;
}

bool PadOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  return partialOperands[0] && (kind != Reduction::Sum || getValue().isZero());
}

LogicalResult PadOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  std::vector<int64_t> shape = operands[0].shape;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    shape[dim] += getLow()[dim] + getHigh()[dim];
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  double value = getValue().convertToDouble();
  llvm::fill(result.floats, value);
  llvm::fill(result.ints, static_cast<int64_t>(value));
  StridedView view{0, stridesOf(shape)};
  for (size_t dim = 0; dim < shape.size(); ++dim)
    view.offset += getLow()[dim] * view.strides[dim];
  copyStrided(operands[0].shape, operands[0], {0, stridesOf(operands[0].shape)}, result, view);
  result.round();
  return success();
}

} // namespace tp::nn
