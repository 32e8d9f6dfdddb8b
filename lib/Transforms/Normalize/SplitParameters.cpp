// Makes weights of slices of weights: where a program uses only fixed slices of a stored tensor, those are what is loaded and sharded.
//
// The slices must not overlap; together they need not cover the whole. Each takes the wish of the whole, which must divide each. A
// slice that is used twice (in two entries, say) is one weight.
#include "lib/Transforms/Normalize/Steps.h"

#include "tp/Analysis/Parameters.h"

using namespace mlir;

namespace tp::normalize {

namespace {

using Box = std::pair<std::vector<int64_t>, std::vector<int64_t>>; // offsets, sizes

// The boxes that `values`, all the same weight, are used in, sorted; nothing if there is any other use or if boxes overlap.
std::vector<Box> slicesOf(ArrayRef<Value> values) {
  std::vector<Box> boxes;
  for (Value value : values)
    for (Operation *user : value.getUsers()) {
      auto slice = dyn_cast<nn::SliceOp>(user);
      if (!slice || !slice.getType().hasStaticShape() ||
          llvm::any_of(slice.getStrides(), [](int64_t stride) { return stride != 1; }))
        return {};
      boxes.emplace_back(slice.getOffsets().vec(), slice.getSizes().vec());
    }
  llvm::sort(boxes);
  boxes.erase(llvm::unique(boxes), boxes.end());
  auto overlap = [](const Box &a, const Box &b) {
    for (size_t dim = 0; dim < a.first.size(); ++dim)
      if (a.first[dim] + a.second[dim] <= b.first[dim] || b.first[dim] + b.second[dim] <= a.first[dim])
        return false;
    return true;
  };
  for (size_t i = 0; i < boxes.size(); ++i)
    for (size_t j = i + 1; j < boxes.size(); ++j)
      if (overlap(boxes[i], boxes[j]))
        return {};
  return boxes;
}

Box boxOf(nn::SliceOp slice) { return {slice.getOffsets().vec(), slice.getSizes().vec()}; }

// Whether the wish of the whole (if any) can be kept for every part.
bool wishHolds(Operation *op, Attribute wish, ArrayRef<Box> boxes) {
  auto layout = dyn_cast_or_null<LayoutAttr>(wish);
  if (!layout)
    return true;
  MeshOp mesh = findMesh(op);
  for (const Box &box : boxes)
    if (!mesh || !problemWith(layout.getLayout(), box.second, mesh.getMesh()).empty()) {
      remarkOn(op, "packed",
               "a weight is used in slices of which one, of size " + std::to_string(box.second.back()) +
                   ", does not divide as its wish " + layout.getLayout().str() + " asks; it stays packed");
      return false;
    }
  return true;
}

// `dictionary` with `offsets` and `sizes` of a part; where it is a part already, of that part.
DictionaryAttr withBox(NamedAttrList dictionary, const Box &box, MLIRContext *context) {
  std::vector<int64_t> offsets = box.first;
  if (auto before = dyn_cast_or_null<DenseI64ArrayAttr>(dictionary.get("offsets")))
    for (auto [offset, more] : llvm::zip_equal(offsets, before.asArrayRef()))
      offset += more;
  dictionary.set("offsets", DenseI64ArrayAttr::get(context, offsets));
  dictionary.set("sizes", DenseI64ArrayAttr::get(context, box.second));
  return dictionary.getDictionary(context);
}

} // namespace

void splitSlicedArguments(func::FuncOp function) {
  auto module = function->getParentOfType<ModuleOp>();
  if (function.isExternal() || !SymbolTable::symbolKnownUseEmpty(function, module))
    return;
  Builder builder(function.getContext());
  SmallVector<bool> isParameter = parameterArguments(function);
  for (int i = static_cast<int>(function.getNumArguments()) - 1; i >= 0; --i) { // from the end: numbers before stay
    BlockArgument argument = function.getArgument(i);
    if (!isParameter[i] || argument.use_empty())
      continue;
    std::vector<Box> boxes = slicesOf(Value(argument));
    if (boxes.empty() || !wishHolds(function, function.getArgAttr(i, layoutAttrName), boxes))
      continue;
    auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
    NamedAttrList origin(function.getArgAttrOfType<DictionaryAttr>(i, sliceOfAttrName));
    if (origin.empty()) {
      origin.set("arg", builder.getI64IntegerAttr(i));
      origin.set("name", name);
      origin.set("shape", builder.getDenseI64ArrayAttr(tensorType(argument).getShape()));
    }
    for (auto [k, box] : llvm::enumerate(boxes)) {
      NamedAttrList attributes(function.getArgAttrDict(i));
      attributes.set(nameAttrName, builder.getStringAttr(name.getValue() + "." + Twine(k)));
      attributes.set(parameterAttrName, builder.getUnitAttr());
      attributes.set(sliceOfAttrName, withBox(origin, box, function.getContext()));
      unsigned at = i + 1 + k;
      (void)function.insertArgument(at, tensorType(argument).clone(box.second), attributes.getDictionary(function.getContext()),
                                    argument.getLoc());
      for (Operation *user : llvm::make_early_inc_range(argument.getUsers()))
        if (auto slice = cast<nn::SliceOp>(user); boxOf(slice) == box) {
          slice.getResult().replaceAllUsesWith(function.getArgument(at));
          slice.erase();
        }
    }
    (void)function.eraseArgument(i);
  }
}

void splitSlicedParameters(ModuleOp module) {
  SymbolTable symbols(module);
  llvm::DenseMap<Attribute, SmallVector<Value>> gets;
  module.walk([&](nn::GetOp get) { gets[get.getNameAttr().getAttr()].push_back(get); });
  for (auto parameter : llvm::make_early_inc_range(module.getOps<nn::ParameterOp>())) {
    ArrayRef<Value> values = gets[parameter.getSymNameAttr()];
    NamedAttrList source(parameter.getSourceAttr());
    std::vector<Box> boxes = slicesOf(values);
    if (boxes.empty() || source.get("pad_to") || !wishHolds(parameter, parameter->getAttr(layoutAttrName), boxes))
      continue;
    OpBuilder builder(parameter);
    if (!source.get("tensor") && !source.get("input"))
      source.set("tensor", parameter.getSymNameAttr());
    for (auto [k, box] : llvm::enumerate(boxes)) {
      auto part = cast<nn::ParameterOp>(builder.clone(*parameter));
      part.setSymName((parameter.getSymName() + "." + Twine(k)).str());
      symbols.insert(part);
      part.setType(cast<RankedTensorType>(parameter.getType()).clone(box.second));
      part.setSourceAttr(withBox(source, box, module.getContext()));
      for (Value value : values)
        for (Operation *user : llvm::make_early_inc_range(value.getUsers()))
          if (auto slice = cast<nn::SliceOp>(user); boxOf(slice) == box) {
            OpBuilder here(slice);
            auto get = nn::GetOp::create(here, slice.getLoc(), slice.getType(), FlatSymbolRefAttr::get(part.getSymNameAttr()));
            slice.getResult().replaceAllUsesWith(get);
            slice.erase();
          }
    }
    for (Value value : values)
      value.getDefiningOp()->erase();
    symbols.erase(parameter);
  }
}

} // namespace tp::normalize
