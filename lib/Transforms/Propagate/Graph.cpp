// Builds the graph of tensors and nodes from a module in the global form.
#include "Graph.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/CallInterfaces.h"

#include <numeric>

using namespace mlir;

namespace tp::propagate {

namespace {

class Builder {
public:
  explicit Builder(ModuleOp module) : module(module) {}

  FailureOr<Graph> build() {
    MeshOp mesh = findMesh(module);
    if (!mesh)
      return module.emitError("tp-propagate needs a tp.mesh in the module, for example: tp.mesh @mesh [tp = 2]");
    graph.mesh = mesh.getMesh();
    graph.meshName = FlatSymbolRefAttr::get(mesh.getSymNameAttr());
    for (Operation &op : *module.getBody())
      if (isa<nn::ParameterOp, nn::StateOp>(op))
        addSymbol(&op);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration() && failed(addFunction(function)))
        return failure();
    return std::move(graph);
  }

private:
  int addTensor(RankedTensorType type, std::string name, Location loc, int64_t bound) {
    Tensor tensor{type, shapeOf(type), bytesOf(type, bound), std::move(name), loc, false, false, {}, -1, -1, -1, {}};
    graph.tensors.push_back(std::move(tensor));
    return graph.tensors.size() - 1;
  }

  int addOrigin(const Layout &layout, const std::string &on, Location loc) {
    graph.origins.push_back({"the wish " + layout.str() + " on " + on, loc});
    return graph.origins.size() - 1;
  }

  void setWish(int tensor, const Layout &layout, const std::string &on, Location loc) {
    graph.tensors[tensor].wish = layout;
    graph.tensors[tensor].wishOrigin = addOrigin(layout, on, loc);
  }

  void addSymbol(Operation *op) {
    auto name = op->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
    auto type = cast<RankedTensorType>(cast<TypeAttr>(op->getAttr("type")).getValue());
    int tensor = addTensor(type, "@" + name.getValue().str(), op->getLoc(), 1);
    graph.tensors[tensor].isParameter = isa<nn::ParameterOp>(op);
    if (auto wish = op->getAttrOfType<LayoutAttr>(layoutAttrName))
      setWish(tensor, wish.getLayout(), graph.tensors[tensor].name, op->getLoc());
    graph.tensorOfSymbol[name.getValue()] = tensor;
  }

  // The tensor that an operand reads, or -1.
  int tensorOf(Value value) const {
    auto found = graph.tensorOf.find(value);
    return found == graph.tensorOf.end() || graph.tensors[found->second].isSource ? -1 : found->second;
  }

  void connect(int nodeIndex) {
    Node &node = graph.nodes[nodeIndex];
    for (auto [slot, tensor] : llvm::enumerate(node.operands))
      if (tensor >= 0)
        graph.tensors[tensor].uses.push_back({nodeIndex, int(slot)});
    for (auto [slot, tensor] : llvm::enumerate(node.results))
      if (tensor >= 0 && graph.tensors[tensor].producer < 0) {
        graph.tensors[tensor].producer = nodeIndex;
        graph.tensors[tensor].producerSlot = slot;
      }
  }

  // A node with one operand (and, for SetState, the state as its result) that share all factors.
  int addIdentity(Node::Kind kind, OpOperand &operand) {
    Node node;
    node.kind = kind;
    node.op = operand.getOwner();
    node.operandNumber = operand.getOperandNumber();
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    FactorMap::Tensor dims = type ? node.map.addFactorsFor(type) : FactorMap::Tensor();
    node.map.operands.push_back(dims);
    node.operands.push_back(tensorOf(operand.get()));
    graph.nodes.push_back(std::move(node));
    int index = graph.nodes.size() - 1;
    graph.nodeOfOperand[&operand] = index;
    return index;
  }

  LogicalResult addOp(Operation *op, int64_t bound) {
    if (isa<CallOpInterface>(op))
      return op->emitOpError("is a call: tp-propagate needs flat functions; run --tp-normalize first");
    if (auto get = dyn_cast<nn::GetOp>(op)) {
      auto found = graph.tensorOfSymbol.find(get.getName());
      if (found == graph.tensorOfSymbol.end())
        return op->emitOpError("names no parameter or state");
      graph.tensorOf[get.getResult()] = found->second;
      return success();
    }
    if (auto set = dyn_cast<nn::SetOp>(op)) {
      int node = addIdentity(Node::SetState, set.getValueMutable());
      graph.nodes[node].map.results.push_back(graph.nodes[node].map.operands[0]);
      graph.nodes[node].results.push_back(graph.tensorOfSymbol[set.getName()]);
      // The state's tensor has no producer: connect the operand only, and the result as one more use.
      graph.tensors[graph.tensorOfSymbol[set.getName()]].uses.push_back({node, -1});
      if (graph.nodes[node].operands[0] >= 0)
        graph.tensors[graph.nodes[node].operands[0]].uses.push_back({node, 0});
      return success();
    }
    if (auto constrain = dyn_cast<ConstrainOp>(op)) {
      int tensor = tensorOf(constrain.getInput());
      const Layout &wish = constrain.getLayout().getLayout();
      if (tensor >= 0 && !graph.tensors[tensor].wish) {
        setWish(tensor, wish, graph.tensors[tensor].name, op->getLoc());
        graph.tensorOf[constrain.getResult()] = tensor;
        return success();
      }
      if (tensor >= 0 && graph.tensors[tensor].wish == wish) {
        graph.tensorOf[constrain.getResult()] = tensor;
        return success();
      }
      // A second wish on one value, or a wish on a constant: a value of its own from here on.
      int result = addTensor(cast<RankedTensorType>(constrain.getResult().getType()), describe(op), op->getLoc(), bound);
      setWish(result, wish, graph.tensors[result].name, op->getLoc());
      graph.tensorOf[constrain.getResult()] = result;
      int node = addIdentity(Node::Compute, constrain->getOpOperand(0));
      graph.nodes[node].map.results.push_back(graph.nodes[node].map.operands[0]);
      graph.nodes[node].results.push_back(result);
      graph.nodeOf[op] = node;
      connect(node);
      return success();
    }
    if (isa<func::ReturnOp>(op)) {
      auto function = op->getParentOfType<func::FuncOp>();
      for (OpOperand &operand : op->getOpOperands()) {
        if (!isa<RankedTensorType>(operand.get().getType()))
          continue;
        int node = addIdentity(Node::Return, operand);
        if (auto wish = function.getResultAttrOfType<LayoutAttr>(operand.getOperandNumber(), layoutAttrName)) {
          graph.nodes[node].resultWish = wish.getLayout();
          graph.nodes[node].resultWishOrigin =
              addOrigin(wish.getLayout(), "result " + std::to_string(operand.getOperandNumber()), function.getLoc());
        }
        connect(node);
      }
      return success();
    }
    bool isTensorOp = llvm::any_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>) ||
                      llvm::any_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>);
    if (!isTensorOp)
      return success();
    Node node;
    node.op = op;
    auto rule = dyn_cast<ShardingRule>(op);
    node.hasRule = !!rule;
    node.map = rule ? rule.getFactorMap() : wholeFactorMap(op);
    for (Value operand : op->getOperands())
      node.operands.push_back(isa<RankedTensorType>(operand.getType()) ? tensorOf(operand) : -1);
    bool isSource = rule && isSourceOp(op);
    for (auto [i, result] : llvm::enumerate(op->getResults())) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type) {
        node.results.push_back(-1);
        continue;
      }
      int tensor = addTensor(type, describe(op), op->getLoc(), bound);
      graph.tensors[tensor].isSource = isSource;
      graph.tensorOf[result] = tensor;
      node.results.push_back(isSource ? -1 : tensor);
    }
    graph.nodes.push_back(std::move(node));
    graph.nodeOf[op] = graph.nodes.size() - 1;
    connect(graph.nodes.size() - 1);
    return success();
  }

  // Made of nothing: a constant, an empty tensor, a fill of one.
  static bool isSourceOp(Operation *op) {
    if (auto fill = dyn_cast<linalg::FillOp>(op))
      return fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>() != nullptr;
    return llvm::none_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>);
  }

  LogicalResult addFunction(func::FuncOp function) {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("has more than one block; tp-propagate needs a straight line");
    int64_t bound = nn::maxDynamicOf(function);
    for (BlockArgument argument : function.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type)
        continue;
      unsigned i = argument.getArgNumber();
      int tensor = addTensor(type, describe(argument), argument.getLoc(), bound);
      graph.tensorOf[argument] = tensor;
      if (auto wish = function.getArgAttrOfType<LayoutAttr>(i, layoutAttrName))
        setWish(tensor, wish.getLayout(), graph.tensors[tensor].name, argument.getLoc());
    }
    for (Operation &op : function.getBody().front())
      if (failed(addOp(&op, bound)))
        return failure();
    markParameters(function);
    return success();
  }

  // An argument with tp.parameter is a weight; without it, one that shares no factor with the first dimension of a result.
  void markParameters(func::FuncOp function) {
    std::vector<std::vector<int>> group(graph.tensors.size());
    std::vector<int> parent;
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      for (size_t d = 0; d < graph.tensors[t].shape.size(); ++d) {
        group[t].push_back(parent.size());
        parent.push_back(parent.size());
      }
    std::function<int(int)> find = [&](int i) { return parent[i] == i ? i : parent[i] = find(parent[i]); };
    std::vector<int> firstDims;
    for (const Node &node : graph.nodes) {
      std::vector<int> seen(node.map.factors.size(), -1);
      auto tie = [&](int tensor, const FactorMap::Tensor &dims) {
        for (size_t d = 0; tensor >= 0 && d < dims.size(); ++d)
          for (int64_t factor : dims[d]) {
            if (seen[factor] >= 0)
              parent[find(group[tensor][d])] = find(seen[factor]);
            seen[factor] = group[tensor][d];
          }
      };
      for (auto [slot, tensor] : llvm::enumerate(node.operands))
        tie(tensor, node.map.operands[slot]);
      for (auto [slot, tensor] : llvm::enumerate(node.results))
        tie(tensor, node.map.results[slot]);
      if (node.kind == Node::Return && node.operands[0] >= 0 && !group[node.operands[0]].empty())
        firstDims.push_back(group[node.operands[0]][0]);
    }
    for (BlockArgument argument : function.getArguments()) {
      auto found = graph.tensorOf.find(argument);
      if (found == graph.tensorOf.end())
        continue;
      bool isActivation = false;
      for (int dim : group[found->second])
        for (int first : firstDims)
          isActivation |= find(dim) == find(first);
      bool marked = !!function.getArgAttr(argument.getArgNumber(), parameterAttrName);
      graph.tensors[found->second].isParameter = marked || !isActivation;
    }
  }

  ModuleOp module;
  Graph graph;
};

} // namespace

FailureOr<Graph> buildGraph(ModuleOp module) { return Builder(module).build(); }

} // namespace tp::propagate
