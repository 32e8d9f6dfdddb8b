// Facts of the ops that only move elements: broadcast, reshape, transpose, slice, concat, pad. Copying commutes with any
// reduction, so each preserves partial sums, maxima and minima of what it copies.
#include "dialects/nn/Shapes.h"

using namespace mlir;

namespace tp::nn {

static bool allOf(ArrayRef<bool> marks) { return llvm::all_of(marks, [](bool mark) { return mark; }); }

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
        count *= size;
      }
      return count;
    };
    if (before(input.getShape()) != before(result.getShape()))
      return emitOpError() << "mixes the dynamic dimension of " << shapeText(input.getShape())
                           << " with others to make " << shapeText(result.getShape());
  }
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap ReshapeOp::getFactorMap() { return reshapeFactorMap(typeOf(getInput()), typeOf(getResult())); }

bool ReshapeOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) { return partialOperands[0]; }

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
    if (offset < 0 || size < 1 || stride < 1 || offset + (size - 1) * stride >= input.getDimSize(dim)) // C2
      return emitOpError() << "offset " << offset << ", size " << size << ", stride " << stride
                           << " do not lie inside dimension " << dim << " of size " << input.getDimSize(dim);
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
    total += type.getDimSize(dim);
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

bool ConcatOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) { return allOf(partialOperands); }

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
    if (input.isDynamicDim(dim) && low + high) // C3
      return emitOpError() << "pads dynamic dimension " << dim;
    needed.push_back(input.isDynamicDim(dim) ? ShapedType::kDynamic : low + input.getDimSize(dim) + high);
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

} // namespace tp::nn
