// See PlanGraph.h. A block ends where the layer's number in the names changes; two blocks are equal if their ops are, one by one, with
// names up to that number and inputs by their distance.
#include "tp/Planning/PlanGraph.h"

#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/StateAnalysis.h"
#include "tp/Analysis/Where.h"

#include <map>

using namespace mlir;

namespace tp {

namespace {

// "model.layers.3.mlp" -> "3", "lm_head" -> "".
std::string layerNumber(const std::string &where) {
  std::string common = withoutLayerNumbers(where);
  size_t star = common.find('*');
  if (star == std::string::npos)
    return "";
  size_t end = where.find_first_not_of("0123456789", star);
  return where.substr(star, end == std::string::npos ? end : end - star);
}

// "model.layers.*.mlp.up" -> "model.layers.*"
std::string layerName(const std::string &common) { return common.substr(0, common.find('*') + 1); }

class GraphBuilder {
public:
  GraphBuilder(func::FuncOp entry, const std::function<int64_t(Operation *)> &collectiveOf)
      : entry(entry), collectiveOf(collectiveOf), mesh(findMesh(entry).getMesh()), bound(nn::maxDynamicOf(entry)), states(entry) {
  }

  Json build() {
    addArguments();
    for (Operation &op : entry.getBody().front())
      addOp(&op);
    return {{"blocks", folded()}};
  }

private:
  struct Block {
    std::string number;
    std::vector<Json> nodes;
  };

  //===-- Nodes ---------------------------------------------------------------------------------------------------===//

  Json newNode(const std::string &op, const std::string &where) {
    return {{"id", nextId++},         {"op", op},        {"where", where}, {"inputs", Json::array()},
            {"holds", Json::array()}, {"collective", -1}};
  }

  void describeValue(Json &node, Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    const LocalState &state = states.of(value);
    Layout layout;
    std::vector<int64_t> shape, local;
    for (auto [size, axes] : llvm::zip_equal(type.getShape(), state.dims)) {
      int64_t pieces = mesh.sizeOf(axes);
      layout.dims.push_back({axes});
      local.push_back(ShapedType::isDynamic(size) ? (bound + pieces - 1) / pieces : size);
      shape.push_back(ShapedType::isDynamic(size) ? bound : size * pieces);
    }
    layout.partial = state.partial;
    layout.reduction = state.reduction;
    node["shape"] = shape;
    node["local"] = local;
    std::optional<DType> dtype = dtypeOf(type.getElementType());
    node["dtype"] = dtype ? std::string(name(*dtype)) : "?";
    node["layout"] = layout.str();
  }

  // Weights, and numbers that many ops read (positions, masks), stand in the nodes that read them.
  void addArguments() {
    SmallVector<bool> isParameter = parameterArguments(entry);
    for (BlockArgument argument : entry.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type)
        continue;
      unsigned i = argument.getArgNumber();
      auto given = entry.getArgAttrOfType<StringAttr>(i, nameAttrName);
      std::string name = given ? given.str() : "arg" + std::to_string(i);
      if (isParameter[i] || (!isa<FloatType>(type.getElementType()) && !argument.hasOneUse())) {
        held[argument] = name;
        continue;
      }
      inputs[argument] = name;
    }
  }

  // An input stands where it is used first.
  void addInputNode(Value value) {
    auto name = inputs.find(value);
    if (name == inputs.end() || nodeOf.count(value))
      return;
    Json node = newNode("input", name->second);
    describeValue(node, value);
    nodeOf[value] = node["id"].get<int64_t>();
    add(std::move(node));
  }

  // What the body of an elementwise op computes: "mulf, addf".
  static std::string bodyOf(Operation *op) {
    std::string text;
    if (op->getNumRegions() == 1 && op->getRegion(0).hasOneBlock())
      for (Operation &inner : op->getRegion(0).front().without_terminator())
        if (!inner.hasTrait<OpTrait::ConstantLike>())
          text += (text.empty() ? "" : ", ") + inner.getName().stripDialect().str();
    return text;
  }

  void addOp(Operation *op) {
    if (auto get = dyn_cast<nn::GetOp>(op)) {
      held[get.getResult()] = get.getName().str();
      return;
    }
    for (Value operand : op->getOperands())
      addInputNode(operand);
    if (isa<func::ReturnOp>(op)) {
      for (OpOperand &operand : op->getOpOperands()) {
        auto given = entry.getResultAttrOfType<StringAttr>(operand.getOperandNumber(), nameAttrName);
        Json node = newNode("result", given ? given.str() : "result" + std::to_string(operand.getOperandNumber()));
        addInput(node, operand.get());
        if (isa<RankedTensorType>(operand.get().getType()))
          describeValue(node, operand.get());
        add(std::move(node));
      }
      return;
    }
    bool isTensorOp = llvm::any_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>);
    if (isa<CopyOp>(op))
      return lookThrough(op);
    if (!isTensorOp || (op->getNumResults() && !isa<RankedTensorType>(op->getResult(0).getType())))
      return;
    auto collective = dyn_cast<Collective>(op);
    auto where = op->getAttrOfType<StringAttr>(whereAttrName);
    Json node = newNode(op->getName().getStringRef().str(), where ? where.str() : whereOf(op));
    if (std::string body = bodyOf(op); !body.empty())
      node["body"] = body;
    node["collective"] = collective ? collectiveOf(op) : -1;
    for (Value operand : op->getOperands())
      addInput(node, operand);
    if (op->getNumResults())
      describeValue(node, op->getResult(0));
    for (Value result : op->getResults())
      nodeOf[result] = node["id"].get<int64_t>();
    add(std::move(node));
  }

  void lookThrough(Operation *op) {
    Value input = op->getOperand(0);
    if (auto found = nodeOf.find(input); found != nodeOf.end())
      nodeOf[op->getResult(0)] = found->second;
    if (auto found = held.find(input); found != held.end())
      held[op->getResult(0)] = found->second;
  }

  void addInput(Json &node, Value value) {
    auto addOnce = [&](const char *key, const Json &what) {
      if (std::find(node[key].begin(), node[key].end(), what) == node[key].end())
        node[key].push_back(what);
    };
    if (auto found = nodeOf.find(value); found != nodeOf.end())
      addOnce("inputs", found->second);
    else if (auto name = held.find(value); name != held.end())
      addOnce("holds", name->second);
  }

  void add(Json node) {
    std::string number = layerNumber(node["where"].get<std::string>());
    if (blocks.empty() || blocks.back().number != number)
      blocks.push_back({number, {}});
    blocks.back().nodes.push_back(std::move(node));
  }

  //===-- Folding -------------------------------------------------------------------------------------------------===//

  // All that a block has in common with equal ones; inputs from within it by their place.
  std::string signature(size_t index) const {
    const Block &block = blocks[index];
    std::string text;
    int64_t first = block.nodes.front()["id"];
    for (const Json &node : block.nodes) {
      Json common = node;
      common["id"] = 0;
      common["where"] = withoutLayerNumbers(node["where"].get<std::string>());
      for (Json &name : common["holds"])
        name = withoutLayerNumbers(name.get<std::string>());
      for (Json &input : common["inputs"])
        input = input.get<int64_t>() >= first ? "in " + std::to_string(input.get<int64_t>() - first) : "out";
      text += common.dump();
    }
    return text;
  }

  Json folded() {
    Json result = Json::array();
    std::map<int64_t, int64_t> standsFor; // a folded node, by the one that is drawn
    std::string last;
    for (size_t b = 0; b < blocks.size(); ++b) {
      Block &block = blocks[b];
      std::string own = block.number.empty() ? "" : signature(b);
      if (!own.empty() && own == last) {
        Json &drawn = result.back();
        drawn["count"] = drawn["count"].get<int64_t>() + 1;
        for (size_t i = 0; i < block.nodes.size(); ++i) {
          standsFor[block.nodes[i]["id"]] = drawn["nodes"][i]["id"];
          drawn["nodes"][i]["where"] = withoutLayerNumbers(drawn["nodes"][i]["where"].get<std::string>());
          for (Json &name : drawn["nodes"][i]["holds"])
            name = withoutLayerNumbers(name.get<std::string>());
        }
        continue;
      }
      last = own;
      for (Json &node : block.nodes)
        for (Json &input : node["inputs"])
          if (auto found = standsFor.find(input.get<int64_t>()); found != standsFor.end())
            input = found->second;
      std::string name;
      if (!block.number.empty()) {
        name = block.nodes.front()["where"].get<std::string>();
        name = layerName(withoutLayerNumbers(name));
        name.replace(name.size() - 1, 1, block.number);
      }
      result.push_back({{"name", name}, {"count", 1}, {"nodes", block.nodes}});
    }
    for (Json &block : result)
      if (std::string name = block["name"]; block["count"] > 1) {
        int64_t first = std::stoll(name.substr(name.find_last_of('.') + 1)), count = block["count"];
        block["name"] = name + " to " + std::to_string(first + count - 1);
      }
    return result;
  }

  func::FuncOp entry;
  const std::function<int64_t(Operation *)> &collectiveOf;
  Mesh mesh;
  int64_t bound;
  StateAnalysis states;
  int64_t nextId = 0;
  std::vector<Block> blocks;
  llvm::DenseMap<Value, int64_t> nodeOf;
  llvm::DenseMap<Value, std::string> held, inputs;
};

} // namespace

Json planGraph(func::FuncOp entry, const std::function<int64_t(Operation *)> &collectiveOf) {
  return GraphBuilder(entry, collectiveOf).build();
}

} // namespace tp
