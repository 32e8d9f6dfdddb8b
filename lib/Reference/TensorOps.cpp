// Upstream ops on tensors and scalars: constants, elementwise arith and math, and what tensor moves around.
#include "Ops.h"

#include "dialects/nn/ScalarProgram.h"
#include "dialects/nn/Strided.h"
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace tp::reference {

using nn::copyStrided;
using nn::ScalarProgram;
using nn::StridedView;
using nn::stridesOf;

FailureOr<HostTensor> zerosFor(Operation *op, Type type, std::vector<int64_t> shape) {
  std::optional<DType> element = dtypeOf(getElementTypeOrSelf(type));
  if (!element)
    return op->emitOpError() << "has elements of type " << getElementTypeOrSelf(type) << ", which cannot be evaluated";
  return HostTensor::zeros(*element, std::move(shape));
}

namespace {
/// Sizes, offsets or strides of which some are attributes and some operands.
std::vector<int64_t> valuesOf(ArrayRef<OpFoldResult> mixed, const Lookup &lookup) {
  std::vector<int64_t> values;
  for (OpFoldResult value : mixed)
    values.push_back(isa<Attribute>(value) ? cast<IntegerAttr>(cast<Attribute>(value)).getInt()
                                           : lookup(cast<Value>(value)).ints[0]);
  return values;
}

LogicalResult evaluateConstant(arith::ConstantOp op, Results &results) {
  auto shaped = dyn_cast<RankedTensorType>(op.getType());
  FailureOr<HostTensor> result = zerosFor(op, op.getType(), shaped ? shapeOf(shaped) : std::vector<int64_t>());
  if (failed(result))
    return failure();
  bool isBool = result->type == DType::I1;
  auto ofInt = [&](const APInt &value) { return isBool ? static_cast<int64_t>(value.getZExtValue()) : value.getSExtValue(); };
  auto ofFloat = [](APFloat value) {
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return value.convertToDouble();
  };
  if (auto value = dyn_cast<FloatAttr>(op.getValue()))
    result->floats[0] = value.getValueAsDouble();
  else if (auto value = dyn_cast<IntegerAttr>(op.getValue()))
    result->ints[0] = ofInt(value.getValue());
  else if (auto dense = dyn_cast<DenseIntOrFPElementsAttr>(op.getValue())) {
    if (dense.isSplat()) {
      if (result->isFloat())
        llvm::fill(result->floats, ofFloat(dense.getSplatValue<APFloat>()));
      else
        llvm::fill(result->ints, ofInt(dense.getSplatValue<APInt>()));
    } else if (result->isFloat())
      llvm::transform(dense.getValues<APFloat>(), result->floats.begin(), ofFloat);
    else
      llvm::transform(dense.getValues<APInt>(), result->ints.begin(), ofInt);
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue())) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    int64_t bytes = result->count() * bytesOf(result->type);
    if (!blob || static_cast<int64_t>(blob->getData().size()) != bytes)
      return op.emitOpError() << "refers to a resource of " << (blob ? blob->getData().size() : 0) << " bytes, needs " << bytes;
    *result = fromBytes(result->type, result->shape, blob->getData().data());
  } else
    return op.emitOpError() << "holds a constant that cannot be evaluated";
  results.push_back(std::move(*result));
  return success();
}

LogicalResult evaluateElementwise(Operation *op, const Lookup &lookup, Results &results) {
  FailureOr<ScalarProgram> program = ScalarProgram::compileOp(op);
  if (failed(program))
    return failure();
  std::vector<int64_t> shape;
  for (Value operand : op->getOperands())
    if (isa<ShapedType>(operand.getType()))
      shape = lookup(operand).shape;
  FailureOr<HostTensor> result = zerosFor(op, op->getResult(0).getType(), shape);
  if (failed(result))
    return failure();
  for (int64_t begin = 0, count = result->count(); begin < count; begin += ScalarProgram::laneCount) {
    int64_t lanes = std::min(ScalarProgram::laneCount, count - begin);
    for (Value operand : op->getOperands()) {
      const HostTensor &tensor = lookup(operand);
      ScalarProgram::Register &lane = (*program)[operand];
      bool isScalar = tensor.shape.empty(); // say, the condition of a select between tensors
      for (int64_t i = 0; i < lanes; ++i)
        if (tensor.isFloat())
          lane.floats[i] = tensor.floats[isScalar ? 0 : begin + i];
        else
          lane.ints[i] = tensor.ints[isScalar ? 0 : begin + i];
    }
    if (failed(program->run(lanes)))
      return failure();
    ScalarProgram::Register &lane = (*program)[op->getResult(0)];
    if (result->isFloat())
      std::copy_n(lane.floats, lanes, result->floats.begin() + begin);
    else
      std::copy_n(lane.ints, lanes, result->ints.begin() + begin);
  }
  result->round();
  results.push_back(std::move(*result));
  return success();
}

/// The same elements in the shape of the result's type; a dynamic size is what remains.
LogicalResult evaluateReshape(Operation *op, const Lookup &lookup, Results &results) {
  HostTensor result = lookup(op->getOperand(0));
  int64_t count = result.count(), known = 1, unknown = 0;
  result.shape = shapeOf(cast<RankedTensorType>(op->getResult(0).getType()));
  for (int64_t size : result.shape)
    size < 0 ? ++unknown : known *= size;
  if (unknown > 1)
    return op->emitOpError() << "has a result with " << unknown << " dynamic dimensions, which cannot be evaluated";
  for (int64_t &size : result.shape)
    if (size < 0)
      size = known ? count / known : 0;
  if (result.count() != count)
    return op->emitOpError() << "cannot hold " << count << " elements";
  results.push_back(std::move(result));
  return success();
}

/// The part of `whole` at `offsets`, `strides`; fails if it does not lie inside.
FailureOr<StridedView> viewOf(Operation *op, const std::vector<int64_t> &whole, const std::vector<int64_t> &offsets,
                              const std::vector<int64_t> &sizes, const std::vector<int64_t> &strides) {
  std::vector<int64_t> wholeStrides = stridesOf(whole);
  StridedView view;
  for (size_t dim = 0; dim < whole.size(); ++dim) {
    int64_t last = offsets[dim] + (sizes[dim] - 1) * strides[dim];
    if (offsets[dim] < 0 || (sizes[dim] > 0 && (last >= whole[dim] || last < 0)))
      return op->emitOpError() << "takes elements " << offsets[dim] << " to " << last << " of dimension " << dim << " of size "
                               << whole[dim];
    view.offset += offsets[dim] * wholeStrides[dim];
    view.strides.push_back(strides[dim] * wholeStrides[dim]);
  }
  return view;
}

LogicalResult evaluateExtractSlice(tensor::ExtractSliceOp op, const Lookup &lookup, Results &results) {
  const HostTensor &source = lookup(op.getSource());
  std::vector<int64_t> sizes = valuesOf(op.getMixedSizes(), lookup);
  FailureOr<StridedView> view =
      viewOf(op, source.shape, valuesOf(op.getMixedOffsets(), lookup), sizes, valuesOf(op.getMixedStrides(), lookup));
  if (failed(view))
    return failure();
  HostTensor &result = results.emplace_back(HostTensor::zeros(source.type, sizes));
  copyStrided(sizes, source, *view, result, {0, stridesOf(sizes)});
  // Dimensions of size 1 may be dropped.
  llvm::SmallBitVector dropped = op.getDroppedDims();
  result.shape.clear();
  for (size_t dim = 0; dim < sizes.size(); ++dim)
    if (!dropped[dim])
      result.shape.push_back(sizes[dim]);
  return success();
}

LogicalResult evaluateInsertSlice(tensor::InsertSliceOp op, const Lookup &lookup, Results &results) {
  HostTensor result = lookup(op.getDest());
  std::vector<int64_t> sizes = valuesOf(op.getMixedSizes(), lookup);
  FailureOr<StridedView> view =
      viewOf(op, result.shape, valuesOf(op.getMixedOffsets(), lookup), sizes, valuesOf(op.getMixedStrides(), lookup));
  if (failed(view))
    return failure();
  copyStrided(sizes, lookup(op.getSource()), {0, stridesOf(sizes)}, result, *view);
  results.push_back(std::move(result));
  return success();
}

LogicalResult evaluateConcat(tensor::ConcatOp op, const Lookup &lookup, Results &results) {
  size_t dim = op.getDim();
  std::vector<int64_t> shape = lookup(op.getInputs()[0]).shape;
  shape[dim] = 0;
  for (Value input : op.getInputs())
    shape[dim] += lookup(input).shape[dim];
  HostTensor &result = results.emplace_back(HostTensor::zeros(lookup(op.getInputs()[0]).type, shape));
  StridedView view{0, stridesOf(shape)};
  for (Value input : op.getInputs()) {
    const HostTensor &tensor = lookup(input);
    copyStrided(tensor.shape, tensor, {0, stridesOf(tensor.shape)}, result, view);
    view.offset += tensor.shape[dim] * view.strides[dim];
  }
  return success();
}

LogicalResult evaluatePad(tensor::PadOp op, const Lookup &lookup, Results &results) {
  const HostTensor &source = lookup(op.getSource());
  std::vector<int64_t> low = valuesOf(op.getMixedLowPad(), lookup), high = valuesOf(op.getMixedHighPad(), lookup);
  Value padding = op.getConstantPaddingValue();
  if (!padding)
    return op.emitOpError() << "pads with a value that depends on the index, which cannot be evaluated";
  SmallVector<HostTensor, 1> constant;
  if (auto inside = padding.getDefiningOp<arith::ConstantOp>()) {
    if (failed(evaluateConstant(inside, constant)))
      return failure();
  } else {
    constant.push_back(lookup(padding));
  }
  std::vector<int64_t> shape = source.shape;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    shape[dim] += low[dim] + high[dim];
  HostTensor &result = results.emplace_back(HostTensor::zeros(source.type, shape));
  llvm::fill(result.floats, constant[0].isFloat() ? constant[0].floats[0] : 0);
  llvm::fill(result.ints, constant[0].isFloat() ? 0 : constant[0].ints[0]);
  FailureOr<StridedView> view = viewOf(op, shape, low, source.shape, std::vector<int64_t>(shape.size(), 1));
  if (failed(view))
    return failure();
  copyStrided(source.shape, source, {0, stridesOf(source.shape)}, result, *view);
  return success();
}

LogicalResult evaluateExtract(tensor::ExtractOp op, const Lookup &lookup, Results &results) {
  const HostTensor &tensor = lookup(op.getTensor());
  std::vector<int64_t> offsets, strides = stridesOf(tensor.shape);
  int64_t at = 0;
  for (auto [dim, index] : llvm::enumerate(op.getIndices())) {
    int64_t position = lookup(index).ints[0];
    if (position < 0 || position >= tensor.shape[dim])
      return op.emitOpError() << "reads element " << position << " of dimension " << dim << " of size " << tensor.shape[dim];
    at += position * strides[dim];
  }
  HostTensor &result = results.emplace_back(HostTensor::zeros(tensor.type, {}));
  copyStrided({}, tensor, {at, {}}, result, {0, {}});
  return success();
}

/// Slices that are 1 thick along the gathered dimensions, one for each row of indices.
LogicalResult evaluateGather(tensor::GatherOp op, const Lookup &lookup, Results &results) {
  const HostTensor &source = lookup(op.getSource()), &indices = lookup(op.getIndices());
  FailureOr<HostTensor> result = zerosFor(op, op.getResultType(), shapeOf(op.getResultType()));
  if (failed(result))
    return failure();
  std::vector<int64_t> slice = source.shape, strides = stridesOf(source.shape);
  for (int64_t dim : op.getGatherDims())
    slice[dim] = 1;
  int64_t thick = 1, tuple = op.getGatherDims().size();
  for (int64_t size : slice)
    thick *= size;
  for (int64_t row = 0, rows = tuple ? indices.count() / tuple : 0; row < rows; ++row) {
    StridedView view{0, strides};
    for (auto [k, dim] : llvm::enumerate(op.getGatherDims())) {
      int64_t index = indices.ints[row * tuple + k];
      if (index < 0 || index >= source.shape[dim])
        return op.emitOpError() << "gathers element " << index << " of dimension " << dim << " of size " << source.shape[dim];
      view.offset += index * strides[dim];
    }
    copyStrided(slice, source, view, *result, {row * thick, stridesOf(slice)});
  }
  results.push_back(std::move(*result));
  return success();
}

/// tensor.empty, tensor.splat, tensor.from_elements: made from sizes or scalars.
LogicalResult evaluateFromScalars(Operation *op, const Lookup &lookup, Results &results) {
  std::vector<int64_t> shape = shapeOf(cast<RankedTensorType>(op->getResult(0).getType()));
  OperandRange sizes = op->getOperands().drop_front(isa<tensor::SplatOp>(op) ? 1 : 0);
  if (!isa<tensor::FromElementsOp>(op)) {
    auto next = sizes.begin();
    for (int64_t &size : shape)
      if (size < 0)
        size = lookup(*next++).ints[0];
  }
  FailureOr<HostTensor> result = zerosFor(op, op->getResult(0).getType(), shape);
  if (failed(result))
    return failure();
  if (!isa<tensor::EmptyOp>(op))
    for (int64_t i = 0, count = result->count(); i < count; ++i)
      copyStrided({}, lookup(op->getOperand(isa<tensor::SplatOp>(op) ? 0 : i)), {0, {}}, *result, {i, {}});
  results.push_back(std::move(*result));
  return success();
}
} // namespace

LogicalResult evaluateTensorOp(Operation *op, const Lookup &lookup, Results &results) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return evaluateConstant(constant, results);
  if (isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op->getDialect()))
    return evaluateElementwise(op, lookup, results);
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ReshapeOp>(op))
    return evaluateReshape(op, lookup, results);
  if (isa<tensor::EmptyOp, tensor::SplatOp, tensor::FromElementsOp>(op))
    return evaluateFromScalars(op, lookup, results);
  if (isa<tensor::CastOp>(op)) {
    results.push_back(lookup(op->getOperand(0)));
    return success();
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    const HostTensor &source = lookup(dim.getSource());
    results.push_back({DType::I64, {}, {}, {source.shape.at(lookup(dim.getIndex()).ints[0])}});
    return success();
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return evaluateExtractSlice(slice, lookup, results);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return evaluateInsertSlice(insert, lookup, results);
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    return evaluateConcat(concat, lookup, results);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return evaluatePad(pad, lookup, results);
  if (auto gather = dyn_cast<tensor::GatherOp>(op))
    return evaluateGather(gather, lookup, results);
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return evaluateExtract(extract, lookup, results);
  return op->emitOpError() << "cannot be evaluated by the reference interpreter";
}

} // namespace tp::reference
