// Facts of the ops that make or follow indices: iota, embedding, gather, cache_update. On one rank iota and embedding must
// know where their shard begins; they ask for that offset when they are built locally.
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Strided.h"

using namespace mlir;

namespace tp::nn {

/// `shardOffset` added to an offset that the op has already; either may be null.
static Value addOffsets(OpBuilder &builder, Location loc, Value offset, Value shardOffset) {
  if (!offset || !shardOffset)
    return offset ? offset : shardOffset;
  return arith::AddIOp::create(builder, loc, offset, shardOffset);
}

//===-- iota ----------------------------------------------------------------------------------------------------===//

LogicalResult IotaOp::verify() {
  RankedTensorType result = typeOf(getResult());
  if (failed(requireDim(*this, getDim(), result.getRank()))) // C1
    return failure();
  if (!result.getElementType().isIntOrIndexOrFloat())
    return emitOpError() << "result has elements of type " << result.getElementType() << ", needs numbers";
  if (result.hasStaticShape() == static_cast<bool>(getLike())) // C2
    return emitOpError() << (getLike() ? "has `like`, but a result of fixed size"
                                       : "has a dynamic result, and needs `like` to tell its size");
  return getLike() ? requireShape(*this, "`like`", getLike(), result.getShape()) : success();
}

FactorMap IotaOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor result = map.addFactorsFor(typeOf(getResult()));
  if (getLike())
    map.operands.push_back(result);
  if (getOffset())
    map.operands.push_back({});
  map.results.push_back(result);
  return map;
}

Operation *IotaOp::buildLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes, LocalContext &context) {
  Value like = getLike() ? operands[0] : Value();
  Value offset = getOffset() ? operands.back() : Value();
  int64_t factor = getFactorMap().results[0][getDim()][0];
  offset = addOffsets(builder, getLoc(), offset, context.offsetOf(builder, getLoc(), factor));
  return IotaOp::create(builder, getLoc(), resultTypes[0], getDim(), like, offset);
}

LogicalResult IotaOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  HostTensor &result =
      results.emplace_back(resultTensor(getResult(), getLike() ? operands[0].shape : shapeOf(typeOf(getResult()))));
  int64_t offset = getOffset() ? operands.back().ints[0] : 0;
  int64_t stride = stridesOf(result.shape)[getDim()], size = result.shape[getDim()];
  for (int64_t i = 0, count = result.count(); i < count; ++i) {
    int64_t value = offset + i / stride % size;
    if (result.isFloat())
      result.floats[i] = static_cast<double>(value);
    else
      result.ints[i] = value;
  }
  result.round();
  return success();
}

//===-- embedding -----------------------------------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  if (failed(requireIntegers(*this, "ids", getIds())) || failed(requireRank(*this, "table", getTable(), 2))) // C1
    return failure();
  SmallVector<int64_t> needed(typeOf(getIds()).getShape());
  needed.push_back(typeOf(getTable()).getDimSize(1));
  if (failed(requireShape(*this, "result", getResult(), needed))) // C2
    return failure();
  return requireElementType(*this, "result", getResult(), typeOf(getTable()).getElementType());
}

FactorMap EmbeddingOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor ids = map.addFactorsFor(typeOf(getIds()));
  RankedTensorType table = typeOf(getTable());
  int64_t rows = map.addFactor(table.getDimSize(0), FactorKind::Reduction);
  int64_t width = map.addFactor(table.getDimSize(1));
  FactorMap::Tensor result = ids;
  result.push_back(dimOf(width));
  map.operands = {ids, {dimOf(rows), dimOf(width)}};
  if (getFirstRow())
    map.operands.push_back({});
  map.results.push_back(result);
  return map;
}

bool EmbeddingOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  // An index outside gives zeros, which only sums do not notice.
  return partialOperands[1] && !partialOperands[0] && (kind == Reduction::Sum || !getFirstRow());
}

Operation *EmbeddingOp::buildLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes, LocalContext &context) {
  int64_t rows = getFactorMap().operands[1][0][0];
  Value firstRow = getFirstRow() ? operands[2] : Value();
  firstRow = addOffsets(builder, getLoc(), firstRow, context.offsetOf(builder, getLoc(), rows));
  return EmbeddingOp::create(builder, getLoc(), resultTypes[0], operands[0], operands[1], firstRow);
}

LogicalResult EmbeddingOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  const HostTensor &ids = operands[0], &table = operands[1];
  int64_t rows = table.shape[0], width = table.shape[1];
  int64_t firstRow = getFirstRow() ? operands[2].ints[0] : 0;
  std::vector<int64_t> shape = ids.shape;
  shape.push_back(width);
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  for (int64_t i = 0, count = ids.count(); i < count; ++i) {
    int64_t row = ids.ints[i] - firstRow;
    if (row < 0 || row >= rows) {
      if (getFirstRow())
        continue;
      return emitOpError() << "got id " << ids.ints[i] << ", but the table has " << rows << " rows";
    }
    copyStrided({width}, table, {row * width, {1}}, result, {i * width, {1}});
  }
  return success();
}

//===-- gather --------------------------------------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  RankedTensorType input = typeOf(getInput()), indices = typeOf(getIndices());
  int64_t batch = getBatch(), axis = getAxis();
  if (batch < 0 || axis < batch || axis >= input.getRank()) // C1
    return emitOpError() << "needs 0 <= batch <= axis < " << input.getRank() << ", but batch is " << batch << " and axis "
                         << axis;
  if (failed(requireIntegers(*this, "indices", getIndices())))
    return failure();
  if (indices.getRank() < batch)
    return emitOpError() << "indices have " << indices.getRank() << " dimensions, need at least the " << batch << " of the batch";
  if (input.getShape().take_front(batch) != indices.getShape().take_front(batch)) // C2
    return emitOpError() << "batch is " << shapeText(input.getShape().take_front(batch)) << " in the operand and "
                         << shapeText(indices.getShape().take_front(batch)) << " in the indices";
  SmallVector<int64_t> needed(input.getShape().take_front(axis));
  llvm::append_range(needed, indices.getShape().drop_front(batch));
  llvm::append_range(needed, input.getShape().drop_front(axis + 1));
  if (failed(requireShape(*this, "result", getResult(), needed))) // C3
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap GatherOp::getFactorMap() {
  FactorMap map;
  int64_t batch = getBatch(), axis = getAxis();
  FactorMap::Tensor input = map.addFactorsFor(typeOf(getInput()));
  map.factors[input[axis][0]].kind = FactorKind::Whole;
  FactorMap::Tensor indices(input.begin(), input.begin() + batch);
  FactorMap::Tensor result(input.begin(), input.begin() + axis);
  for (int64_t size : typeOf(getIndices()).getShape().drop_front(batch)) {
    indices.push_back(dimOf(map.addFactor(size)));
    result.push_back(indices.back());
  }
  result.append(input.begin() + axis + 1, input.end());
  map.operands = {input, indices};
  map.results.push_back(result);
  return map;
}

bool GatherOp::preservesPartial(Reduction, ArrayRef<bool> partialOperands) { return partialOperands[0] && !partialOperands[1]; }

LogicalResult GatherOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  const HostTensor &input = operands[0], &indices = operands[1];
  int64_t batch = getBatch(), axis = getAxis();
  auto product = [](auto begin, auto end) {
    int64_t count = 1;
    for (; begin != end; ++begin)
      count *= *begin;
    return count;
  };
  // input [batch, before, extent, after], indices [batch, chosen], result [batch, before, chosen, after].
  auto sizes = input.shape.begin();
  int64_t batches = product(sizes, sizes + batch), before = product(sizes + batch, sizes + axis);
  int64_t extent = input.shape[axis], after = product(sizes + axis + 1, input.shape.end());
  int64_t chosen = product(indices.shape.begin() + batch, indices.shape.end());
  std::vector<int64_t> shape(sizes, sizes + axis);
  shape.insert(shape.end(), indices.shape.begin() + batch, indices.shape.end());
  shape.insert(shape.end(), sizes + axis + 1, input.shape.end());
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  if (extent == 0 && result.count() > 0)
    return emitOpError() << "chooses from an empty dimension";
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t i = 0; i < before; ++i)
      for (int64_t c = 0; c < chosen; ++c) {
        int64_t index = std::clamp<int64_t>(indices.ints[b * chosen + c], 0, extent - 1);
        copyStrided({after}, input, {((b * before + i) * extent + index) * after, {1}}, result,
                    {((b * before + i) * chosen + c) * after, {1}});
      }
  return success();
}

//===-- cache_update --------------------------------------------------------------------------------------------===//

LogicalResult CacheUpdateOp::verify() {
  RankedTensorType cache = typeOf(getCache()), fresh = typeOf(getFresh());
  if (cache.getRank() < 2) // C1
    return emitOpError() << "cache has " << cache.getRank() << " dimensions, needs at least 2";
  if (failed(requireRank(*this, "fresh rows", getFresh(), cache.getRank())))
    return failure();
  SmallVector<int64_t> needed(cache.getShape());
  needed[1] = fresh.getDimSize(1);
  if (failed(requireShape(*this, "fresh rows", getFresh(), needed)) ||
      failed(requireElementType(*this, "fresh rows", getFresh(), cache.getElementType())) ||
      failed(requireShape(*this, "positions", getPositions(), fresh.getShape().take_front(2))) ||
      failed(requireIntegers(*this, "positions", getPositions())) ||
      failed(requireShape(*this, "result", getResult(), cache.getShape()))) // C2
    return failure();
  return requireElementType(*this, "result", getResult(), cache.getElementType());
}

FactorMap CacheUpdateOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor cache = map.addFactorsFor(typeOf(getCache()));
  map.factors[cache[1][0]].kind = FactorKind::Whole;
  FactorMap::Tensor fresh = cache;
  fresh[1] = dimOf(map.addFactor(typeOf(getFresh()).getDimSize(1), FactorKind::Whole));
  map.operands = {cache, fresh, {fresh[0], fresh[1]}};
  map.results.push_back(cache);
  return map;
}

LogicalResult CacheUpdateOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  const HostTensor &fresh = operands[1], &positions = operands[2];
  HostTensor &result = results.emplace_back(operands[0]);
  int64_t batches = fresh.shape[0], rows = fresh.shape[1], capacity = result.shape[1];
  int64_t width = stridesOf(fresh.shape)[1];
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t i = 0; i < rows; ++i) {
      int64_t position = positions.ints[b * rows + i];
      if (position >= 0 && position < capacity)
        copyStrided({width}, fresh, {(b * rows + i) * width, {1}}, result, {(b * capacity + position) * width, {1}});
    }
  return success();
}

} // namespace tp::nn
