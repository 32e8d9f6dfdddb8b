// The manifest: everything that the runtime must know and that is not in the code.
#include "tp/Conversion/Emit.h"

#include "dialects/nn/Nn.h"
#include "dialects/tprt/Tprt.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/Where.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <filesystem>

using namespace mlir;

namespace tp {

static Json jsonOf(Attribute attribute) {
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.getValue().str();
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return flag.getValue();
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getInt();
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  if (auto list = dyn_cast<DenseI64ArrayAttr>(attribute))
    return Json(list.asArrayRef().vec());
  Json result;
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    result = Json::array();
    for (Attribute element : list)
      result.push_back(jsonOf(element));
  }
  if (auto fields = dyn_cast<DictionaryAttr>(attribute)) {
    result = Json::object();
    for (NamedAttribute field : fields)
      result[field.getName().str()] = jsonOf(field.getValue());
  }
  return result;
}

namespace {

class Describer {
public:
  Describer(ModuleOp module, std::string isa, std::string folder)
      : module(module), isa(std::move(isa)), folder(std::move(folder)) {
    if (MeshOp op = findMesh(module))
      mesh = op.getMesh();
  }

  Json describe() {
    Json manifest;
    manifest["abi_version"] = 1;
    manifest["tp_version"] = "0.1";
    manifest["target"] = "cpu";
    manifest["isa"] = isa;
    manifest["mesh"] = Json::object();
    for (const MeshAxis &axis : mesh.axes)
      manifest["mesh"][axis.name] = axis.size;
    describeOrigin(manifest);
    manifest["groups"] = Json::array();
    if (auto groups = module->getAttrOfType<ArrayAttr>(rt::groupsAttrName))
      for (Attribute group : groups)
        manifest["groups"].push_back(describeGroup(cast<AxesAttr>(group).getParts()));
    manifest["parameters"] = Json::array();
    for (auto parameter : module.getOps<nn::ParameterOp>()) {
      Json json = describeTensor(parameter.getSymName(), parameter.getType(), parameter->getAttr(globalTypeAttrName));
      if (DictionaryAttr source = parameter.getSourceAttr())
        json["source"] = jsonOf(source);
      if (auto stored = parameter->getAttrOfType<StringAttr>(storedAttrName))
        json["stored"] = stored.str();
      manifest["parameters"].push_back(json);
      residentBytes += parameterBytes(parameter, cast<RankedTensorType>(parameter.getType()));
    }
    manifest["states"] = Json::array();
    for (auto state : module.getOps<nn::StateOp>()) {
      manifest["states"].push_back(describeTensor(state.getSymName(), state.getType(), state->getAttr(globalTypeAttrName)));
      residentBytes += tp::bytesOf(cast<RankedTensorType>(state.getType()), 1);
    }
    manifest["entries"] = Json::array();
    for (auto function : module.getOps<func::FuncOp>())
      manifest["entries"].push_back(describeEntry(function));
    return manifest;
  }

private:
  void describeOrigin(Json &manifest) {
    manifest["model"] = Json{{"kind", "graph"}};
    if (auto model = module->getAttrOfType<DictionaryAttr>("tp.model"))
      manifest["model"] = jsonOf(model);
    manifest["weights"] = Json{{"path", ""}, {"format", "none"}, {"fingerprint", ""}};
    if (auto weights = module->getAttrOfType<DictionaryAttr>("tp.weights"))
      manifest["weights"] = jsonOf(weights);
    makeRelative(manifest["weights"]);
    if (manifest["model"].contains("tokenizer"))
      makeRelative(manifest["model"]["tokenizer"]);
  }

  // Weights and module may move together, so the path goes from one to the other.
  void makeRelative(Json &place) const {
    std::string path = place.value("path", "");
    if (path.empty() || folder.empty())
      return;
    std::error_code error;
    std::filesystem::path relative = std::filesystem::relative(path, folder, error);
    if (!error && !relative.empty())
      place["path"] = relative.string();
  }

  static Json describeParts(const std::vector<AxisPart> &parts) {
    Json list = Json::array();
    for (const AxisPart &part : parts)
      list.push_back({{"axis", part.axis}, {"pre", part.pre}, {"size", part.size}});
    return list;
  }
  static Json namesOf(const std::vector<AxisPart> &parts) {
    Json names = Json::array();
    for (const AxisPart &part : parts)
      names.push_back(part.axis);
    return names;
  }
  static Json describeGroup(const std::vector<AxisPart> &parts) {
    return {{"axes", namesOf(parts)}, {"parts", describeParts(parts)}};
  }

  // `local` is a tensor or buffer type; `global` the attribute tp.global, or null for a value that is whole.
  Json describeTensor(StringRef name, Type local, Attribute global) const {
    auto localShaped = cast<ShapedType>(local);
    Layout layout = Layout::whole(localShaped.getRank());
    SmallVector<int64_t> shape(localShaped.getShape());
    if (auto type = dyn_cast_or_null<TypeAttr>(global)) {
      auto globalType = cast<RankedTensorType>(type.getValue());
      shape.assign(globalType.getShape().begin(), globalType.getShape().end());
      if (LayoutAttr attr = layoutOf(globalType))
        layout = attr.getLayout();
    }
    Json json;
    json["name"] = name.str();
    json["shape"] = Json::array();
    json["dtype"] = std::string(tp::name(dtypeOf(localShaped.getElementType()).value_or(DType::F32)));
    json["layout"] = layout.str();
    json["local_shape"] = Json::array();
    for (auto [d, size] : llvm::enumerate(shape)) {
      bool isDynamic = ShapedType::isDynamic(size);
      json["shape"].push_back(isDynamic ? -1 : size);
      json["local_shape"].push_back(isDynamic ? -mesh.sizeOf(layout.dims[d].axes) : localShaped.getDimSize(d));
    }
    return json;
  }

  Json describeEntry(func::FuncOp function) {
    Json entry;
    entry["name"] = function.getName().str();
    entry["symbol"] = "tpm_" + function.getName().str();
    bool isDynamic = false;
    for (Type type : function.getArgumentTypes())
      isDynamic |= !cast<ShapedType>(type).hasStaticShape();
    int64_t maxTokens = nn::maxDynamicOf(function);
    if (isDynamic)
      entry["dynamic"] = {{"max", maxTokens}};
    entry["tokens"] = plannedTokens(function, maxTokens);
    entry["inputs"] = Json::array();
    entry["outputs"] = Json::array();
    int64_t inOut = 0;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      bool isOutput = !!function.getArgAttr(i, rt::outputAttrName);
      Json &list = entry[isOutput ? "outputs" : "inputs"];
      auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
      std::string fallback = (isOutput ? "result" : "arg") + std::to_string(list.size());
      Type type = function.getArgumentTypes()[i];
      Json tensor =
          describeTensor(name ? name.getValue() : StringRef(fallback), type, function.getArgAttr(i, globalTypeAttrName));
      if (auto slice = function.getArgAttrOfType<DictionaryAttr>(i, sliceOfAttrName))
        tensor["source"] = {{"input", jsonOf(slice.get("name"))},
                            {"offsets", jsonOf(slice.get("offsets"))},
                            {"sizes", jsonOf(slice.get("sizes"))}};
      list.push_back(tensor);
      inOut += tp::bytesOf(RankedTensorType::get(cast<ShapedType>(type).getShape(), cast<ShapedType>(type).getElementType()),
                           maxTokens);
    }
    auto arena = function->getAttrOfType<IntegerAttr>(rt::arenaBytesAttrName);
    int64_t arenaBytes = arena ? arena.getInt() : 0;
    entry["arena_bytes"] = arenaBytes;
    entry["collectives"] = Json::array();
    if (auto sites = function->getAttrOfType<ArrayAttr>(rt::collectivesAttrName))
      for (Attribute site : sites)
        entry["collectives"].push_back(describeCollective(cast<DictionaryAttr>(site), maxTokens));
    entry["calls"] = describeCalls(function);
    entry["peak_bytes_per_rank"] = residentBytes + arenaBytes + inOut;
    return entry;
  }

  // What the entry calls, in order: the trace names its events by it. Where a rank is, is no step of the program.
  static Json describeCalls(func::FuncOp function) {
    Json calls = Json::array();
    for (Operation &op : function.front()) {
      if (auto launch = dyn_cast<rt::LaunchOp>(op))
        calls.push_back({"parallel_for", whereOf(&op), launch.getKernel().str()});
      else if (llvm::isa<rt::RuntimeCall>(op) && !llvm::isa<rt::AxisIndexOp>(op))
        calls.push_back({op.getName().stripDialect().str(), whereOf(&op)});
    }
    return calls;
  }

  // A language model is planned for all its sequences; the word has no meaning for other programs.
  int64_t plannedTokens(func::FuncOp function, int64_t maxTokens) const {
    auto model = module->getAttrOfType<DictionaryAttr>("tp.model");
    auto batch = model ? dyn_cast_or_null<IntegerAttr>(model.get("batch")) : IntegerAttr();
    return batch ? batch.getInt() * maxTokens : 0;
  }

  Json describeCollective(DictionaryAttr site, int64_t maxTokens) const {
    Json json = jsonOf(site);
    auto groups = module->getAttrOfType<ArrayAttr>(rt::groupsAttrName);
    const std::vector<AxisPart> &parts = cast<AxesAttr>(groups[json["group"].get<int64_t>()]).getParts();
    int64_t ranks = mesh.sizeOf(parts);
    json["axes"] = namesOf(parts);
    json["group_size"] = ranks;
    int64_t bytes = tp::bytesOf(parseDType(json["dtype"].get<std::string>()));
    for (const Json &size : json["operand_shape"]) {
      int64_t extent = size.get<int64_t>();
      bytes *= extent >= 0 ? extent : (maxTokens - extent - 1) / -extent;
    }
    for (CollectiveKind kind : {CollectiveKind::AllReduce, CollectiveKind::AllGather, CollectiveKind::ReduceScatter,
                                CollectiveKind::AllToAll, CollectiveKind::Broadcast, CollectiveKind::Scatter,
                                CollectiveKind::Gather, CollectiveKind::Reduce, CollectiveKind::Permute})
      if (json["kind"] == std::string(name(kind)))
        json["wire_bytes_per_rank"] = wireBytesPerRank(kind, bytes, ranks) * json["count"].get<int64_t>();
    return json;
  }

  ModuleOp module;
  std::string isa, folder;
  Mesh mesh;
  int64_t residentBytes = 0;
};

} // namespace

Json describeModule(ModuleOp module, const std::string &isa, const std::string &folder) {
  return Describer(module, isa, folder).describe();
}

} // namespace tp
