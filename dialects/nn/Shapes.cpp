// The shape checks of Shapes.h; each gives one error with what is there and what was needed.
#include "dialects/nn/Shapes.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace tp::nn {

std::string shapeText(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + (ShapedType::isDynamic(size) ? std::string("?") : std::to_string(size));
  return text;
}

LogicalResult requireShape(Operation *op, Twine what, Value value, ArrayRef<int64_t> needed) {
  ArrayRef<int64_t> shape = typeOf(value).getShape();
  if (shape == needed)
    return success();
  return op->emitOpError() << what << " has shape " << shapeText(shape) << ", needs " << shapeText(needed);
}

LogicalResult requireElementType(Operation *op, Twine what, Value value, Type needed) {
  Type type = typeOf(value).getElementType();
  if (type == needed)
    return success();
  return op->emitOpError() << what << " has elements of type " << type << ", needs " << needed;
}

LogicalResult requireRank(Operation *op, Twine what, Value value, int64_t needed) {
  int64_t rank = typeOf(value).getRank();
  if (rank == needed)
    return success();
  return op->emitOpError() << what << " has " << rank << " dimensions, needs " << needed;
}

LogicalResult requireIntegers(Operation *op, Twine what, Value value) {
  Type type = typeOf(value).getElementType();
  if (type.isIntOrIndex())
    return success();
  return op->emitOpError() << what << " has elements of type " << type << ", needs integers";
}

LogicalResult requireFloats(Operation *op, Twine what, Value value) {
  Type type = typeOf(value).getElementType();
  if (isa<FloatType>(type))
    return success();
  return op->emitOpError() << what << " has elements of type " << type << ", needs floats";
}

LogicalResult requireSortedDims(Operation *op, ArrayRef<int64_t> dims, int64_t rank) {
  int64_t previous = -1;
  for (int64_t dim : dims) {
    if (failed(requireDim(op, dim, rank)))
      return failure();
    if (dim <= previous)
      return op->emitOpError() << "dimensions must be sorted and differ, but " << dim << " follows " << previous;
    previous = dim;
  }
  return success();
}

LogicalResult requireDim(Operation *op, int64_t dim, int64_t rank) {
  if (dim >= 0 && dim < rank)
    return success();
  return op->emitOpError() << "names dimension " << dim << " of a tensor with " << rank << " dimensions";
}

int64_t elementsOf(Value value, int64_t dynamicExtent) {
  int64_t count = 1;
  for (int64_t size : typeOf(value).getShape())
    if (llvm::MulOverflow(count, ShapedType::isDynamic(size) ? dynamicExtent : size, count))
      count = std::numeric_limits<int64_t>::max();
  return count;
}

HostTensor resultTensor(Value result, std::vector<int64_t> shape) {
  return HostTensor::zeros(*dtypeOf(typeOf(result).getElementType()), std::move(shape));
}

} // namespace tp::nn
