// Sums and functions of single elements are computed in f32 and rounded once, whatever the element type.
#include "GraphBuilder.h"

using namespace mlir;

namespace tp {

static Type elementTypeOf(MLIRContext *context, DType type) {
  Builder builder(context);
  return type == DType::F16    ? Type(builder.getF16Type())
         : type == DType::BF16 ? Type(builder.getBF16Type())
                               : Type(builder.getF32Type());
}

GraphBuilder::GraphBuilder(ModuleOp module, const ModelPlan &plan, const GraphOptions &options)
    : module(module), plan(plan), options(options), builder(module.getContext()),
      elementType(elementTypeOf(module.getContext(), options.type)), location(UnknownLoc::get(module.getContext())) {
  builder.setInsertionPointToEnd(module.getBody());
}

//===-- Declarations --------------------------------------------------------------------------------------------===//

LayoutAttr GraphBuilder::layoutAttr(const Layout &layout) {
  MeshOp mesh = findMesh(module);
  return LayoutAttr::get(builder.getContext(), FlatSymbolRefAttr::get(mesh.getSymNameAttr()), layout);
}

void GraphBuilder::declareParameters() {
  for (const ModelParameter &parameter : plan.parameters) {
    const ModelWeight &weight = parameter.weight;
    SmallVector<NamedAttribute> source{builder.getNamedAttr("tensor", builder.getStringAttr(weight.storedName))};
    if (parameter.paddedShape != weight.shape)
      source.push_back(builder.getNamedAttr("pad_to", builder.getDenseI64ArrayAttr(parameter.paddedShape)));
    auto op =
        nn::ParameterOp::create(builder, named(weight.name), builder.getStringAttr(weight.name),
                                TypeAttr::get(tensor(parameter.paddedShape)), builder.getDictionaryAttr(source), StringAttr());
    if (parameter.wish)
      op->setAttr(layoutAttrName, layoutAttr(*parameter.wish));
    types[weight.name] = tensor(parameter.paddedShape);
  }
}

void GraphBuilder::declareState(const std::string &name, ArrayRef<int64_t> shape) {
  nn::StateOp::create(builder, named(name), builder.getStringAttr(name), TypeAttr::get(tensor(shape)), StringAttr());
  types[name] = tensor(shape);
}

func::FuncOp GraphBuilder::startFunction(const std::string &name, ArrayRef<NamedType> arguments, ArrayRef<NamedType> results) {
  auto typesOf = [](ArrayRef<NamedType> values) {
    return llvm::map_to_vector(values, [](const NamedType &value) { return Type(value.type); });
  };
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, named(name), name, builder.getFunctionType(typesOf(arguments), typesOf(results)));
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    if (!argument.type.hasStaticShape())
      function->setAttr(nn::maxDynamicAttrName, builder.getI64IntegerAttr(options.maxSequence));
    function.setArgAttr(i, "nn.name", builder.getStringAttr(argument.name));
    if (plan.batchAxes.empty())
      continue;
    Layout wish = Layout::whole(argument.type.getRank());
    wish.dims[0].axes = plan.batchAxes;
    function.setArgAttr(i, layoutAttrName, layoutAttr(wish));
  }
  for (auto [i, result] : llvm::enumerate(results)) {
    function.setResultAttr(i, "nn.name", builder.getStringAttr(result.name));
    function.setResultAttr(i, layoutAttrName, layoutAttr(Layout::whole(result.type.getRank())));
  }
  builder.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

//===-- Ops -----------------------------------------------------------------------------------------------------===//

Value GraphBuilder::contract(StringRef equation, Value lhs, Value rhs, RankedTensorType type) {
  return nn::ContractOp::create(builder, location, type, equation, lhs, rhs);
}

Value GraphBuilder::add(Value left, Value right) {
  return nn::MapOp::build(builder, location, typeOf(left), {left, right},
                          [](OpBuilder &body, Location at, ValueRange scalars) -> Value {
                            return arith::AddFOp::create(body, at, scalars[0], scalars[1]);
                          });
}

Value GraphBuilder::reshape(Value x, ArrayRef<int64_t> shape) {
  return nn::ReshapeOp::create(builder, location, tensor(shape), x);
}

Value GraphBuilder::sliceLast(Value x, int64_t offset, int64_t size) {
  SmallVector<int64_t> shape(typeOf(x).getShape()), offsets(shape.size(), 0), strides(shape.size(), 1);
  shape.back() = size;
  offsets.back() = offset;
  SmallVector<int64_t> sizes =
      llvm::map_to_vector(shape, [](int64_t extent) { return ShapedType::isDynamic(extent) ? -1 : extent; });
  return nn::SliceOp::create(builder, location, tensor(shape), x, offsets, sizes, strides);
}

Value GraphBuilder::embed(const std::string &table, Value ids) {
  SmallVector<int64_t> shape(typeOf(ids).getShape());
  shape.push_back(types.at(table).getDimSize(1));
  return nn::EmbeddingOp::create(builder, location, tensor(shape), ids, get(table), Value());
}

Value GraphBuilder::linear(const std::string &name, Value x, Stored stored) {
  enter(name);
  Value weight = get(name + ".weight");
  SmallVector<int64_t> shape(typeOf(x).getShape());
  shape.back() = typeOf(weight).getDimSize(stored == Stored::OutIn ? 0 : 1);
  bool hasSequence = shape.size() == 3;
  StringRef equation =
      stored == Stored::OutIn ? (hasSequence ? "bsh,fh->bsf" : "bh,fh->bf") : (hasSequence ? "bsh,hf->bsf" : "bh,hf->bf");
  Value y = contract(equation, x, weight, tensor(shape));
  if (!has(name + ".bias"))
    return y;
  Value like = typeOf(y).hasStaticShape() ? Value() : y;
  int64_t last = static_cast<int64_t>(shape.size()) - 1;
  return add(y, nn::BroadcastOp::create(builder, location, y.getType(), get(name + ".bias"), ArrayRef<int64_t>{last}, like));
}

Value GraphBuilder::rmsNorm(const std::string &name, Value x, double epsilon) {
  enter(name);
  return nn::RmsNormOp::create(builder, location, x.getType(), x, get(name + ".weight"), builder.getF64FloatAttr(epsilon));
}

Value GraphBuilder::layerNorm(const std::string &name, Value x, double epsilon) {
  enter(name);
  return nn::LayerNormOp::create(builder, location, x.getType(), x, get(name + ".weight"), get(name + ".bias"),
                                 builder.getF64FloatAttr(epsilon));
}

Value GraphBuilder::activate(Activation activation, Value x) {
  return nn::MapOp::build(builder, location, typeOf(x), {x}, [&](OpBuilder &body, Location at, ValueRange scalars) {
    return rounded(body, at, applyActivation(activation, body, at, widened(body, at, scalars[0])));
  });
}

Value GraphBuilder::splitHeads(Value x, int64_t heads) {
  RankedTensorType type = typeOf(x);
  return reshape(x, {type.getDimSize(0), type.getDimSize(1), heads, type.getDimSize(2) / heads});
}

Value GraphBuilder::mergeHeads(Value x) {
  RankedTensorType type = typeOf(x);
  return reshape(x, {type.getDimSize(0), type.getDimSize(1), type.getDimSize(2) * type.getDimSize(3)});
}

Value GraphBuilder::widened(OpBuilder &body, Location at, Value scalar) {
  return elementType.isF32() ? scalar : arith::ExtFOp::create(body, at, body.getF32Type(), scalar);
}

Value GraphBuilder::rounded(OpBuilder &body, Location at, Value scalar) {
  return elementType.isF32() ? scalar : arith::TruncFOp::create(body, at, elementType, scalar);
}

Value GraphBuilder::toF32(Value x) {
  if (elementType.isF32())
    return x;
  auto type = RankedTensorType::get(typeOf(x).getShape(), builder.getF32Type());
  return nn::MapOp::build(builder, location, type, {x},
                          [&](OpBuilder &body, Location at, ValueRange scalars) { return widened(body, at, scalars[0]); });
}

Value GraphBuilder::whole(Value x) {
  return ConstrainOp::create(builder, location, x.getType(), x, layoutAttr(Layout::whole(typeOf(x).getRank())));
}

} // namespace tp
