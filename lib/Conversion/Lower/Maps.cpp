// Elementwise ops become kernels, chains of them one kernel.
//
// A map (or iota) that only one other map reads is computed inside that map's kernel, so its elements never see memory. A
// kernel walks the merged loops of its result and its inputs: one flat loop where all are dense, else rows of an innermost
// loop, spread over threads. An input that is dense over the same elements may share its buffer with the result.
#include "Lowering.h"

using namespace mlir;

namespace tp::lowering {

/// Iterations of a kernel that are worth a thread of their own: about 10 microseconds of elementwise work.
constexpr int64_t elementsPerPiece = 16384;

bool FunctionLowering::isFused(Operation *op) {
  if (!isa<nn::MapOp, nn::IotaOp>(op))
    return false;
  Operation *user = nullptr;
  for (Operation *next : op->getResult(0).getUsers()) {
    if (!isa<nn::MapOp>(next) || (user && user != next))
      return false;
    user = next;
  }
  return user != nullptr;
}

/// What a kernel computes for one element: fused maps and iotas above inputs that lie in memory.
struct FunctionLowering::Expression {
  SmallVector<Value> leaves; // tensors in memory, each once
  std::vector<Strided> inputs;
  SmallVector<Value> offsets; // of iotas, i64
  bool hasIota = false;

  void collect(FunctionLowering &lowering, Value tensor) {
    Operation *op = tensor.getDefiningOp();
    if (op && lowering.isFused(op)) {
      if (auto iota = dyn_cast<nn::IotaOp>(op)) {
        hasIota = true;
        if (iota.getOffset() && !llvm::is_contained(offsets, iota.getOffset()))
          offsets.push_back(iota.getOffset());
        return;
      }
      for (Value input : cast<nn::MapOp>(op).getInputs())
        collect(lowering, input);
      return;
    }
    if (lowering.at(tensor).splat || llvm::is_contained(leaves, tensor))
      return;
    leaves.push_back(tensor);
    inputs.push_back(lowering.at(tensor));
  }
};

LogicalResult FunctionLowering::lowerMap(nn::MapOp op) {
  Expression expression;
  for (Value input : op.getInputs())
    expression.collect(*this, input);
  SmallVector<Size, 4> extents;
  auto found = fusedExtents(op.getResult());
  if (failed(found))
    return failure();
  extents = *found;
  Strided result = allocate(cast<RankedTensorType>(op.getType()).getElementType(), extents);
  set(op, result);
  SmallVector<Value> offsets;
  for (Value offset : expression.offsets)
    offsets.push_back(scalarOf(offset));

  return launchElementwise(
      result, expression.inputs, offsets, expression.hasIota, "map",
      [&](KernelBuilder &kernel, ArrayRef<Value> elements, ArrayRef<Value> scalarValues,
          ArrayRef<Value> indices) -> FailureOr<Value> {
        DenseMap<Value, Value> computed; // per tensor
        std::function<FailureOr<Value>(Value)> element = [&](Value tensor) -> FailureOr<Value> {
          if (Value known = computed.lookup(tensor))
            return known;
          Operation *producer = tensor.getDefiningOp();
          bool isInside = producer && (producer == op || isFused(producer));
          Value result;
          if (!isInside) {
            const Strided &place = at(tensor);
            result = place.splat ? kernel.constant(place.splat)
                                 : elements[llvm::find(expression.leaves, tensor) - expression.leaves.begin()];
          } else if (auto iota = dyn_cast<nn::IotaOp>(producer)) {
            Value offset;
            if (iota.getOffset())
              offset = scalarValues[llvm::find(expression.offsets, iota.getOffset()) - expression.offsets.begin()];
            result = iotaElement(kernel, iota, indices[iota.getDim()], offset);
          } else {
            auto map = cast<nn::MapOp>(producer);
            DenseMap<Value, Value> inside;
            for (auto [argument, input] : llvm::zip_equal(map.getBody().getArguments(), map.getInputs())) {
              FailureOr<Value> value = element(input);
              if (failed(value))
                return failure();
              inside[argument] = *value;
            }
            Block &body = map.getBody().front();
            if (failed(kernel.cloneBody(body, inside)))
              return failure();
            result = inside.lookup(body.getTerminator()->getOperand(0));
          }
          return computed[tensor] = result;
        };
        return element(op.getResult());
      });
}

Value FunctionLowering::iotaElement(KernelBuilder &kernel, nn::IotaOp op, Value index, Value offset) {
  OpBuilder &b = kernel.builder;
  if (offset)
    index = arith::AddIOp::create(b, kernel.loc, index, offset);
  Type type = kernel.computeType(cast<RankedTensorType>(op.getType()).getElementType());
  if (isa<FloatType>(type))
    return arith::SIToFPOp::create(b, kernel.loc, type, index);
  return type.isInteger(64) ? index : arith::TruncIOp::create(b, kernel.loc, type, index).getResult();
}

LogicalResult FunctionLowering::lowerIota(nn::IotaOp op) {
  auto result = allocateResult(op);
  if (failed(result))
    return failure();
  SmallVector<Value> offsets;
  if (op.getOffset())
    offsets.push_back(scalarOf(op.getOffset()));
  return launchElementwise(*result, {}, offsets, true, "iota",
                           [&](KernelBuilder &kernel, ArrayRef<Value>, ArrayRef<Value> scalarValues, ArrayRef<Value> indices) {
                             Value offset = scalarValues.empty() ? Value() : scalarValues[0];
                             return FailureOr<Value>(iotaElement(kernel, op, indices[op.getDim()], offset));
                           });
}

// A fused map has no place of its own, so its shape is asked of whatever stands above it.
FailureOr<SmallVector<Size, 4>> FunctionLowering::fusedExtents(Value tensor) {
  if (auto known = values.find(tensor); known != values.end())
    return known->second.extents;
  Operation *op = tensor.getDefiningOp();
  if (auto map = dyn_cast<nn::MapOp>(op))
    if (!map.getInputs().empty())
      return fusedExtents(map.getInputs()[0]);
  if (auto iota = dyn_cast<nn::IotaOp>(op))
    if (iota.getLike())
      return fusedExtents(iota.getLike());
  return extentsOf(tensor);
}

LogicalResult FunctionLowering::launchElementwise(
    const Strided &result, ArrayRef<Strided> inputs, ArrayRef<Value> scalarValues, bool wantsIndices, StringRef kind,
    llvm::function_ref<FailureOr<Value>(KernelBuilder &, ArrayRef<Value>, ArrayRef<Value>, ArrayRef<Value>)> fill) {
  // The loops: of the result first, then of each input.
  SmallVector<SmallVector<Size, 4>> strides{result.strides};
  for (const Strided &input : inputs)
    strides.push_back(input.strides);
  SmallVector<SmallVector<Size, 4>> indexStrides;
  // A kernel that asks for indices sees its dimensions as they are: an extra "tensor" per dimension, which moves by one
  // along that dimension only, keeps them from being merged.
  if (wantsIndices)
    for (int64_t d = 0; d < result.rank(); ++d) {
      SmallVector<Size, 4> unit(result.rank(), Size::of(0));
      unit[d] = Size::of(1);
      strides.push_back(unit);
    }
  SmallVector<ArrayRef<Size>> views(strides.begin(), strides.end());
  SmallVector<LoopDim, 4> loops = mergedLoops(result.extents, views);
  ArrayRef<LoopDim> rows = ArrayRef<LoopDim>(loops).drop_back();
  const LoopDim &innermost = loops.back();

  KernelBuilder kernel(state.module, loc);
  SmallVector<Value> inputPointers;
  for (size_t i = 0; i < inputs.size(); ++i)
    inputPointers.push_back(kernel.takePointer());
  Value resultPointer = kernel.takePointer();
  for (const LoopDim &loop : loops) {
    kernel.declareSplits(loop.extent);
    kernel.declareSplits(loop.strides);
  }
  SmallVector<Value> kernelScalars;
  for (size_t i = 0; i < scalarValues.size(); ++i)
    kernelScalars.push_back(kernel.takeNumber());

  LogicalResult good = success();
  auto stridesOf = [&](size_t tensor, ArrayRef<LoopDim> of) {
    SmallVector<Size> result;
    for (const LoopDim &loop : of)
      result.push_back(loop.strides[tensor]);
    return result;
  };
  auto elementBody = [&](ArrayRef<Value> rowIndices, Value inner) {
    SmallVector<Value> elements, indices;
    SmallVector<Value> all(rowIndices);
    all.push_back(inner);
    auto place = [&](size_t tensor) { return kernel.address(all, stridesOf(tensor, loops)); };
    for (size_t i = 0; i < inputs.size(); ++i)
      elements.push_back(kernel.load(inputPointers[i], place(i + 1), inputs[i].elementType));
    if (wantsIndices)
      for (int64_t d = 0; d < result.rank(); ++d)
        indices.push_back(place(1 + inputs.size() + d));
    FailureOr<Value> value = fill(kernel, elements, kernelScalars, indices);
    if (failed(value)) {
      good = failure();
      return;
    }
    kernel.store(*value, resultPointer, place(0), result.elementType);
  };
  if (rows.empty()) {
    kernel.loop(kernel.getBegin(), kernel.getEnd(), true, {}, [&](Value index, ValueRange) {
      elementBody({}, index);
      return SmallVector<Value>();
    });
  } else {
    Value innerExtent = kernel.sizeValue(innermost.extent);
    kernel.loop(kernel.getBegin(), kernel.getEnd(), false, {}, [&](Value row, ValueRange) {
      SmallVector<Value> rowIndices = kernel.delinearised(row, rows);
      kernel.loop(kernel.number(0), innerExtent, true, {}, [&](Value index, ValueRange) {
        elementBody(rowIndices, index);
        return SmallVector<Value>();
      });
      return SmallVector<Value>();
    });
  }
  SmallVector<int64_t> splits(kernel.getSplits());
  LLVM::LLVMFuncOp function = kernel.finish();
  if (failed(good)) {
    function.erase();
    return failure();
  }
  FlatSymbolRefAttr name = state.kernels.intern(function, kind);

  SmallVector<Value> reads, numberValues;
  SmallVector<int64_t> inPlace;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    reads.push_back(begin(input));
    if (input.isDense() && result.isDense() && input.extents == result.extents &&
        bytesOf(input.elementType) == bytesOf(result.elementType))
      inPlace.append({int64_t(i), 0});
  }
  for (int64_t split : splits)
    numberValues.push_back(number(Size::tokens(split)));
  llvm::append_range(numberValues, scalarValues);
  Size rowCount;
  for (const LoopDim &loop : rows)
    rowCount = rowCount * loop.extent;
  int64_t rowBound = std::max<int64_t>(1, innermost.extent.bound(maxTokens));
  int64_t grain = rows.empty() ? elementsPerPiece : std::max<int64_t>(1, elementsPerPiece / rowBound);
  rt::LaunchOp::create(builder, loc, name, number(rows.empty() ? innermost.extent : rowCount), builder.getI64IntegerAttr(grain),
                       reads, ValueRange{begin(result)}, numberValues, builder.getDenseI64ArrayAttr(inPlace));
  return success();
}

int64_t FunctionLowering::bytesOf(Type elementType) { return tp::bytesOf(dtypeOf(elementType).value_or(DType::I64)); }

void FunctionLowering::fillWith(const Strided &result, TypedAttr value) {
  double asDouble = 0;
  if (auto number = dyn_cast<FloatAttr>(value))
    asDouble = number.getValueAsDouble();
  else if (auto number = dyn_cast<IntegerAttr>(value))
    asDouble =
        number.getType().isInteger(1) ? double(number.getValue().getZExtValue()) : double(number.getValue().getSExtValue());
  rt::FillOp::create(builder, loc, begin(result), number(result.count()), llvm::APFloat(asDouble));
}

} // namespace tp::lowering
