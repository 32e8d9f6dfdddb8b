// One rule turns every tprt op into its call: parameters are matched by name and order with the op's attributes and operands.
//
// A parameter that the op has an attribute for is that constant; `dtype` and its like are read off the buffers; every other
// one is the next operand. Arrays (the strides of a copy, the arguments of a kernel) are written to one place on the stack,
// which every call uses anew.
#include "Entries.h"

#include "Abi.h"
#include "dialects/nn/Nn.h"
#include "dialects/tprt/Tprt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tp::emit {

namespace {

class EntryConverter {
public:
  EntryConverter(ModuleOp module, func::FuncOp source) : module(module), source(source), builder(module.getContext()) {
    pointer = LLVM::LLVMPointerType::get(builder.getContext());
    i64 = builder.getI64Type();
  }

  LogicalResult run() {
    builder.setInsertionPoint(source);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                            {pointer, pointer, pointer, pointer, pointer, pointer, i64});
    function = LLVM::LLVMFuncOp::create(builder, source.getLoc(), ("tpm_" + source.getName()).str(), type);
    Block *entry = function.addEntryBlock(builder);
    builder.setInsertionPointToStart(entry);
    context = entry->getArgument(0);
    parameters = entry->getArgument(1);
    states = entry->getArgument(2);
    arena = entry->getArgument(5);
    tokens = entry->getArgument(6);
    loc = source.getLoc();

    size_t scratchSlots = 0;
    for (Operation &op : source.front())
      if (isa<rt::CopyOp, rt::LaunchOp, rt::PermuteOp>(op))
        scratchSlots = std::max<size_t>(scratchSlots, op.getNumOperands() + pairsOf(&op).size());
    if (scratchSlots)
      scratch = LLVM::AllocaOp::create(builder, loc, pointer, pointer, number(scratchSlots), 8);
    int64_t inputs = 0, outputs = 0;
    for (BlockArgument argument : source.getArguments()) {
      bool isOutput = !!source.getArgAttr(argument.getArgNumber(), rt::outputAttrName);
      values[argument] = loadPointer(entry->getArgument(isOutput ? 4 : 3), isOutput ? outputs++ : inputs++);
    }
    for (Operation &op : source.front())
      if (failed(convert(&op)))
        return failure();
    source.erase();
    return success();
  }

private:
  static ArrayRef<int64_t> pairsOf(Operation *op) {
    auto permute = dyn_cast<rt::PermuteOp>(op);
    return permute ? permute.getPairs() : ArrayRef<int64_t>();
  }
  Value number(int64_t value) { return LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(value)); }
  Value slot(Value array, int64_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer, i64, array, ArrayRef<LLVM::GEPArg>{int32_t(index)});
  }
  Value loadPointer(Value array, int64_t index) { return LLVM::LoadOp::create(builder, loc, pointer, slot(array, index)); }
  static int64_t bytesOf(Type elementType) { return tp::bytesOf(*dtypeOf(elementType)); }
  static int64_t dtypeCode(Value buffer) { return int64_t(*dtypeOf(cast<MemRefType>(buffer.getType()).getElementType())); }

  template <typename DeclaredOp> int64_t numberOf(StringRef name) {
    int64_t index = 0;
    for (auto declared : module.getOps<DeclaredOp>()) {
      if (declared.getSymName() == name)
        return index;
      ++index;
    }
    return -1;
  }

  LogicalResult convert(Operation *op) {
    loc = op->getLoc();
    if (auto launch = dyn_cast<rt::LaunchOp>(op))
      return convertLaunch(launch);
    if (auto call = dyn_cast<rt::RuntimeCall>(op))
      return convertCall(op);
    if (isa<func::ReturnOp>(op)) {
      LLVM::ReturnOp::create(builder, loc, ValueRange());
      return success();
    }
    if (auto buffer = dyn_cast<rt::BufferOp>(op)) {
      if (!buffer.getOffset())
        return op->emitOpError("has no place in the arena; Memory (--tp-memory) gives it one");
      values[buffer] = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), arena,
                                           ArrayRef<LLVM::GEPArg>{number(int64_t(*buffer.getOffset()))});
      return success();
    }
    if (auto parameter = dyn_cast<rt::ParameterOp>(op)) {
      values[parameter] = loadPointer(parameters, numberOf<nn::ParameterOp>(parameter.getName()));
      return success();
    }
    if (auto state = dyn_cast<rt::StateOp>(op)) {
      values[state] = loadPointer(states, numberOf<nn::StateOp>(state.getName()));
      return success();
    }
    if (isa<rt::NullOp>(op)) {
      values[op->getResult(0)] = LLVM::ZeroOp::create(builder, loc, pointer);
      return success();
    }
    if (auto constant = dyn_cast<rt::ConstantOp>(op)) {
      values[constant] = LLVM::AddressOfOp::create(builder, loc, tableOf(constant));
      return success();
    }
    if (auto view = dyn_cast<rt::ViewOp>(op)) {
      int64_t bytes = bytesOf(cast<MemRefType>(view.getType()).getElementType());
      Value offset = LLVM::MulOp::create(builder, loc, values.lookup(view.getOffset()), number(bytes));
      values[view] = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), values.lookup(view.getSource()),
                                         ArrayRef<LLVM::GEPArg>{offset});
      return success();
    }
    if (auto split = dyn_cast<rt::TokensOp>(op)) {
      Value rounded = LLVM::AddOp::create(builder, loc, tokens, number(split.getSplit() - 1));
      values[split] =
          split.getSplit() == 1 ? tokens : LLVM::UDivOp::create(builder, loc, rounded, number(split.getSplit())).getResult();
      return success();
    }
    if (isa<arith::ArithDialect>(op->getDialect())) {
      IRMapping mapping;
      for (Value operand : op->getOperands())
        mapping.map(operand, values.lookup(operand));
      Operation *clone = builder.clone(*op, mapping);
      for (auto [before, after] : llvm::zip_equal(op->getResults(), clone->getResults()))
        values[before] = after;
      return success();
    }
    return op->emitOpError("is nothing that Lower leaves; run the phases in their order");
  }

  LLVM::GlobalOp tableOf(rt::ConstantOp op) {
    auto value = cast<DenseElementsAttr>(op.getValue());
    if (value.getElementType().isInteger(1))
      value = cast<DenseIntElementsAttr>(value).mapValues(builder.getI8Type(), [](const APInt &bit) { return bit.zext(8); });
    if (value.getElementType().isIndex())
      value = cast<DenseIntElementsAttr>(value).mapValues(i64, [](const APInt &index) { return index; });
    for (auto global : module.getOps<LLVM::GlobalOp>())
      if (global.getValueOrNull() == value)
        return global;
    OpBuilder atEnd = OpBuilder::atBlockEnd(module.getBody());
    int64_t count = llvm::range_size(module.getOps<LLVM::GlobalOp>());
    auto flat = value.reshape(RankedTensorType::get({value.getNumElements()}, value.getElementType()));
    auto type = LLVM::LLVMArrayType::get(value.getElementType(), value.getNumElements());
    return LLVM::GlobalOp::create(atEnd, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal,
                                  "table_" + std::to_string(count), flat, /*alignment=*/64);
  }

  LogicalResult convertLaunch(rt::LaunchOp op) {
    int64_t next = 0;
    for (Value buffer : llvm::concat<Value>(op.getReads(), op.getWrites()))
      LLVM::StoreOp::create(builder, loc, values.lookup(buffer), slot(scratch, next++));
    for (Value size : op.getNumbers())
      LLVM::StoreOp::create(builder, loc, values.lookup(size), slot(scratch, next++));
    auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(op.getKernel());
    if (!kernel)
      return op.emitOpError() << "launches @" << op.getKernel() << ", which is not there";
    Value body = LLVM::AddressOfOp::create(builder, loc, kernel);
    return call("tprt_parallel_for", {context, body, scratch, values.lookup(op.getCount()), number(op.getGrain())}, op);
  }

  LogicalResult convertCall(Operation *op) {
    std::string name = ("tprt_" + op->getName().stripDialect()).str();
    const AbiFunction *abi = findAbiFunction(name);
    if (!abi)
      return op->emitOpError() << "has no function " << name << " in runtime/functions.def";
    auto disagree = [&](const AbiParameter &parameter) {
      return op->emitOpError() << "does not fit " << name << " of runtime/functions.def at its parameter " << parameter.name;
    };
    unsigned next = 0;
    int64_t nextSlot = 0;
    SmallVector<Value> arguments;
    for (const AbiParameter &parameter : abi->parameters) {
      if (parameter.type == AbiType::Context) {
        arguments.push_back(context);
        continue;
      }
      if (Attribute attribute = op->getAttr(parameter.name)) {
        Value value;
        if (auto integer = dyn_cast<IntegerAttr>(attribute); integer && parameter.type == AbiType::Integer)
          value = number(integer.getInt());
        else if (auto real = dyn_cast<FloatAttr>(attribute); real && parameter.type == AbiType::Double)
          value = LLVM::ConstantOp::create(builder, loc, builder.getF64Type(), real);
        else if (auto list = dyn_cast<DenseI64ArrayAttr>(attribute); list && parameter.type == AbiType::Integers)
          value = storeNumbers(llvm::map_to_vector(list.asArrayRef(), [&](int64_t i) { return number(i); }), nextSlot);
        if (!value)
          return disagree(parameter);
        arguments.push_back(value);
        continue;
      }
      if (parameter.type == AbiType::Integer)
        if (std::optional<int64_t> derived = derivedNumber(op, parameter.name, next)) {
          arguments.push_back(number(*derived));
          continue;
        }
      if (parameter.type == AbiType::Integers) {
        auto copy = dyn_cast<rt::CopyOp>(op);
        if (!copy)
          return disagree(parameter);
        SmallVector<Value> list;
        for (size_t i = 0; i < copy.getSizes().size(); ++i)
          list.push_back(values.lookup(op->getOperand(next++)));
        arguments.push_back(storeNumbers(list, nextSlot));
        continue;
      }
      bool fits =
          next < op->getNumOperands() && isa<MemRefType>(op->getOperand(next).getType()) == (parameter.type == AbiType::Buffer);
      if (!fits)
        return disagree(parameter);
      arguments.push_back(values.lookup(op->getOperand(next++)));
    }
    if (next != op->getNumOperands())
      return op->emitOpError() << "has " << op->getNumOperands() << " operands, " << name << " takes " << next;
    return call(name, arguments, op);
  }

  // Numbers that follow from the buffers' types or from how many there are.
  static std::optional<int64_t> derivedNumber(Operation *op, StringRef name, unsigned next) {
    auto nextBuffer = [&]() -> Value {
      for (Value operand : op->getOperands().drop_front(next))
        if (isa<MemRefType>(operand.getType()))
          return operand;
      return {};
    };
    if (name == "index_dtype" || name == "from_dtype")
      return dtypeCode(nextBuffer());
    if (name == "dtype" || name == "to_dtype" || name == "element_bytes") {
      SmallVector<MemoryEffects::EffectInstance> effects;
      cast<MemoryEffectOpInterface>(op).getEffects(effects);
      for (const MemoryEffects::EffectInstance &effect : effects)
        if (isa<MemoryEffects::Write>(effect.getEffect()) && effect.getValue()) {
          int64_t code = dtypeCode(effect.getValue());
          return name == "element_bytes" ? tp::bytesOf(DType(code)) : code;
        }
    }
    if (auto copy = dyn_cast<rt::CopyOp>(op); copy && name == "rank")
      return copy.getSizes().size();
    if (auto permute = dyn_cast<rt::PermuteOp>(op); permute && name == "pair_count")
      return permute.getPairs().size() / 2;
    return std::nullopt;
  }

  Value storeNumbers(ArrayRef<Value> list, int64_t &nextSlot) {
    Value begin = slot(scratch, nextSlot);
    for (Value value : list)
      LLVM::StoreOp::create(builder, loc, value, slot(scratch, nextSlot++));
    return begin;
  }

  LogicalResult call(StringRef name, ArrayRef<Value> arguments, Operation *op) {
    const AbiFunction *abi = findAbiFunction(name);
    auto declared = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
    if (!declared) {
      OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
      SmallVector<Type> types;
      for (Value argument : arguments)
        types.push_back(argument.getType());
      Type result = abi->returnsInteger ? Type(i64) : Type(LLVM::LLVMVoidType::get(builder.getContext()));
      declared = LLVM::LLVMFuncOp::create(atStart, module.getLoc(), name, LLVM::LLVMFunctionType::get(result, types));
    }
    auto callOp = LLVM::CallOp::create(builder, loc, declared, arguments);
    if (op->getNumResults() == 1)
      values[op->getResult(0)] = callOp.getResult();
    return success();
  }

  ModuleOp module;
  func::FuncOp source;
  OpBuilder builder;
  Location loc = UnknownLoc::get(builder.getContext());
  Type pointer, i64;
  LLVM::LLVMFuncOp function;
  Value context, parameters, states, arena, tokens, scratch;
  DenseMap<Value, Value> values;
};

} // namespace

LogicalResult convertEntries(ModuleOp module) {
  for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    if (function.isExternal()) {
      function.erase();
      continue;
    }
    if (failed(EntryConverter(module, function).run()))
      return failure();
  }
  return success();
}

} // namespace tp::emit
