// What values have become, numbers and buffers, and which method lowers which op.
#include "Lowering.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tp::lowering {

int64_t ModuleState::groupOf(AxesAttr axes) {
  std::vector<AxisPart> parts = mesh.merged(axes.getParts());
  auto found = llvm::find(groups, parts);
  if (found == groups.end())
    found = groups.insert(groups.end(), parts);
  return found - groups.begin();
}

FunctionLowering::FunctionLowering(ModuleState &state, func::FuncOp source)
    : state(state), source(source), builder(source.getContext()), loc(source.getLoc()), maxTokens(nn::maxDynamicOf(source)) {}

//===-- Numbers and buffers -------------------------------------------------------------------------------------===//

// Numbers stand at the function's begin, each once: they depend on nothing but the number of tokens.
Value FunctionLowering::number(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    lastNumber ? builder.setInsertionPointAfter(lastNumber) : builder.setInsertionPointToStart(&target.front());
    known = arith::ConstantOp::create(builder, target.getLoc(), builder.getI64IntegerAttr(value));
    lastNumber = known.getDefiningOp();
  }
  return known;
}

Value FunctionLowering::number(const Size &size) {
  if (size.isStatic())
    return number(size.factor);
  std::string key = size.str();
  if (Value known = sizeValues.lookup(key))
    return known;
  SmallVector<Value> factors;
  if (size.factor != 1 || size.splits.size() > 1) {
    for (int64_t split : size.splits)
      factors.push_back(number(Size::tokens(split)));
    if (size.factor != 1)
      factors.push_back(number(size.factor));
  }
  OpBuilder::InsertionGuard guard(builder);
  lastNumber ? builder.setInsertionPointAfter(lastNumber) : builder.setInsertionPointToStart(&target.front());
  Value result;
  if (factors.empty())
    result = rt::TokensOp::create(builder, target.getLoc(), builder.getI64Type(), size.splits[0]);
  for (Value factor : factors)
    result = result ? arith::MulIOp::create(builder, target.getLoc(), result, factor).getResult() : factor;
  lastNumber = result.getDefiningOp();
  return sizeValues[key] = result;
}

SmallVector<Value> FunctionLowering::numbers(ArrayRef<Size> sizes) {
  SmallVector<Value> result;
  for (const Size &size : sizes)
    result.push_back(number(size));
  return result;
}

MemRefType FunctionLowering::memrefOf(Type elementType, ArrayRef<Size> extents) {
  SmallVector<int64_t> shape;
  for (const Size &extent : extents)
    shape.push_back(extent.isStatic() ? extent.factor : ShapedType::kDynamic);
  return MemRefType::get(shape, elementType.isIndex() ? builder.getI64Type() : elementType);
}

Strided FunctionLowering::allocate(Type elementType, ArrayRef<Size> extents) {
  Strided result;
  result.elementType = elementType.isIndex() ? builder.getI64Type() : elementType;
  result.extents.assign(extents.begin(), extents.end());
  result.strides = denseStrides(extents);
  SmallVector<Value> sizes;
  for (const Size &extent : extents)
    if (!extent.isStatic())
      sizes.push_back(number(extent));
  result.buffer = rt::BufferOp::create(builder, loc, memrefOf(elementType, extents), sizes, IntegerAttr());
  return result;
}

FailureOr<Strided> FunctionLowering::allocateResult(Operation *op) {
  auto extents = extentsOf(op->getResult(0));
  if (failed(extents))
    return failure();
  Strided result = allocate(cast<RankedTensorType>(op->getResult(0).getType()).getElementType(), *extents);
  set(op->getResult(0), result);
  return result;
}

Value FunctionLowering::begin(const Strided &value) {
  if (!value.offset)
    return value.buffer;
  return rt::ViewOp::create(builder, loc, memrefOf(value.elementType, value.extents), value.buffer, value.offset);
}

void FunctionLowering::copy(const Strided &from, const Strided &to) {
  if (from.splat && to.isDense())
    return fillWith(to, from.splat);
  Strided source = from;
  if (from.splat) {
    auto type = RankedTensorType::get({1}, from.elementType);
    source.buffer = constantTable(DenseElementsAttr::get(type, Attribute(from.splat)));
    source.offset = {};
    source.strides.assign(from.rank(), Size::of(0));
  }
  SmallVector<LoopDim, 4> loops = mergedLoops(source.extents, {source.strides, to.strides});
  SmallVector<Value> sizes, sourceStrides, targetStrides;
  for (const LoopDim &loop : loops) {
    sizes.push_back(number(loop.extent));
    sourceStrides.push_back(number(loop.strides[0]));
    targetStrides.push_back(number(loop.strides[1]));
  }
  bool isWhole = !source.offset && !to.offset && source.isDense() && to.isDense();
  auto coversRoot = [&](const Strided &value) {
    return cast<MemRefType>(value.buffer.getType()) == memrefOf(value.elementType, value.extents);
  };
  auto op = rt::CopyOp::create(builder, loc, sizes, begin(source), sourceStrides, begin(to), targetStrides, false);
  if (isWhole && coversRoot(to) && coversRoot(source))
    op.setWhole(true);
}

Strided FunctionLowering::dense(Strided value) {
  if (!value.splat && value.isDense())
    return value;
  Strided result = allocate(value.elementType, value.extents);
  copy(value, result);
  return result;
}

Strided FunctionLowering::moved(Strided value, int64_t dim, Value index) {
  Value distance = index;
  if (!value.strides[dim].isOne())
    distance = arith::MulIOp::create(builder, loc, index, number(value.strides[dim]));
  value.offset = value.offset ? arith::AddIOp::create(builder, loc, value.offset, distance).getResult() : distance;
  return value;
}

Strided FunctionLowering::permuted(const Strided &value, ArrayRef<int64_t> dims) {
  Strided result = value;
  result.extents.clear();
  result.strides.clear();
  for (int64_t dim : dims) {
    result.extents.push_back(value.extents[dim]);
    result.strides.push_back(value.strides[dim]);
  }
  return result;
}

//===-- What values are -----------------------------------------------------------------------------------------===//

Strided FunctionLowering::declared(FlatSymbolRefAttr name, RankedTensorType type) {
  Strided result;
  result.elementType = type.getElementType().isIndex() ? builder.getI64Type() : type.getElementType();
  for (int64_t size : type.getShape())
    result.extents.push_back(Size::of(size));
  result.strides = denseStrides(result.extents);
  auto stored = state.storedParameters.find(name.getValue());
  if (stored != state.storedParameters.end())
    result.format = stored->second.first;
  Value &buffer = declaredBuffers[name];
  if (!buffer) {
    MemRefType memref = result.format ? MemRefType::get({stored->second.second}, builder.getI8Type())
                                      : memrefOf(result.elementType, result.extents);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&target.front());
    if (state.parameterNumbers.contains(name.getValue()))
      buffer = rt::ParameterOp::create(builder, loc, memref, name);
    else
      buffer = rt::StateOp::create(builder, loc, memref, name);
  }
  result.buffer = buffer;
  return result;
}

Strided &FunctionLowering::at(Value tensor) {
  auto found = values.find(tensor);
  assert(found != values.end() && "operands are lowered before their users");
  return found->second;
}

Value FunctionLowering::scalarOf(Value index) { return scalars.lookup(index); }

// A dynamic dimension of a result is as long as an operand's dimension with the same factor.
FailureOr<SmallVector<Size, 4>> FunctionLowering::extentsOf(Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<Size, 4> extents;
  for (int64_t size : type.getShape())
    extents.push_back(Size::of(ShapedType::isDynamic(size) ? -1 : size));
  if (type.hasStaticShape())
    return extents;
  Operation *op = result.getDefiningOp();
  unsigned number = cast<OpResult>(result).getResultNumber();
  if (auto rule = dyn_cast<ShardingRule>(op)) {
    FactorMap map = rule.getFactorMap();
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (!type.isDynamicDim(d))
        continue;
      const FactorMap::Dim &wanted = map.results[number][d];
      for (auto [operand, tensor] : llvm::zip(op->getOperands(), map.operands))
        for (auto [i, dim] : llvm::enumerate(tensor))
          if (!wanted.empty() && dim == wanted && extents[d].factor == -1 && values.contains(operand))
            extents[d] = at(operand).extents[i];
    }
  }
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (extents[d].factor == -1)
      return op->emitOpError() << "has a result whose dynamic dimension " << d << " is that of no operand";
  return extents;
}

LogicalResult FunctionLowering::lowerScalar(Operation *op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return op->emitOpError("asks for a dimension that is no constant, which cannot be lowered");
    scalars[dim] = number(at(dim.getSource()).extents[*index]);
    return success();
  }
  if (auto index = dyn_cast<AxisIndexOp>(op)) {
    scalars[index] = rt::AxisIndexOp::create(builder, loc, builder.getI64Type(), state.groupOf(index.getAxes()));
    return success();
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto value = dyn_cast<IntegerAttr>(constant.getValue()); value && value.getType().isIndex())
      scalars[constant] = number(value.getInt());
    return success(); // a scalar of another type is read where it is used
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    Value known = scalarOf(operand);
    if (!known)
      return op->emitOpError("has no lowering for the cpu: only arithmetic on indices may stand between tensor ops");
    operands.push_back(known);
  }
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op)) {
    scalars[op->getResult(0)] = operands[0];
    return success();
  }
  OperationState copy(loc, op->getName());
  copy.addOperands(operands);
  copy.addTypes(SmallVector<Type>(op->getNumResults(), builder.getI64Type()));
  copy.propertiesAttr = op->getPropertiesAsAttribute();
  Operation *clone = builder.create(copy);
  for (auto [before, after] : llvm::zip_equal(op->getResults(), clone->getResults()))
    scalars[before] = after;
  return success();
}

LogicalResult FunctionLowering::lowerConstant(arith::ConstantOp op) {
  auto value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value)
    return op.emitOpError("holds a tensor that is not dense elements, which cannot be lowered");
  Strided result;
  result.elementType = value.getElementType();
  for (int64_t size : value.getType().getShape())
    result.extents.push_back(Size::of(size));
  result.strides = denseStrides(result.extents);
  if (value.isSplat()) {
    result.splat = value.getSplatValue<TypedAttr>();
    result.strides.assign(result.rank(), Size::of(0));
  } else {
    result.buffer = constantTable(value);
  }
  set(op, result);
  return success();
}

LogicalResult FunctionLowering::lower(Operation *op) {
  loc = op->getLoc();
  if (isFused(op))
    return success();
  if (!isa<nn::ContractOp, nn::EmbeddingOp, CopyOp>(op))
    for (Value operand : op->getOperands())
      if (auto known = values.find(operand); known != values.end() && known->second.format)
        return op->emitOpError() << "reads operand " << operand
                                 << ", which is kept as its file stores it; only products and lookups can";
  if (auto collective = dyn_cast<Collective>(op))
    return lowerCollective(collective);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](nn::GetOp get) {
        set(get, declared(get.getNameAttr(), cast<RankedTensorType>(get.getType())));
        return success();
      })
      .Case([&](nn::SetOp setOp) {
        llvm::erase_if(sets, [&](nn::SetOp earlier) { return earlier.getName() == setOp.getName(); });
        sets.push_back(setOp);
        return success();
      })
      .Case([&](nn::ContractOp contract) { return lowerContract(contract); })
      .Case([&](nn::MapOp map) { return lowerMap(map); })
      .Case([&](nn::IotaOp iota) { return lowerIota(iota); })
      .Case([&](nn::ReshapeOp reshape) { return lowerReshape(reshape); })
      .Case([&](nn::BroadcastOp broadcast) { return lowerBroadcast(broadcast); })
      .Case([&](nn::TransposeOp transpose) { return lowerTranspose(transpose); })
      .Case([&](nn::SliceOp slice) { return lowerSlice(slice); })
      .Case([&](nn::ConcatOp concat) { return lowerConcat(concat); })
      .Case([&](nn::PadOp pad) { return lowerPad(pad); })
      .Case([&](nn::ReduceOp reduce) { return lowerReduce(reduce); })
      .Case([&](nn::SoftmaxOp softmax) { return lowerSoftmax(softmax); })
      .Case([&](nn::RmsNormOp norm) { return lowerRmsNorm(norm); })
      .Case([&](nn::LayerNormOp norm) { return lowerLayerNorm(norm); })
      .Case([&](nn::RopeOp rope) { return lowerRope(rope); })
      .Case([&](nn::EmbeddingOp embedding) { return lowerEmbedding(embedding); })
      .Case([&](nn::GatherOp gather) { return lowerGather(gather); })
      .Case([&](nn::CacheUpdateOp update) { return lowerCacheUpdate(update); })
      .Case([&](nn::AttentionOp attention) { return lowerAttention(attention); })
      .Case([&](linalg::GenericOp generic) { return lowerGeneric(generic); })
      .Case([&](linalg::FillOp fill) -> LogicalResult {
        auto constant = fill.getInputs()[0].getDefiningOp<arith::ConstantOp>();
        if (!constant)
          return fill.emitOpError("fills with a value that is no constant, which cannot be lowered");
        Strided result = at(fill.getOutputs()[0]);
        result.splat = constant.getValue();
        set(fill->getResult(0), result);
        return success();
      })
      .Case([&](tensor::EmptyOp empty) -> LogicalResult {
        Strided result; // its elements mean nothing: zeros, if anybody looks
        auto type = empty.getType();
        result.elementType = type.getElementType();
        result.splat = cast<TypedAttr>(builder.getZeroAttr(result.elementType));
        unsigned dynamic = 0;
        for (int64_t size : type.getShape()) {
          if (!ShapedType::isDynamic(size)) {
            result.extents.push_back(Size::of(size));
            continue;
          }
          auto dim = empty.getDynamicSizes()[dynamic++].getDefiningOp<tensor::DimOp>();
          if (!dim || !dim.getConstantIndex())
            return empty.emitOpError("has a dynamic size that is not a dimension of another tensor (tensor.dim)");
          result.extents.push_back(at(dim.getSource()).extents[*dim.getConstantIndex()]);
        }
        result.strides.assign(result.rank(), Size::of(0));
        set(empty, result);
        return success();
      })
      .Case([&](arith::ConstantOp constant) {
        return isa<RankedTensorType>(constant.getType()) ? lowerConstant(constant) : lowerScalar(constant);
      })
      .Case([&](func::ReturnOp returnOp) {
        storeResults(returnOp);
        return success();
      })
      .Default([&](Operation *other) -> LogicalResult {
        bool onScalars = llvm::none_of(other->getOperandTypes(), llvm::IsaPred<ShapedType>) &&
                         llvm::none_of(other->getResultTypes(), llvm::IsaPred<ShapedType>);
        if ((onScalars && isa<AxisIndexOp>(other)) || isa<tensor::DimOp>(other) ||
            (onScalars && isa_and_nonnull<arith::ArithDialect>(other->getDialect())))
          return lowerScalar(other);
        return other->emitOpError("has no lowering for the cpu; Normalize turns the ops it knows into nn, and what has no "
                                  "name into linalg.generic");
      });
}

} // namespace tp::lowering
