// Writing kernels: arguments, loops, loads and stores.
#include "Kernels.h"

#include "dialects/tprt/Tprt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tp::lowering {

FlatSymbolRefAttr KernelTable::intern(LLVM::LLVMFuncOp kernel, llvm::StringRef kind) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope());
  auto [known, isNew] = byText.try_emplace(text);
  if (!isNew) {
    kernel.erase();
    return known->second;
  }
  std::string name = ("kernel_" + llvm::Twine(next++) + "_" + kind).str();
  kernel.setSymName(name);
  return known->second = FlatSymbolRefAttr::get(kernel.getContext(), name);
}

KernelBuilder::KernelBuilder(ModuleOp module, Location loc) : builder(module.getContext()), loc(loc) {
  MLIRContext *context = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context), i64 = builder.getI64Type();
  builder.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, i64, i64});
  function = LLVM::LLVMFuncOp::create(builder, loc, "kernel", type, LLVM::Linkage::Internal);
  function->setAttr(rt::kernelAttrName, builder.getUnitAttr());
  Block *block = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  arguments = block->getArgument(0);
  begin = block->getArgument(1);
  end = block->getArgument(2);
}

Value KernelBuilder::takePointer() {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, arguments, ArrayRef<LLVM::GEPArg>{int32_t(taken++)});
  return LLVM::LoadOp::create(builder, loc, pointer, slot);
}

Value KernelBuilder::takeNumber() { return LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(), takePointer()); }

void KernelBuilder::declareSplits(ArrayRef<Size> sizes) {
  for (const Size &size : sizes)
    for (int64_t split : size.splits)
      if (!llvm::is_contained(splits, split)) {
        splits.push_back(split);
        tokenCounts.push_back(takeNumber());
      }
}

Value KernelBuilder::number(int64_t value) { return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value)); }

Value KernelBuilder::sizeValue(const Size &size) {
  Value result;
  for (int64_t split : size.splits) {
    Value count = tokenCounts[llvm::find(splits, split) - splits.begin()];
    result = result ? arith::MulIOp::create(builder, loc, result, count) : count;
  }
  if (!result)
    return number(size.factor);
  return size.factor == 1 ? result : arith::MulIOp::create(builder, loc, result, number(size.factor)).getResult();
}

SmallVector<Value> KernelBuilder::loop(Value from, Value to, bool isParallel, ValueRange carried,
                                       llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  Block *before = builder.getInsertionBlock();
  Region *region = before->getParent();
  auto addBlock = [&] {
    Block *block = new Block;
    region->push_back(block);
    block->addArgument(builder.getI64Type(), loc);
    for (Value value : carried)
      block->addArgument(value.getType(), loc);
    return block;
  };
  Block *header = addBlock();
  SmallVector<Value> start{from};
  llvm::append_range(start, carried);
  LLVM::BrOp::create(builder, loc, start, header);

  builder.setInsertionPointToEnd(header);
  Value index = header->getArgument(0);
  Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, index, to);
  Block *bodyBlock = new Block, *after = new Block;
  region->push_back(bodyBlock);
  builder.setInsertionPointToEnd(bodyBlock);
  SmallVector<Value> next = body(index, ValueRange(header->getArguments().drop_front()));
  Value step = arith::AddIOp::create(builder, loc, index, number(1));
  next.insert(next.begin(), step);
  auto back = LLVM::BrOp::create(builder, loc, next, header);
  if (isParallel)
    back->setAttr("tprt.parallel", builder.getUnitAttr());
  region->push_back(after);
  builder.setInsertionPointToEnd(header);
  LLVM::CondBrOp::create(builder, loc, inside, bodyBlock, after);
  builder.setInsertionPointToEnd(after);
  return SmallVector<Value>(header->getArguments().drop_front());
}

Type KernelBuilder::computeType(Type type) {
  if (type.isF16() || type.isBF16())
    return builder.getF32Type();
  return type.isIndex() ? builder.getI64Type() : type;
}

Value KernelBuilder::load(Value pointer, Value index, Type elementType) {
  Type pointerType = pointer.getType();
  // A boolean is a byte in memory.
  Type stored = elementType.isInteger(1) ? builder.getI8Type() : elementType.isIndex() ? builder.getI64Type() : elementType;
  Value place = LLVM::GEPOp::create(builder, loc, pointerType, stored, pointer, ArrayRef<LLVM::GEPArg>{index});
  Value value = LLVM::LoadOp::create(builder, loc, stored, place);
  if (elementType.isInteger(1)) {
    Value zero = arith::ConstantOp::create(builder, loc, builder.getI8IntegerAttr(0));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value, zero);
  }
  if (computeType(elementType) != stored)
    return arith::ExtFOp::create(builder, loc, computeType(elementType), value);
  return value;
}

void KernelBuilder::store(Value value, Value pointer, Value index, Type elementType) {
  Type stored = elementType.isInteger(1) ? builder.getI8Type() : elementType.isIndex() ? builder.getI64Type() : elementType;
  if (elementType.isInteger(1))
    value = arith::ExtUIOp::create(builder, loc, stored, value);
  else if (computeType(elementType) != stored)
    value = arith::TruncFOp::create(builder, loc, stored, value);
  // As bits: what rounds to bf16 chooses between NaN and the rounded bits, and LLVM has no choice between two bf16 that
  // does not call a function of the compiler's own library.
  if (elementType.isBF16()) {
    stored = builder.getI16Type();
    value = arith::BitcastOp::create(builder, loc, stored, value);
  }
  Value place = LLVM::GEPOp::create(builder, loc, pointer.getType(), stored, pointer, ArrayRef<LLVM::GEPArg>{index});
  LLVM::StoreOp::create(builder, loc, value, place);
}

Value KernelBuilder::address(ArrayRef<Value> indices, ArrayRef<Size> strides) {
  Value sum;
  for (auto [index, stride] : llvm::zip_equal(indices, strides)) {
    if (stride.isZero())
      continue;
    Value term = stride.isOne() ? index : arith::MulIOp::create(builder, loc, index, sizeValue(stride)).getResult();
    sum = sum ? arith::AddIOp::create(builder, loc, sum, term).getResult() : term;
  }
  return sum ? sum : number(0);
}

SmallVector<Value> KernelBuilder::delinearised(Value linear, ArrayRef<LoopDim> loops) {
  SmallVector<Value> indices(loops.size());
  for (int64_t d = int64_t(loops.size()) - 1; d > 0; --d) {
    Value extent = sizeValue(loops[d].extent);
    indices[d] = arith::RemUIOp::create(builder, loc, linear, extent);
    linear = arith::DivUIOp::create(builder, loc, linear, extent);
  }
  if (!loops.empty())
    indices[0] = linear;
  return indices;
}

Value KernelBuilder::constant(TypedAttr value) {
  Type type = computeType(value.getType());
  if (auto number = dyn_cast<FloatAttr>(value); number && type != value.getType())
    value = builder.getFloatAttr(type, number.getValueAsDouble());
  if (auto number = dyn_cast<IntegerAttr>(value); number && type != value.getType())
    value = builder.getIntegerAttr(type, number.getValue().getSExtValue());
  return arith::ConstantOp::create(builder, loc, value);
}

LogicalResult KernelBuilder::cloneBody(Block &body, DenseMap<Value, Value> &values,
                                       llvm::function_ref<Value(Operation *)> special) {
  for (Operation &op : body.without_terminator()) {
    if (special)
      if (Value replacement = special(&op)) {
        values[op.getResult(0)] = replacement;
        continue;
      }
    if (auto constantOp = dyn_cast<arith::ConstantOp>(op)) {
      values[constantOp] = constant(constantOp.getValue());
      continue;
    }
    auto isNarrow = [&](Type type) { return type.isF16() || type.isBF16(); };
    if (isa<arith::BitcastOp>(op) && (isNarrow(op.getOperand(0).getType()) || isNarrow(op.getResult(0).getType())))
      return op.emitOpError("reads the bits of a 16-bit float, which kernels compute as f32; convert it to f32 first");
    SmallVector<Value> operands;
    for (Value operand : op.getOperands()) {
      auto known = values.find(operand);
      if (known == values.end())
        return op.emitOpError("uses a value from outside the body, which a kernel cannot see");
      operands.push_back(known->second);
    }
    // Between f32 and a type that is computed as f32, and between index and i64, nothing is left to convert; but where the program
    // asks for fewer digits it gets them (what is yielded, the store rounds).
    if (isa<arith::ExtFOp, arith::TruncFOp, arith::IndexCastOp, arith::IndexCastUIOp>(op)) {
      Type from = operands[0].getType(), to = computeType(op.getResult(0).getType());
      if (from == to) {
        values[op.getResult(0)] = operands[0];
        bool goesOn = llvm::any_of(op.getUsers(), [](Operation *user) { return !user->hasTrait<OpTrait::IsTerminator>(); });
        if (Type narrow = op.getResult(0).getType(); isa<arith::TruncFOp>(op) && isNarrow(narrow) && goesOn) {
          Value rounded = arith::TruncFOp::create(builder, loc, narrow, operands[0]);
          values[op.getResult(0)] = arith::ExtFOp::create(builder, loc, to, rounded);
        }
        continue;
      }
      if (isa<arith::ExtFOp, arith::TruncFOp>(op)) {
        bool widens = cast<FloatType>(from).getWidth() < cast<FloatType>(to).getWidth();
        values[op.getResult(0)] = widens ? arith::ExtFOp::create(builder, loc, to, operands[0]).getResult()
                                         : arith::TruncFOp::create(builder, loc, to, operands[0]).getResult();
        continue;
      }
      bool widens = from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
      bool isUnsigned = isa<arith::IndexCastUIOp>(op);
      values[op.getResult(0)] = !widens      ? arith::TruncIOp::create(builder, loc, to, operands[0]).getResult()
                                : isUnsigned ? arith::ExtUIOp::create(builder, loc, to, operands[0]).getResult()
                                             : arith::ExtSIOp::create(builder, loc, to, operands[0]).getResult();
      continue;
    }
    OperationState state(loc, op.getName());
    state.addOperands(operands);
    for (Type type : op.getResultTypes())
      state.addTypes(computeType(type));
    state.addAttributes(op.getDiscardableAttrDictionary().getValue());
    state.propertiesAttr = op.getPropertiesAsAttribute();
    Operation *clone = builder.create(state);
    for (auto [before, after] : llvm::zip_equal(op.getResults(), clone->getResults()))
      values[before] = after;
  }
  return success();
}

LLVM::LLVMFuncOp KernelBuilder::finish() {
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  return function;
}

} // namespace tp::lowering
