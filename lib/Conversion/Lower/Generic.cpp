// linalg.generic that nobody could name becomes a kernel: a loop over its parallel iterations, and inside it loops over its
// reductions with the accumulators in registers.
#include "Lowering.h"

using namespace mlir;

namespace tp::lowering {

/// The value of an affine expression over loop indices.
static Value expand(KernelBuilder &kernel, AffineExpr expression, ArrayRef<Value> indices) {
  OpBuilder &b = kernel.builder;
  if (auto dim = dyn_cast<AffineDimExpr>(expression))
    return indices[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return kernel.number(constant.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expression);
  Value left = expand(kernel, binary.getLHS(), indices), right = expand(kernel, binary.getRHS(), indices);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(b, kernel.loc, left, right);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(b, kernel.loc, left, right);
  case AffineExprKind::Mod:
    return arith::RemSIOp::create(b, kernel.loc, left, right);
  case AffineExprKind::FloorDiv:
    return arith::DivSIOp::create(b, kernel.loc, left, right);
  default:
    return arith::CeilDivSIOp::create(b, kernel.loc, left, right);
  }
}

LogicalResult FunctionLowering::lowerGeneric(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned loopCount = op.getNumLoops(), inputCount = op.getNumDpsInputs(), resultCount = op.getNumDpsInits();

  // Extents of the loops, from operands that are indexed by a loop alone.
  SmallVector<Size, 4> extents(loopCount, Size::of(-1));
  for (auto [operand, map] : llvm::zip_equal(op->getOperands(), maps))
    for (auto [d, expression] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expression); dim && isa<RankedTensorType>(operand.getType()))
        extents[dim.getPosition()] = at(operand).extents[d];
  if (llvm::is_contained(extents, Size::of(-1)))
    return op.emitOpError("has a loop that no operand is indexed by alone, which cannot be lowered");

  SmallVector<unsigned> parallel, reduction;
  for (auto [i, type] : llvm::enumerate(op.getIteratorTypesArray()))
    (type == utils::IteratorType::parallel ? parallel : reduction).push_back(i);
  for (unsigned r = 0; r < resultCount; ++r)
    for (AffineExpr expression : maps[inputCount + r].getResults())
      for (unsigned loop : reduction)
        if (expression.isFunctionOfDim(loop))
          return op.emitOpError("writes to a place that depends on a reduction, which cannot be lowered");

  // What the body reads: inputs, and outputs that are accumulated into.
  Block &body = *op.getBody();
  std::vector<Strided> reads, results;
  SmallVector<int64_t> readOf(inputCount + resultCount, -1);
  for (unsigned i = 0; i < inputCount + resultCount; ++i) {
    bool isTensor = isa<RankedTensorType>(op->getOperand(i).getType());
    if (body.getArgument(i).use_empty() && (i < inputCount || reduction.empty()))
      continue;
    if (!isTensor && !op->getOperand(i).getDefiningOp<arith::ConstantOp>())
      return op.emitOpError() << "takes a scalar as operand " << i << " that is no constant, which cannot be lowered";
    if (!isTensor || at(op->getOperand(i)).splat)
      continue;
    readOf[i] = reads.size();
    reads.push_back(at(op->getOperand(i)));
  }
  for (unsigned r = 0; r < resultCount; ++r) {
    Strided place = allocate(at(op.getDpsInits()[r]).elementType, at(op.getDpsInits()[r]).extents);
    set(op->getResult(r), place);
    results.push_back(place);
  }

  KernelBuilder kernel(state.module, loc);
  SmallVector<Value> readPointers, resultPointers;
  for (size_t i = 0; i < reads.size(); ++i)
    readPointers.push_back(kernel.takePointer());
  for (size_t i = 0; i < results.size(); ++i)
    resultPointers.push_back(kernel.takePointer());
  kernel.declareSplits(extents);
  for (const Strided &value : llvm::concat<const Strided>(reads, results))
    kernel.declareSplits(value.strides);

  SmallVector<Value> indices(loopCount);
  auto addressOf = [&](const Strided &value, AffineMap map) {
    SmallVector<Value> places;
    for (AffineExpr expression : map.getResults())
      places.push_back(expand(kernel, expression, indices));
    return kernel.address(places, value.strides);
  };
  auto elementOf = [&](unsigned i) -> Value {
    Value operand = op->getOperand(i);
    if (readOf[i] >= 0)
      return kernel.load(readPointers[readOf[i]], addressOf(reads[readOf[i]], maps[i]), reads[readOf[i]].elementType);
    if (!isa<RankedTensorType>(operand.getType()))
      return kernel.constant(operand.getDefiningOp<arith::ConstantOp>().getValue());
    if (at(operand).splat)
      return kernel.constant(at(operand).splat);
    return kernel.constant(cast<TypedAttr>(builder.getZeroAttr(at(operand).elementType))); // never read
  };
  LogicalResult good = success();
  auto compute = [&](ValueRange accumulators) {
    DenseMap<Value, Value> known;
    for (unsigned i = 0; i < inputCount; ++i)
      if (!body.getArgument(i).use_empty())
        known[body.getArgument(i)] = elementOf(i);
    for (unsigned r = 0; r < resultCount; ++r)
      known[body.getArgument(inputCount + r)] = accumulators[r];
    auto special = [&](Operation *inner) -> Value {
      auto index = dyn_cast<linalg::IndexOp>(inner);
      return index ? indices[index.getDim()] : Value();
    };
    SmallVector<Value> yielded;
    if (failed(kernel.cloneBody(body, known, special))) {
      good = failure();
      yielded.assign(accumulators.begin(), accumulators.end());
      return yielded;
    }
    for (Value value : body.getTerminator()->getOperands()) {
      Value computed = known.lookup(value);
      if (auto constant = value.getDefiningOp<arith::ConstantOp>(); !computed && constant)
        computed = kernel.constant(constant.getValue());
      yielded.push_back(computed);
    }
    return yielded;
  };
  std::function<SmallVector<Value>(unsigned, ValueRange)> reduce = [&](unsigned depth, ValueRange accumulators) {
    if (depth == reduction.size())
      return compute(accumulators);
    return kernel.loop(kernel.number(0), kernel.sizeValue(extents[reduction[depth]]), false, accumulators,
                       [&](Value index, ValueRange carried) {
                         indices[reduction[depth]] = index;
                         return reduce(depth + 1, carried);
                       });
  };
  SmallVector<LoopDim, 4> parallelLoops;
  Size count;
  for (unsigned loop : parallel) {
    parallelLoops.push_back({extents[loop], {}});
    count = count * extents[loop];
  }
  kernel.loop(kernel.getBegin(), kernel.getEnd(), false, {}, [&](Value point, ValueRange) {
    SmallVector<Value> places = kernel.delinearised(point, parallelLoops);
    for (auto [loop, place] : llvm::zip_equal(parallel, places))
      indices[loop] = place;
    SmallVector<Value> initial;
    for (unsigned r = 0; r < resultCount; ++r)
      initial.push_back(elementOf(inputCount + r));
    SmallVector<Value> final = reduce(0, initial);
    for (unsigned r = 0; r < resultCount; ++r)
      kernel.store(final[r], resultPointers[r], addressOf(results[r], maps[inputCount + r]), results[r].elementType);
    return SmallVector<Value>();
  });
  SmallVector<int64_t> splits(kernel.getSplits());
  LLVM::LLVMFuncOp function = kernel.finish();
  if (failed(good)) {
    function.erase();
    return failure();
  }
  FlatSymbolRefAttr name = state.kernels.intern(function, "generic");
  SmallVector<Value> readBuffers, resultBuffers, numberValues;
  for (const Strided &read : reads)
    readBuffers.push_back(begin(read));
  for (const Strided &result : results)
    resultBuffers.push_back(result.buffer);
  for (int64_t split : splits)
    numberValues.push_back(number(Size::tokens(split)));
  int64_t work = 1;
  for (unsigned loop : reduction)
    work *= std::max<int64_t>(1, extents[loop].bound(maxTokens));
  rt::LaunchOp::create(builder, loc, name, number(count), builder.getI64IntegerAttr(std::max<int64_t>(1, 4096 / work)),
                       readBuffers, resultBuffers, numberValues, builder.getDenseI64ArrayAttr({}));
  return success();
}

} // namespace tp::lowering
