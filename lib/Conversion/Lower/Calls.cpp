// Ops that are one function of the runtime each: rows, lookup, attention.
#include "Lowering.h"

using namespace mlir;

namespace tp::lowering {

static ArrayRef<Size> front(const Strided &value, int64_t count) { return ArrayRef<Size>(value.extents).take_front(count); }
static ArrayRef<Size> after(const Strided &value, int64_t dim) { return ArrayRef<Size>(value.extents).drop_front(dim + 1); }

Value FunctionLowering::nullBuffer() {
  if (!null) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&target.front());
    null = rt::NullOp::create(builder, loc, MemRefType::get({0}, builder.getI8Type()));
  }
  return null;
}

Value FunctionLowering::constantTable(DenseElementsAttr value) {
  SmallVector<Size, 4> extents;
  for (int64_t size : value.getType().getShape())
    extents.push_back(Size::of(size));
  Value &known = declaredBuffers[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&target.front());
    known = rt::ConstantOp::create(builder, loc, memrefOf(value.getElementType(), extents), value);
  }
  return known;
}

Value FunctionLowering::asInt32(Value tensor) {
  Strided value = at(tensor);
  if (value.elementType.isInteger(32))
    return begin(dense(value));
  Strided source = dense(value);
  Strided result = allocate(builder.getI32Type(), value.extents);
  if (failed(launchElementwise(result, {source}, {}, false, "to_i32",
                               [&](KernelBuilder &kernel, ArrayRef<Value> elements, ArrayRef<Value>, ArrayRef<Value>) {
                                 Type type = elements[0].getType(), i32 = kernel.builder.getI32Type();
                                 bool widens = type.getIntOrFloatBitWidth() < 32;
                                 Value converted =
                                     widens ? arith::ExtSIOp::create(kernel.builder, kernel.loc, i32, elements[0]).getResult()
                                            : arith::TruncIOp::create(kernel.builder, kernel.loc, i32, elements[0]).getResult();
                                 return FailureOr<Value>(converted);
                               })))
    llvm_unreachable("an integer conversion always lowers");
  return result.buffer;
}

// The runtime reduces one extent at a time: neighbouring dimensions together, the last ones first.
LogicalResult FunctionLowering::lowerReduce(nn::ReduceOp op) {
  auto extents = extentsOf(op.getResult());
  if (failed(extents))
    return failure();
  Strided value = dense(at(op.getInput()));
  SmallVector<int64_t> dims(op.getDims());
  while (!dims.empty()) {
    int64_t last = dims.pop_back_val(), first = last;
    while (!dims.empty() && dims.back() == first - 1)
      first = dims.pop_back_val();
    Size outer = product(front(value, first)), inner = product(after(value, last));
    Size n = product(ArrayRef<Size>(value.extents).slice(first, last - first + 1));
    SmallVector<Size, 4> left(front(value, first));
    llvm::append_range(left, after(value, last));
    Strided reduced = allocate(value.elementType, left);
    rt::ReduceOp::create(builder, loc, int64_t(op.getKind()), begin(value), reduced.buffer, number(outer), number(n),
                         number(inner));
    value = reduced;
  }
  set(op, value);
  return success();
}

LogicalResult FunctionLowering::lowerSoftmax(nn::SoftmaxOp op) {
  Strided x = dense(at(op.getInput()));
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  rt::SoftmaxOp::create(builder, loc, begin(x), result->buffer, number(product(front(x, op.getDim()))),
                        number(x.extents[op.getDim()]), number(product(after(x, op.getDim()))));
  return success();
}

LogicalResult FunctionLowering::lowerRmsNorm(nn::RmsNormOp op) {
  Strided x = dense(at(op.getInput()));
  Value weight = denseBegin(op.getWeight());
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  rt::RmsNormOp::create(builder, loc, begin(x), weight, result->buffer, number(product(front(x, x.rank() - 1))),
                        number(x.extents.back()), op.getEpsilon());
  return success();
}

LogicalResult FunctionLowering::lowerLayerNorm(nn::LayerNormOp op) {
  Strided x = dense(at(op.getInput()));
  Value weight = denseBegin(op.getWeight()), bias = denseBegin(op.getBias());
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  rt::LayerNormOp::create(builder, loc, begin(x), weight, bias, result->buffer, number(product(front(x, x.rank() - 1))),
                          number(x.extents.back()), op.getEpsilon());
  return success();
}

LogicalResult FunctionLowering::lowerRope(nn::RopeOp op) {
  Strided x = dense(at(op.getInput()));
  Value positions = asInt32(op.getPositions());
  auto type = RankedTensorType::get({int64_t(op.getInverseFrequencies().size())}, builder.getF32Type());
  Value frequencies = constantTable(DenseElementsAttr::get(type, op.getInverseFrequencies()));
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  rt::RopeOp::create(builder, loc, begin(x), positions, frequencies, result->buffer, number(x.extents[0]), number(x.extents[1]),
                     number(x.extents[2]), number(x.extents[3]), number(2 * int64_t(op.getInverseFrequencies().size())),
                     op.getAttentionFactor(), int64_t(op.getInterleaved()));
  return success();
}

LogicalResult FunctionLowering::lowerEmbedding(nn::EmbeddingOp op) {
  Strided ids = dense(at(op.getIds())), table = at(op.getTable());
  if (!table.format)
    table = dense(table);
  Value firstRow = op.getFirstRow() ? scalarOf(op.getFirstRow()) : number(0);
  Value idsBuffer = ids.elementType.isInteger(64) ? begin(ids) : asInt32(op.getIds());
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  if (table.format) {
    rt::EmbeddingStoredOp::create(builder, loc, table.format, idsBuffer, table.buffer, result->buffer, number(ids.count()),
                                  number(table.extents[0]), number(table.extents[1]), firstRow);
    return success();
  }
  rt::EmbeddingOp::create(builder, loc, idsBuffer, begin(table), result->buffer, number(ids.count()), number(table.extents[0]),
                          number(table.extents[1]), firstRow);
  return success();
}

// The runtime knows indices shared by all outer elements, and indices of each; indices of each batch are repeated for the
// dimensions between batch and axis.
LogicalResult FunctionLowering::lowerGather(nn::GatherOp op) {
  Strided x = dense(at(op.getInput()));
  int64_t axis = op.getAxis(), batch = op.getBatch();
  Strided indices = at(op.getIndices());
  Size between = product(ArrayRef<Size>(x.extents).slice(batch, axis - batch));
  Size count = product(ArrayRef<Size>(indices.extents).drop_front(batch));
  bool shared = product(front(x, batch)).isOne();
  Value list = indices.elementType.isInteger(64) ? begin(dense(indices)) : asInt32(op.getIndices());
  Type listType = indices.elementType.isInteger(64) ? builder.getI64Type() : Type(builder.getI32Type());
  if (!shared && !between.isOne()) {
    Strided repeated;
    repeated.buffer = list;
    repeated.elementType = listType;
    repeated.extents = {product(front(x, batch)), between, count};
    repeated.strides = {count, Size::of(0), Size::of(1)};
    list = begin(dense(repeated));
  }
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  rt::GatherOp::create(builder, loc, begin(x), list, result->buffer, number(product(front(x, axis))), number(x.extents[axis]),
                       number(product(after(x, axis))), number(count), shared ? number(0) : number(count));
  return success();
}

// A fresh copy of the cache is updated; Memory makes it the cache itself where nobody reads the old one afterwards.
LogicalResult FunctionLowering::lowerCacheUpdate(nn::CacheUpdateOp op) {
  Strided fresh = dense(at(op.getFresh()));
  Value positions = asInt32(op.getPositions());
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  copy(at(op.getCache()), *result);
  ArrayRef<Size> row = ArrayRef<Size>(result->extents).drop_front(2);
  rt::CacheUpdateOp::create(builder, loc, result->buffer, begin(fresh), positions, number(result->extents[0]),
                            number(result->extents[1]), number(fresh.extents[1]), number(product(row)));
  return success();
}

LogicalResult FunctionLowering::lowerAttention(nn::AttentionOp op) {
  Strided q = dense(at(op.getQuery())), k = dense(at(op.getKey())), v = dense(at(op.getValue()));
  Value positions = op.getPositions() ? asInt32(op.getPositions()) : nullBuffer();
  Value mask = op.getKeyMask() ? asInt32(op.getKeyMask()) : nullBuffer();
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  rt::AttentionOp::create(builder, loc, begin(q), begin(k), begin(v), positions, mask, result->buffer, number(q.extents[0]),
                          number(q.extents[1]), number(k.extents[1]), number(q.extents[2]), number(k.extents[2]),
                          number(q.extents[3]), number(v.extents[3]), op.getScale(), int64_t(op.getCausal()), op.getWindow());
  return success();
}

} // namespace tp::lowering
