// The pass: functions one by one, results and states stored at their ends.
#include "tp/Conversion/Lower.h"

#include "Lowering.h"

#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/VerifyLayouts.h"
#include "tp/Support/Dequantize.h"

using namespace mlir;

namespace tp {
namespace lowering {

/// How many ways the local dimension `dim` of an argument is split, by its tp.global; 1 without one.
static int64_t splitOf(Attribute global, int64_t dim, const Mesh &mesh) {
  auto type = dyn_cast_or_null<TypeAttr>(global);
  LayoutAttr layout = type ? layoutOf(type.getValue()) : LayoutAttr();
  return layout ? mesh.sizeOf(layout.getLayout().dims[dim].axes) : 1;
}

LogicalResult FunctionLowering::run() {
  Block &body = source.front();
  if (!llvm::hasSingleElement(source.getBody()))
    return source.emitOpError("has several blocks, needs straight-line code");
  SmallVector<Type> types;
  std::vector<Strided> places;
  auto addBuffer = [&](Type type, Attribute global) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return source.emitOpError() << "has an argument or result of type " << type << ", needs tensors only";
    Strided place;
    place.elementType = tensor.getElementType().isIndex() ? builder.getI64Type() : tensor.getElementType();
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      place.extents.push_back(tensor.isDynamicDim(d) ? Size::tokens(splitOf(global, d, state.mesh))
                                                     : Size::of(tensor.getDimSize(d)));
    place.strides = denseStrides(place.extents);
    types.push_back(memrefOf(place.elementType, place.extents));
    places.push_back(place);
    return success();
  };
  for (unsigned i = 0; i < source.getNumArguments(); ++i)
    if (failed(addBuffer(source.getArgumentTypes()[i], source.getArgAttr(i, globalTypeAttrName))))
      return failure();
  for (unsigned i = 0; i < source.getNumResults(); ++i)
    if (failed(addBuffer(source.getResultTypes()[i], source.getResultAttr(i, globalTypeAttrName))))
      return failure();

  builder.setInsertionPoint(source);
  target = func::FuncOp::create(builder, source.getLoc(), source.getName(), builder.getFunctionType(types, {}));
  target->setDiscardableAttrs(source->getDiscardableAttrDictionary());
  SmallVector<DictionaryAttr> attributes;
  for (unsigned i = 0; i < source.getNumArguments(); ++i)
    attributes.push_back(source.getArgAttrDict(i));
  for (unsigned i = 0; i < source.getNumResults(); ++i) {
    NamedAttrList output(source.getResultAttrDict(i));
    output.set(rt::outputAttrName, builder.getUnitAttr());
    attributes.push_back(output.getDictionary(builder.getContext()));
  }
  target.setAllArgAttrs(attributes);
  Block *entry = target.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  for (auto [place, argument] : llvm::zip_equal(places, entry->getArguments()))
    place.buffer = argument;
  for (unsigned i = 0; i < source.getNumArguments(); ++i)
    set(body.getArgument(i), places[i]);

  for (Operation &op : body)
    if (failed(lower(&op)))
      return failure();

  func::ReturnOp::create(builder, source.getLoc());
  for (auto [site, count] : llvm::zip_equal(sites, siteCounts)) {
    NamedAttrList fields(cast<DictionaryAttr>(site));
    fields.set("count", builder.getI64IntegerAttr(count));
    site = fields.getDictionary(builder.getContext());
  }
  target->setAttr(rt::collectivesAttrName, builder.getArrayAttr(sites));
  source.erase();
  return success();
}

// Results first, then states: a result may be what a state held before. Of two states that trade places, each must be
// read before the other is written, so such values are copied out first.
void FunctionLowering::storeResults(func::ReturnOp op) {
  unsigned inputs = source.getNumArguments();
  for (auto [i, value] : llvm::enumerate(op.getOperands())) {
    Strided place = at(value);
    place.buffer = target.getArgument(inputs + i);
    place.offset = {};
    place.splat = {};
    place.strides = denseStrides(place.extents);
    copy(at(value), place);
  }
  auto stateOf = [&](const Strided &value) {
    return value.buffer ? rt::rootOf(value.buffer).getDefiningOp<rt::StateOp>() : rt::StateOp();
  };
  std::vector<std::pair<nn::SetOp, Strided>> news;
  for (nn::SetOp setOp : sets) {
    Strided value = at(setOp.getValue());
    rt::StateOp held = stateOf(value);
    bool isUnchanged = held && held.getName() == setOp.getName() && !value.offset && value.isDense();
    if (isUnchanged)
      continue;
    if (held && llvm::any_of(sets, [&](nn::SetOp other) { return other.getName() == held.getName(); })) {
      Strided out = allocate(value.elementType, value.extents);
      copy(value, out);
      value = out;
    }
    news.push_back({setOp, value});
  }
  for (auto &[setOp, value] : news) {
    Strided place = declared(setOp.getNameAttr(), cast<RankedTensorType>(setOp.getValue().getType()));
    copy(value, place);
  }
}

} // namespace lowering

#define GEN_PASS_DEF_LOWER
#include "tp/Conversion/Lower.h.inc"

namespace {
struct Lower : impl::LowerBase<Lower> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(verifyTensors(module)))
      return signalPassFailure();
    lowering::ModuleState state(module);
    if (MeshOp mesh = findMesh(module))
      state.mesh = mesh.getMesh();
    for (auto parameter : module.getOps<nn::ParameterOp>()) {
      int64_t number = state.parameterNumbers.size();
      state.parameterNumbers[parameter.getSymName()] = number;
      if (auto stored = parameter->getAttrOfType<StringAttr>(storedAttrName)) {
        std::optional<StoredFormat> format = storedFormat(stored.str());
        if (!format) {
          parameter.emitOpError() << "is kept as " << stored << ", which is not computed with";
          return signalPassFailure();
        }
        state.storedParameters[parameter.getSymName()] = {int64_t(*format),
                                                          parameterBytes(parameter, cast<RankedTensorType>(parameter.getType()))};
      }
    }
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      if (failed(lowering::FunctionLowering(state, function).run()))
        return signalPassFailure();
    }
    OpBuilder builder(&getContext());
    SmallVector<Attribute> groups;
    for (const std::vector<AxisPart> &parts : state.groups)
      groups.push_back(AxesAttr::get(&getContext(), parts));
    module->setAttr(rt::groupsAttrName, builder.getArrayAttr(groups));
  }
};
} // namespace

} // namespace tp
