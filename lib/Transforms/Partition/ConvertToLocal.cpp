// Builds one rank's function beside each laid-out one, op by op, and then takes its place.
//
// Everything that an op needs follows from types: which of its factors are split (verifyLaidOut), the local shapes, and what
// each reshard costs. Sources (constants, fills, iota) of a partial layout are made whole and kept by one rank, unless they
// are neutral anyway.
#include "ConvertToLocal.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tp {

namespace {

bool isNeutral(Attribute element, Reduction kind) {
  if (auto number = dyn_cast_or_null<FloatAttr>(element)) {
    const llvm::APFloat &value = number.getValue();
    return kind == Reduction::Sum ? value.isZero() : value.isInfinity() && value.isNegative() == (kind == Reduction::Max);
  }
  if (auto number = dyn_cast_or_null<IntegerAttr>(element)) {
    const llvm::APInt &value = number.getValue();
    return kind == Reduction::Sum ? value.isZero() : kind == Reduction::Max ? value.isMinSignedValue() : value.isMaxSignedValue();
  }
  return false;
}

// Answers where this rank's shard of an op begins.
struct OpContext : LocalContext {
  OpContext(const Mesh &mesh, FlatSymbolRefAttr meshName, ShardingRule rule, const FactorAxes &factors, ValueRange operands)
      : mesh(mesh), meshName(meshName), rule(rule), factors(factors), operands(operands) {}

  std::vector<AxisPart> axesOf(int64_t factor) override { return factors.axes[factor]; }

  Value offsetOf(OpBuilder &builder, Location loc, int64_t factor) override {
    const std::vector<AxisPart> &axes = factors.axes[factor];
    if (mesh.sizeOf(axes) == 1)
      return {};
    Value index = AxisIndexOp::create(builder, loc, builder.getIndexType(), meshName, AxesAttr::get(builder.getContext(), axes));
    Value size = sizeOf(builder, loc, factor);
    return size ? arith::MulIOp::create(builder, loc, index, size) : Value();
  }

private:
  // The size of one rank's part of `factor`.
  Value sizeOf(OpBuilder &builder, Location loc, int64_t factor) {
    FactorMap map = rule.getFactorMap();
    if (!ShapedType::isDynamic(map.factors[factor].size))
      return arith::ConstantIndexOp::create(builder, loc, map.factors[factor].size / mesh.sizeOf(factors.axes[factor]));
    for (auto [i, dims] : llvm::enumerate(map.operands))
      for (auto [d, dim] : llvm::enumerate(dims))
        if (dim.size() == 1 && dim[0] == factor)
          return tensor::DimOp::create(builder, loc, operands[i], int64_t(d));
    return {};
  }

  const Mesh &mesh;
  FlatSymbolRefAttr meshName;
  ShardingRule rule;
  const FactorAxes &factors;
  ValueRange operands;
};

class FunctionConverter {
public:
  FunctionConverter(func::FuncOp function, MeshOp meshOp)
      : function(function), mesh(meshOp.getMesh()), meshName(FlatSymbolRefAttr::get(meshOp.getSymNameAttr())),
        dynamicExtent(nn::maxDynamicOf(function)), copies(function, mesh), builder(function.getContext()) {}

  LogicalResult run() {
    Block &old = function.getBody().front();
    Block *block = new Block();
    function.getBody().push_back(block);
    for (BlockArgument argument : old.getArguments())
      local[argument] = block->addArgument(localOf(argument.getType()), argument.getLoc());
    builder.setInsertionPointToStart(block);
    for (Operation &op : old)
      if (failed(convert(&op)))
        return failure();
    replaceSignature();
    old.dropAllReferences();
    old.dropAllUses();
    old.erase();
    return success();
  }

private:
  Type localOf(Type type) const { return layoutOf(type) ? localType(cast<RankedTensorType>(type), mesh) : type; }

  SmallVector<Type> localOf(TypeRange types) const {
    return llvm::map_to_vector(types, [&](Type type) { return localOf(type); });
  }

  void replaceSignature() {
    // All at once: setting one attribute copies the list of all arguments'.
    auto withGlobal = [&](Type type, DictionaryAttr attributes) {
      NamedAttrList list(attributes);
      if (layoutOf(type))
        list.set(globalTypeAttrName, TypeAttr::get(type));
      return list.getDictionary(function.getContext());
    };
    SmallVector<DictionaryAttr> arguments, results;
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
      arguments.push_back(withGlobal(type, function.getArgAttrDict(i)));
    for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
      results.push_back(withGlobal(type, function.getResultAttrDict(i)));
    function.setAllArgAttrs(arguments);
    function.setAllResultAttrs(results);
    function.setFunctionType(builder.getFunctionType(localOf(function.getArgumentTypes()), localOf(function.getResultTypes())));
  }

  //===-- f ------------------------------------------------------------------------------------------------------===//

  /// The local value for a use, through f where the use needs it.
  Value valueFor(OpOperand &use) {
    return copied(use.get(), minus(mesh, copies.axesOf(use), replicated.lookup(use.get())), use.getOwner());
  }

  // `value` in state R over `axes`. Larger sets start from the largest smaller one that some use needs, so that cotangents
  // are added before they are reduced over the axes they share.
  Value copied(Value value, const AxisSet &axes, Operation *user) {
    if (axes.empty())
      return local.lookup(value);
    Value &made = madeCopies[value][axes];
    if (made)
      return made;
    AxisSet smaller;
    for (const AxisSet &set : copies.setsOf(value, replicated.lookup(value)))
      if (set != axes && minus(mesh, set, axes).empty() && mesh.sizeOf(set) >= mesh.sizeOf(smaller))
        smaller = set;
    Value from = copied(value, smaller, user);
    auto copy = CopyOp::create(builder, user->getLoc(), from.getType(), from, meshName.getValue(),
                               AxesAttr::get(builder.getContext(), minus(mesh, axes, smaller)), State::I, State::R);
    copy->setAttr(whereAttrName, builder.getStringAttr(whereOf(user)));
    return madeCopies[value][axes] = copy;
  }

  //===-- Changes of layout --------------------------------------------------------------------------------------===//

  LogicalResult convertReshard(ReshardOp op) {
    auto type = cast<RankedTensorType>(op.getType());
    const Layout &from = layoutOf(op.getInput()).getLayout(), &to = layoutOf(type).getLayout();
    auto [entry, isNew] = plans.try_emplace({op.getInput().getType(), type});
    std::optional<ReshardPlan> &plan = entry->second;
    if (isNew) {
      int64_t elementBytes = bytesOf(RankedTensorType::get({}, type.getElementType()), 1);
      plan = planReshard(mesh, shapeOf(type), elementBytes, dynamicExtent, from, to);
    }
    if (!plan)
      return op.emitOpError() << "no sequence of collectives goes from " << from.str() << " to " << to.str();
    Value value = local.lookup(op.getInput());
    for (auto [i, step] : llvm::enumerate(plan->steps)) {
      bool isLast = i + 1 == plan->steps.size();
      State gathered = State::I;
      if (isLast && step.kind == ReshardStep::Kind::AllGather && copies.hasCotangent(op.getResult()) &&
          copies.allUsesDiffer(op.getResult(), step.axes)) {
        gathered = State::R;
        replicated[op.getResult()] = step.axes;
      }
      value = emit(op, value, type, step, from.isPartial() ? from.reduction : to.reduction, gathered);
    }
    local[op.getResult()] = value;
    return success();
  }

  Value emit(Operation *source, Value value, RankedTensorType global, const ReshardStep &step, Reduction reduction,
             State gathered) {
    Location loc = source->getLoc();
    MLIRContext *context = builder.getContext();
    Type type = localType(withLayout(global, LayoutAttr::get(context, meshName, step.after)), mesh);
    StringRef name = meshName.getValue();
    auto axes = AxesAttr::get(context, step.axes);
    ReductionKind kind = toReductionKind(reduction);
    Operation *op = nullptr;
    switch (step.kind) {
    case ReshardStep::Kind::AllReduce:
      op = AllReduceOp::create(builder, loc, type, value, name, axes, State::P, State::I, kind);
      break;
    case ReshardStep::Kind::ReduceScatter:
      op = ReduceScatterOp::create(builder, loc, type, value, name, axes, State::P, State::S, step.dim, kind);
      break;
    case ReshardStep::Kind::AllGather:
      op = AllGatherOp::create(builder, loc, type, value, name, axes, State::S, gathered, step.dim);
      break;
    case ReshardStep::Kind::AllToAll:
      op = AllToAllOp::create(builder, loc, type, value, name, axes, State::S, State::S, step.dim, step.concatDim);
      break;
    case ReshardStep::Kind::Slice:
      op = SliceOp::create(builder, loc, type, value, name, axes, State::I, State::S, step.dim);
      break;
    case ReshardStep::Kind::Keep:
      op = KeepOp::create(builder, loc, type, value, name, axes, State::I, State::P, kind);
      break;
    }
    op->setAttr(whereAttrName, builder.getStringAttr(whereOf(source)));
    copyReason(source, op);
    return op->getResult(0);
  }

  /// `value`, which every rank has made whole, as a partial value of `layout`.
  Value kept(Operation *source, Value value, const Layout &layout) {
    Layout stripped = canonical(mesh, layout);
    if (!stripped.isPartial())
      return value;
    auto op = KeepOp::create(builder, source->getLoc(), value.getType(), value, meshName.getValue(),
                             AxesAttr::get(builder.getContext(), stripped.partial), State::I, State::P,
                             toReductionKind(stripped.reduction));
    op->setAttr(whereAttrName, builder.getStringAttr(whereOf(source)));
    return op;
  }

  //===-- Ops ----------------------------------------------------------------------------------------------------===//

  LogicalResult convert(Operation *op) {
    if (auto reshard = dyn_cast<ReshardOp>(op))
      return convertReshard(reshard);
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && layoutOf(constant.getType()))
      return convertConstant(constant);
    if (auto empty = dyn_cast<tensor::EmptyOp>(op))
      return convertEmpty(empty);
    if (auto dim = dyn_cast<tensor::DimOp>(op))
      return convertDim(dim);
    if (auto rule = dyn_cast<ShardingRule>(op); rule && touchesTensors(op))
      return convertByRule(op, rule);
    return convertPlainly(op);
  }

  static bool touchesTensors(Operation *op) {
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    return llvm::any_of(op->getOperandTypes(), isTensor) || llvm::any_of(op->getResultTypes(), isTensor);
  }

  LogicalResult convertConstant(arith::ConstantOp op) {
    auto global = cast<RankedTensorType>(op.getType());
    const Layout &layout = layoutOf(global).getLayout();
    auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
    if (elements && elements.isSplat()) {
      auto type = cast<RankedTensorType>(localOf(global));
      Value value = arith::ConstantOp::create(builder, op.getLoc(), elements.resizeSplat(type));
      bool neutral = isNeutral(elements.getSplatValue<Attribute>(), layout.reduction);
      noteLayout(value.getDefiningOp(), global, /*isPartial=*/neutral);
      local[op] = neutral ? value : kept(op, value, layout);
      return success();
    }
    auto type = RankedTensorType::get(global.getShape(), global.getElementType());
    TypedAttr whole;
    if (elements)
      whole = elements.reshape(type);
    else if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue()))
      whole = DenseResourceElementsAttr::get(type, resource.getRawHandle());
    else
      return op.emitOpError("cannot be cut into shards: its value is neither dense nor a resource");
    Value value = arith::ConstantOp::create(builder, op.getLoc(), whole);
    Layout after = Layout::whole(global.getRank());
    for (auto [d, dim] : llvm::enumerate(canonical(mesh, layout).dims)) {
      after.dims[d] = dim;
      if (!dim.axes.empty())
        value = emit(op, value, global, {ReshardStep::Kind::Slice, dim.axes, int64_t(d), -1, after}, Reduction::Sum, State::I);
    }
    local[op] = kept(op, value, layout);
    return success();
  }

  // Sizes in a program count global elements; those that a rank allocates count its own.
  LogicalResult convertEmpty(tensor::EmptyOp op) {
    auto global = cast<RankedTensorType>(op.getType());
    SmallVector<Value> sizes;
    for (auto [i, size] : llvm::enumerate(op.getDynamicSizes())) {
      int64_t pieces = mesh.sizeOf(layoutOf(global).getLayout().dims[global.getDynamicDimIndex(i)].axes);
      Value mapped = local.lookup(size);
      if (pieces > 1)
        mapped =
            arith::DivUIOp::create(builder, op.getLoc(), mapped, arith::ConstantIndexOp::create(builder, op.getLoc(), pieces));
      sizes.push_back(mapped);
    }
    auto made = tensor::EmptyOp::create(builder, op.getLoc(), localOf(global), sizes);
    noteLayout(made, global, /*isPartial=*/false);
    local[op] = made;
    return success();
  }

  LogicalResult convertDim(tensor::DimOp op) {
    LayoutAttr layout = layoutOf(op.getSource());
    std::optional<int64_t> dim = op.getConstantIndex();
    if (!dim)
      return op.emitOpError("asks for the size of a dimension that is not a constant");
    Value size = tensor::DimOp::create(builder, op.getLoc(), local.lookup(op.getSource()), *dim);
    int64_t pieces = layout ? mesh.sizeOf(layout.getLayout().dims[*dim].axes) : 1;
    if (pieces > 1)
      size = arith::MulIOp::create(builder, op.getLoc(), size, arith::ConstantIndexOp::create(builder, op.getLoc(), pieces));
    local[op] = size;
    return success();
  }

  LogicalResult convertByRule(Operation *op, ShardingRule rule) {
    FailureOr<FactorAxes> factors = verifyLaidOut(op, rule, mesh);
    if (failed(factors))
      return failure();
    SmallVector<Value> operands;
    for (OpOperand &use : op->getOpOperands())
      operands.push_back(valueFor(use));
    OpContext context(mesh, meshName, rule, *factors, operands);
    Operation *built = rule.buildLocal(builder, operands, localOf(op->getResultTypes()), context);
    // Local shapes do not tell which dimension of a reshape stays split (64 -> 1x64).
    if (isa<nn::ReshapeOp>(op) &&
        localOf(op->getOperand(0).getType()) != withLayout(cast<RankedTensorType>(op->getOperand(0).getType()), {}))
      built->setAttr(globalTypeAttrName, TypeAttr::get(op->getResult(0).getType()));
    else if (op->getNumResults() == 1 && hasSplitOfItsOwn(rule.getFactorMap(), *factors))
      noteLayout(built, cast<RankedTensorType>(op->getResult(0).getType()), /*isPartial=*/false);
    bool isSource = llvm::none_of(op->getOperandTypes(), llvm::IsaPred<TensorType>) || isa<linalg::FillOp>(op);
    for (auto [old, made] : llvm::zip_equal(op->getResults(), built->getResults())) {
      local[old] = made;
      LayoutAttr layout = layoutOf(old);
      if (!isSource || !layout)
        continue;
      if (isNeutralFill(op, layout.getLayout().reduction))
        noteLayout(built, cast<RankedTensorType>(old.getType()), /*isPartial=*/true);
      else
        local[old] = kept(op, made, layout.getLayout());
    }
    return success();
  }

  static bool isNeutralFill(Operation *op, Reduction kind) {
    auto fill = dyn_cast<linalg::FillOp>(op);
    Attribute value;
    return fill && matchPattern(fill.getInputs()[0], m_Constant(&value)) && isNeutral(value, kind);
  }

  // Whether a factor of the result that no operand has is split.
  bool hasSplitOfItsOwn(const FactorMap &map, const FactorAxes &factors) const {
    std::vector<bool> known(map.factors.size(), false);
    for (const FactorMap::Tensor &operand : map.operands)
      for (const FactorMap::Dim &dim : operand)
        for (int64_t factor : dim)
          known[factor] = true;
    for (const FactorMap::Dim &dim : map.results[0])
      for (int64_t factor : dim)
        if (!known[factor] && mesh.sizeOf(factors.axes[factor]) > 1)
          return true;
    return false;
  }

  // Writes beside an op the layout of its result where its operands do not tell: StateAnalysis reads it. Partial is what is
  // neutral and so needs nobody to keep it.
  void noteLayout(Operation *made, RankedTensorType global, bool isPartial) const {
    Layout layout = canonical(mesh, layoutOf(global).getLayout());
    if (!isPartial)
      layout.partial.clear();
    if (!layout.isWhole())
      made->setAttr(globalTypeAttrName,
                    TypeAttr::get(withLayout(global, LayoutAttr::get(global.getContext(), meshName, layout))));
  }

  // An op that has no tensors, or is whole in all of them, or only passes them on.
  LogicalResult convertPlainly(Operation *op) {
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, local.lookup(operand));
    bool hasNested = false;
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        hasNested |= nested != op && local.count(operand);
    });
    if (hasNested && touchesTensors(op))
      return op->emitOpError("has a region that uses tensors from outside, which tp-partition cannot make local");
    for (auto &entry : local)
      if (hasNested)
        mapping.map(entry.first, entry.second);
    Operation *made = builder.clone(*op, mapping);
    for (auto [old, result] : llvm::zip_equal(op->getResults(), made->getResults())) {
      result.setType(localOf(old.getType()));
      local[old] = result;
    }
    return success();
  }

  func::FuncOp function;
  Mesh mesh;
  FlatSymbolRefAttr meshName;
  int64_t dynamicExtent;
  CopyPlan copies;
  OpBuilder builder;
  llvm::DenseMap<Value, Value> local;
  /// Axes over which a value was gathered straight into state R.
  llvm::DenseMap<Value, AxisSet> replicated;
  llvm::DenseMap<Value, std::map<AxisSet, Value>> madeCopies;
  /// Equal layers change the same types: each change is planned once.
  llvm::DenseMap<std::pair<Type, Type>, std::optional<ReshardPlan>> plans;
};

template <typename Declaration> void convertDeclaration(Declaration op, const Mesh &mesh) {
  auto global = cast<RankedTensorType>(op.getType());
  op->setAttr(globalTypeAttrName, TypeAttr::get(global));
  op.setTypeAttr(TypeAttr::get(localType(global, mesh)));
}

} // namespace

LogicalResult convertToLocal(ModuleOp module) {
  MeshOp meshOp = findMesh(module);
  Mesh mesh = meshOp.getMesh();
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      return function.emitOpError("has no body, so it has no local form");
    if (!function.getBody().hasOneBlock())
      return function.emitOpError() << "has " << function.getBody().getBlocks().size() << " blocks, tp-partition needs one";
    if (failed(FunctionConverter(function, meshOp).run()))
      return failure();
  }
  for (Operation &op : *module.getBody()) {
    if (auto parameter = dyn_cast<nn::ParameterOp>(op))
      convertDeclaration(parameter, mesh);
    else if (auto state = dyn_cast<nn::StateOp>(op))
      convertDeclaration(state, mesh);
  }
  return success();
}

} // namespace tp
