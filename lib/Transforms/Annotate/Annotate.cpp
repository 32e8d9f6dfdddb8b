// Puts wishes given by name on parameters and arguments.
//
// First the mesh, because a wish means nothing without it. Then each tensor asks for the last wish that matches its name, so a
// later wish overrides an earlier one whatever the order of the tensors.
#include "tp/Transforms/Annotate.h"

#include "dialects/nn/Nn.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Support/Error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tp {

namespace {

// Something that can carry a wish.
struct Target {
  std::string name;
  /// Where Normalize has cut a packed weight into slices: the name of the whole. The wish for it is the wish for each slice.
  std::string wholeName;
  Location location;
  RankedTensorType type;
  /// Whether a glob may mean it.
  bool isWeight;
  std::function<void(LayoutAttr)> wish;
};

void addArguments(func::FuncOp function, std::vector<Target> &targets) {
  bool anyMarked = false;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    anyMarked |= !!function.getArgAttr(i, parameterAttrName);
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
    if (!type)
      continue;
    auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
    std::string wholeName;
    if (auto whole = function.getArgAttrOfType<DictionaryAttr>(i, sliceOfAttrName))
      wholeName = whole.getAs<StringAttr>("name").str();
    bool isWeight = anyMarked ? !!function.getArgAttr(i, parameterAttrName) : !name;
    Location location = function.isDeclaration() ? function.getLoc() : function.getArgument(i).getLoc();
    targets.push_back({name ? name.str() : "arg" + std::to_string(i), wholeName, location, type, isWeight,
                       [function, i](LayoutAttr layout) mutable { function.setArgAttr(i, layoutAttrName, layout); }});
  }
}

// "wqkv" for the slice @wqkv.1 of a stored tensor.
std::string wholeNameOf(nn::ParameterOp parameter) {
  auto [whole, index] = parameter.getSymName().rsplit('.');
  bool isSlice = parameter.getSource() && parameter.getSource()->contains("offsets");
  return isSlice && !index.empty() && llvm::all_of(index, llvm::isDigit) ? whole.str() : "";
}

std::vector<Target> targetsOf(ModuleOp module) {
  std::vector<Target> targets;
  for (auto parameter : module.getOps<nn::ParameterOp>())
    targets.push_back({parameter.getSymName().str(), wholeNameOf(parameter), parameter.getLoc(),
                       cast<RankedTensorType>(parameter.getType()), true,
                       [parameter](LayoutAttr layout) mutable { parameter->setAttr(layoutAttrName, layout); }});
  bool hasParameters = !targets.empty();
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic()) {
      size_t first = targets.size();
      addArguments(function, targets);
      for (size_t i = first; i < targets.size(); ++i)
        targets[i].isWeight &= !hasParameters;
    }
  return targets;
}

bool means(const ShardWish &wish, const Target &target) {
  for (const std::string &name : {target.name, target.wholeName})
    if (!name.empty() && (wish.pattern == name || (target.isWeight && wish.matches(name))))
      return true;
  return false;
}

LogicalResult requireMatches(ModuleOp module, const std::vector<ShardWish> &wishes, const std::vector<Target> &targets) {
  for (const ShardWish &wish : wishes) {
    if (llvm::any_of(targets, [&](const Target &target) { return means(wish, target); }))
      continue;
    InFlightDiagnostic error = emitError(UnknownLoc::get(module.getContext()))
                               << "--shard \"" << wish.text << "\" matches no parameter";
    std::string names;
    int64_t count = 0;
    for (const Target &target : targets)
      if (target.isWeight && ++count <= 12)
        names += (count > 1 ? ", " : "") + target.name;
    error.attachNote() << "there are " << count << ": " << names << (count > 12 ? ", ..." : "");
    return error;
  }
  return success();
}

FailureOr<MeshOp> ensureMesh(ModuleOp module, const std::optional<Mesh> &mesh) {
  if (MeshOp existing = findMesh(module)) {
    if (!mesh || existing.getMesh() == *mesh)
      return existing;
    return existing.emitError() << "the program's mesh is " << existing.getMesh().str() << ", but --mesh says " << mesh->str();
  }
  if (!mesh)
    return emitError(UnknownLoc::get(module.getContext())) << "the program has no tp.mesh; give one with --mesh";
  OpBuilder builder(module.getBodyRegion());
  SmallVector<StringRef> names;
  SmallVector<int64_t> sizes;
  for (const MeshAxis &axis : mesh->axes) {
    names.push_back(axis.name);
    sizes.push_back(axis.size);
  }
  StringRef name = "mesh";
  for (int64_t i = 0; module.lookupSymbol(name); ++i)
    name = builder.getStringAttr("mesh_" + std::to_string(i)).getValue();
  return MeshOp::create(builder, UnknownLoc::get(module.getContext()), builder.getStringAttr(name),
                        builder.getStrArrayAttr(names), builder.getDenseI64ArrayAttr(sizes), StringAttr());
}

} // namespace

LogicalResult annotate(ModuleOp module, const std::optional<Mesh> &mesh, const std::vector<ShardWish> &wishes) {
  FailureOr<MeshOp> meshOp = ensureMesh(module, mesh);
  if (failed(meshOp))
    return failure();
  std::vector<Target> targets = targetsOf(module);
  if (failed(requireMatches(module, wishes, targets)))
    return failure();
  auto meshName = FlatSymbolRefAttr::get(meshOp->getSymNameAttr());
  for (Target &target : targets) {
    const ShardWish *last = nullptr;
    for (const ShardWish &wish : wishes)
      if (means(wish, target))
        last = &wish;
    if (!last)
      continue;
    std::string problem = problemWith(last->layout, shapeOf(target.type), meshOp->getMesh());
    if (!problem.empty())
      return emitError(target.location) << "--shard \"" << last->text << "\" does not fit \"" << target.name << "\": " << problem;
    target.wish(LayoutAttr::get(module.getContext(), meshName, last->layout));
  }
  return success();
}

#define GEN_PASS_DEF_ANNOTATE
#include "tp/Transforms/Annotate.h.inc"

namespace {
struct Annotate : impl::AnnotateBase<Annotate> {
  using AnnotateBase::AnnotateBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    StringRef malformed = mesh;
    try {
      std::optional<Mesh> wished;
      if (!mesh.empty())
        wished = Mesh::parse(mesh);
      SmallVector<StringRef> texts;
      StringRef(shard).split(texts, ';', -1, /*KeepEmpty=*/false);
      std::vector<ShardWish> wishes;
      for (StringRef text : texts) {
        malformed = text;
        wishes.push_back(ShardWish::parse(std::string_view(text)));
      }
      if (failed(annotate(module, wished, wishes)))
        signalPassFailure();
    } catch (const Error &error) {
      emitError(UnknownLoc::get(module.getContext())) << "\"" << malformed << "\": " << error.what();
      signalPassFailure();
    }
  }
};
} // namespace

} // namespace tp
