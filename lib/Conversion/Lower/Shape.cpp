// Ops that only rearrange: most are strides, the rest are copies into pieces of a result.
#include "Lowering.h"

using namespace mlir;

namespace tp::lowering {

LogicalResult FunctionLowering::lowerReshape(nn::ReshapeOp op) {
  auto extents = extentsOf(op.getResult());
  if (failed(extents))
    return failure();
  Strided result = at(op.getInput());
  if (!result.splat)
    result = dense(result);
  result.extents = *extents;
  result.strides = result.splat ? SmallVector<Size, 4>(extents->size(), Size::of(0)) : denseStrides(*extents);
  set(op, result);
  return success();
}

LogicalResult FunctionLowering::lowerBroadcast(nn::BroadcastOp op) {
  auto extents = extentsOf(op.getResult());
  if (failed(extents))
    return failure();
  Strided result = at(op.getInput());
  SmallVector<Size, 4> strides(extents->size(), Size::of(0));
  for (auto [i, dim] : llvm::enumerate(op.getDims()))
    strides[dim] = result.strides[i];
  result.extents = *extents;
  result.strides = strides;
  set(op, result);
  return success();
}

LogicalResult FunctionLowering::lowerTranspose(nn::TransposeOp op) {
  set(op, permuted(at(op.getInput()), op.getPermutation()));
  return success();
}

LogicalResult FunctionLowering::lowerSlice(nn::SliceOp op) {
  Strided result = at(op.getInput());
  for (auto [d, offset, size, stride] : llvm::enumerate(op.getOffsets(), op.getSizes(), op.getStrides())) {
    if (offset != 0 && !result.splat)
      result = moved(result, d, number(offset));
    if (size >= 0)
      result.extents[d] = Size::of(size);
    result.strides[d] = result.strides[d] * Size::of(stride);
  }
  set(op, result);
  return success();
}

LogicalResult FunctionLowering::lowerConcat(nn::ConcatOp op) {
  auto extents = extentsOf(op.getResult());
  if (failed(extents))
    return failure();
  int64_t dim = op.getDim(), done = 0;
  if (!(*extents)[dim].isStatic())
    return op.emitOpError("concatenates along a dynamic dimension, which cannot be lowered for the cpu");
  Strided result = allocate(cast<RankedTensorType>(op.getType()).getElementType(), *extents);
  for (Value input : op.getInputs()) {
    Strided piece = result;
    piece.extents = at(input).extents;
    if (done != 0)
      piece = moved(piece, dim, number(done));
    copy(at(input), piece);
    done += at(input).extents[dim].factor;
  }
  set(op, result);
  return success();
}

LogicalResult FunctionLowering::lowerPad(nn::PadOp op) {
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  Type type = result->elementType;
  double value = op.getValue().convertToDouble();
  fillWith(*result, isa<FloatType>(type) ? TypedAttr(builder.getFloatAttr(type, value))
                                         : TypedAttr(builder.getIntegerAttr(type, int64_t(value))));
  Strided middle = *result;
  middle.extents = at(op.getInput()).extents;
  for (auto [d, low] : llvm::enumerate(op.getLow()))
    if (low != 0)
      middle = moved(middle, d, number(low));
  copy(at(op.getInput()), middle);
  return success();
}

} // namespace tp::lowering
