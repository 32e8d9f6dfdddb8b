// Counts a local program: its collectives with bytes by Bytes.h, its tensors, and what one rank holds at most.
//
// Equal collectives are added up, where layers count as equal if only their numbers in the names differ. A dynamic extent that
// is split does not show in a local type (`?` it is before and after), so shapes come from the states that StateAnalysis infers.
#include "tp/Planning/PlanReport.h"

#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/StateAnalysis.h"
#include "tp/Analysis/Where.h"
#include "tp/Planning/PlanGraph.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

#include <map>

using namespace mlir;

namespace tp {

namespace {

std::vector<int64_t> atBound(std::vector<int64_t> shape, int64_t bound) {
  for (int64_t &size : shape)
    size = size < 0 ? bound : size;
  return shape;
}

int64_t count(const std::vector<int64_t> &shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}

std::string typeName(Type elementType) {
  std::optional<DType> type = dtypeOf(elementType);
  return type ? std::string(name(*type)) : "?";
}

class EntryReport {
public:
  EntryReport(func::FuncOp entry, const PlanReportOptions &options)
      : entry(entry), module(entry->getParentOfType<ModuleOp>()), symbols(module), mesh(findMesh(entry).getMesh()),
        bound(nn::maxDynamicOf(entry)), options(options) {}

  Json report() {
    addArguments();
    visit(entry, 1);
    addResults();
    Json json;
    json["name"] = entry.getName().str();
    json["tokens"] = tokens();
    json["collectives"] = Json::array();
    for (auto &[key, collective] : collectives)
      json["collectives"].push_back(collective);
    json["tensors"] = tensors;
    if (options.graph)
      json["graph"] = planGraph(entry, [this](Operation *op) {
        auto found = numberOf.find(op);
        return found == numberOf.end() ? -1 : found->second;
      });
    if (options.memory)
      json["memory_per_rank"] = options.memory(entry);
    json["peak_bytes_per_rank"] = options.peakBytes ? options.peakBytes(entry) : heldBytes + aliveBytes(entry);
    return json;
  }

private:
  //===-- Collectives --------------------------------------------------------------------------------------------===//

  void visit(func::FuncOp function, int64_t times) {
    StateAnalysis states(function);
    for (Operation &op : function.getBody().front()) {
      if (auto call = dyn_cast<func::CallOp>(op)) {
        if (auto callee = symbols.lookup<func::FuncOp>(call.getCallee()))
          visit(callee, times);
      } else if (auto collective = dyn_cast<Collective>(op)) {
        addCollective(collective, states, times);
      } else if (auto get = dyn_cast<nn::GetOp>(op)) {
        addDeclaration(get.getName());
      } else if (isa<ShardingRule>(op)) {
        addActivation(&op, states);
      }
    }
  }

  // What one rank holds of `value`, with dynamic extents at their bound.
  std::vector<int64_t> localShape(Value value, const StateAnalysis &states) const {
    auto type = cast<RankedTensorType>(value.getType());
    std::vector<int64_t> shape = shapeOf(type);
    for (auto [d, size] : llvm::enumerate(shape))
      if (size < 0) {
        int64_t pieces = mesh.sizeOf(states.of(value).dims[d]);
        size = (bound + pieces - 1) / pieces;
      }
    return shape;
  }

  void addCollective(Collective op, const StateAnalysis &states, int64_t times) {
    int64_t ranks = mesh.sizeOf(op.getAxesAttr().getParts());
    std::optional<CollectiveKind> kind = op.getCollectiveKind();
    if (!kind || ranks == 1)
      return;
    auto type = cast<RankedTensorType>(op->getOperand(0).getType());
    std::vector<int64_t> shape = localShape(op->getOperand(0), states);
    int64_t bytes = count(shape) * bytesOf(RankedTensorType::get({}, type.getElementType()), 1);
    Json json;
    json["kind"] = std::string(name(*kind));
    json["axes"] = Json::array();
    for (const AxisPart &part : op.getAxesAttr().getParts())
      json["axes"].push_back(part.axis);
    json["group_size"] = ranks;
    if (isa<AllReduceOp, ReduceScatterOp, ReduceOp>(op.getOperation()))
      json["reduce"] = tp::str(op.getReductionKind());
    json["dtype"] = typeName(type.getElementType());
    json["operand_shape"] = shape;
    json["count"] = 0;
    json["wire_bytes_per_rank"] = 0;
    json["where"] = textOf(op, whereAttrName);
    // Equal but for the reason is equal: the first reason is shown.
    std::string key = json.dump() + tp::str(op.getAxesAttr().getParts());
    json["why"] = textOf(op, whyAttrName);
    json["required_by"] = Json::array();
    auto known = collectives.try_emplace(key, json).first;
    numberOf[op] = known - collectives.begin();
    Json &sum = known->second;
    addRequirers(op, sum["required_by"]);
    addCause(op, sum);
    sum["count"] = sum["count"].get<int64_t>() + times;
    sum["wire_bytes_per_rank"] = sum["wire_bytes_per_rank"].get<int64_t>() + times * wireBytesPerRank(*kind, bytes, ranks);
  }

  static void addOnce(Json &list, const Json &element) {
    if (std::find(list.begin(), list.end(), element) == list.end())
      list.push_back(element);
  }

  std::string resultText(unsigned index) {
    auto given = entry.getResultAttrOfType<StringAttr>(index, nameAttrName);
    std::string number = std::to_string(index);
    return "result " + number + (given && given.str() != "result" + number ? " (" + given.str() + ")" : "");
  }

  // Who takes what the collective makes; f and further collectives of the same change of layout are looked through.
  void addRequirers(Operation *op, Json &list) {
    for (OpOperand &use : op->getResult(0).getUses()) {
      Operation *user = use.getOwner();
      if (isa<CopyOp, Collective>(user) && user->getNumResults() == 1)
        addRequirers(user, list);
      else if (isa<func::ReturnOp>(user))
        addOnce(list, resultText(use.getOperandNumber()));
      else
        addOnce(list, withoutLayerNumbers(describe(user)) + ", operand " + std::to_string(use.getOperandNumber()));
    }
  }

  // What --tp-propagate=explain noted: from which wish through which ops (`ways`), and why the user takes it otherwise (`need`).
  static void addCause(Operation *op, Json &sum) {
    auto cause = op->getAttrOfType<DictionaryAttr>(causeAttrName);
    if (!cause)
      return;
    if (!sum.contains("ways"))
      sum["ways"] = Json::array();
    for (Attribute way : cause.getAs<ArrayAttr>("ways")) {
      Json steps = Json::array();
      for (Attribute step : cast<ArrayAttr>(way))
        steps.push_back(withoutLayerNumbers(cast<StringAttr>(step).getValue()));
      addOnce(sum["ways"], steps);
    }
    if (auto need = cause.getAs<StringAttr>("need"))
      sum["need"] = withoutLayerNumbers(need.getValue());
  }

  static std::string textOf(Operation *op, StringRef attribute) {
    auto text = op->getAttrOfType<StringAttr>(attribute);
    return text ? withoutLayerNumbers(text.getValue()) : "";
  }

  //===-- Tensors ------------------------------------------------------------------------------------------------===//

  // `declaration` is the parameter's or state's, if it has one.
  void addTensor(const std::string &name, StringRef kind, RankedTensorType global, Operation *declaration = nullptr) {
    if (!listed.insert((kind + ":" + name).str()).second)
      return;
    Json json;
    json["name"] = name;
    json["kind"] = kind.str();
    json["shape"] = atBound(shapeOf(global), bound);
    json["dtype"] = typeName(global.getElementType());
    json["layout"] = layoutOf(global).getLayout().str();
    auto part = RankedTensorType::get(tp::localShape(atBound(shapeOf(global), bound), layoutOf(global).getLayout(), mesh),
                                      global.getElementType());
    int64_t bytes = declaration ? parameterBytes(declaration, part) : bytesOf(part, 1);
    if (auto stored = declaration ? declaration->getAttrOfType<StringAttr>(storedAttrName) : StringAttr())
      json["stored"] = stored.str();
    json["bytes_per_rank"] = bytes;
    if (kind == "parameter" || kind == "input")
      heldBytes += bytes;
    tensors.push_back(json);
  }

  static RankedTensorType globalOf(Attribute attribute) {
    auto type = dyn_cast_or_null<TypeAttr>(attribute);
    return type ? dyn_cast<RankedTensorType>(type.getValue()) : RankedTensorType();
  }

  static std::string nameOf(Attribute given, StringRef fallback, size_t index) {
    auto text = dyn_cast_or_null<StringAttr>(given);
    return text ? text.str() : (fallback + std::to_string(index)).str();
  }

  void addArguments() {
    SmallVector<bool> isParameter = parameterArguments(entry);
    for (unsigned i = 0; i < entry.getNumArguments(); ++i)
      if (RankedTensorType global = globalOf(entry.getArgAttr(i, globalTypeAttrName)))
        addTensor(nameOf(entry.getArgAttr(i, nameAttrName), "arg", i), isParameter[i] ? "parameter" : "input", global);
  }

  void addResults() {
    for (unsigned i = 0; i < entry.getNumResults(); ++i)
      if (RankedTensorType global = globalOf(entry.getResultAttr(i, globalTypeAttrName)))
        addTensor(nameOf(entry.getResultAttr(i, nameAttrName), "result", i), "output", global);
  }

  // States count as parameters: both stay on the rank from one execution to the next.
  void addDeclaration(StringRef name) {
    Operation *declaration = symbols.lookup(name);
    if (RankedTensorType global = declaration ? globalOf(declaration->getAttr(globalTypeAttrName)) : RankedTensorType())
      addTensor(name.str(), "parameter", global, declaration);
  }

  void addActivation(Operation *op, const StateAnalysis &states) {
    for (Value result : op->getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type)
        continue;
      const LocalState &state = states.of(result);
      Layout layout;
      SmallVector<int64_t> shape(type.getShape());
      for (auto [size, axes] : llvm::zip_equal(shape, state.dims)) {
        layout.dims.push_back({axes});
        size = ShapedType::isDynamic(size) ? size : size * mesh.sizeOf(axes);
      }
      layout.partial = state.partial;
      layout.reduction = state.reduction;
      auto meshName = FlatSymbolRefAttr::get(findMesh(module).getSymNameAttr());
      addTensor(whereOf(op), "activation",
                RankedTensorType::get(shape, type.getElementType(), LayoutAttr::get(op->getContext(), meshName, layout)));
    }
  }

  // The largest sum of values of `function` that are alive at once, one after the other and without reuse of operands.
  int64_t aliveBytes(func::FuncOp function) {
    StateAnalysis states(function);
    Block &block = function.getBody().front();
    llvm::DenseMap<Operation *, SmallVector<int64_t>> endsAt;
    int64_t alive = 0, most = 0;
    for (Operation &op : block) {
      int64_t inCall = 0;
      if (auto call = dyn_cast<func::CallOp>(op))
        if (auto callee = symbols.lookup<func::FuncOp>(call.getCallee()))
          inCall = aliveBytes(callee);
      for (Value result : op.getResults()) {
        auto type = dyn_cast<RankedTensorType>(result.getType());
        // A parameter is there already, and f is the value itself.
        if (!type || isa<nn::GetOp, CopyOp>(op) || result.use_empty())
          continue;
        int64_t bytes = count(localShape(result, states)) * bytesOf(RankedTensorType::get({}, type.getElementType()), 1);
        Operation *last = &op;
        for (Operation *user : result.getUsers())
          if (Operation *here = block.findAncestorOpInBlock(*user); here && last->isBeforeInBlock(here))
            last = here;
        alive += bytes;
        endsAt[last].push_back(bytes);
      }
      most = std::max(most, alive + inCall);
      for (int64_t bytes : endsAt.lookup(&op))
        alive -= bytes;
    }
    return most;
  }

  // Tokens of one execution of an imported model's entry: the size of its first argument, the tokens.
  int64_t tokens() {
    auto name = entry.getNumArguments() ? entry.getArgAttrOfType<StringAttr>(0, "nn.name") : StringAttr();
    RankedTensorType ids =
        name && name.getValue() == "tokens" ? globalOf(entry.getArgAttr(0, globalTypeAttrName)) : RankedTensorType();
    return ids ? count(atBound(shapeOf(ids), bound)) : 0;
  }

  func::FuncOp entry;
  ModuleOp module;
  SymbolTable symbols;
  Mesh mesh;
  int64_t bound;
  const PlanReportOptions &options;
  llvm::MapVector<std::string, Json, std::map<std::string, unsigned>> collectives;
  llvm::DenseMap<Operation *, int64_t> numberOf; // of a collective, in `collectives`
  Json tensors = Json::array();
  llvm::StringSet<llvm::MallocAllocator> listed;
  int64_t heldBytes = 0;
};

// Whether any tensor of the report is split or partial.
bool isAnythingSharded(const Json &entries) {
  for (const Json &entry : entries)
    for (const Json &tensor : entry["tensors"])
      if (!Layout::parse(tensor["layout"].get<std::string>()).isWhole())
        return true;
  return false;
}

} // namespace

Json planReport(ModuleOp module, const PlanReportOptions &options) {
  Json report;
  report["mesh"] = Json::object();
  Mesh mesh = findMesh(module).getMesh();
  for (const MeshAxis &axis : mesh.axes)
    report["mesh"][axis.name] = axis.size;
  report["entries"] = Json::array();
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      report["entries"].push_back(EntryReport(function, options).report());
  report["compile_seconds"] = Json::object();
  for (const auto &[phase, seconds] : options.compileSeconds)
    report["compile_seconds"][phase] = seconds;
  report["notes"] = Json::array();
  if (mesh.size() > 1 && !isAnythingSharded(report["entries"]))
    report["notes"].push_back("no wish: nothing is sharded");
  return report;
}

} // namespace tp
