// Sets the types and inserts the reshards, one per value and layout, each with the reason why it is there.
//
// A value has up to three layouts: as its producer leaves it (perhaps partial), as it is kept (reduced, or as wished), and as each
// use needs it. Constants and fills are made anew per layout instead.
#include "Rewrite.h"

#include "Causes.h"

#include "dialects/nn/Nn.h"
#include "tp/Transforms/Propagate.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tp::propagate {

namespace {

class Rewriter {
public:
  Rewriter(ModuleOp module, const Graph &graph, const Claims &claims, const Choice &choice, bool explain)
      : module(module), graph(graph), claims(claims), choice(choice), explain(explain), builder(module.getContext()) {}

  void run() {
    for (Operation &op : *module.getBody())
      if (isa<nn::ParameterOp, nn::StateOp>(op))
        rewriteSymbol(&op);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration())
        rewriteFunction(function);
    for (Operation *op : unused)
      op->erase();
  }

private:
  RankedTensorType laidOut(RankedTensorType type, const Layout &layout) const {
    return withLayout(type, LayoutAttr::get(type.getContext(), graph.meshName, layout));
  }

  const Option &optionOf(int node) const { return claims.ofNode[node][choice.ofNode[node]]; }

  void rewriteSymbol(Operation *op) {
    StringRef name = op->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()).getValue();
    int tensor = graph.tensorOfSymbol.lookup(name);
    op->setAttr("type", TypeAttr::get(laidOut(graph.tensors[tensor].type, choice.tensor[tensor])));
    op->removeAttr(layoutAttrName);
  }

  void rewriteFunction(func::FuncOp function) {
    Block &body = function.getBody().front();
    for (BlockArgument argument : body.getArguments()) {
      auto found = graph.tensorOf.find(argument);
      if (found == graph.tensorOf.end())
        continue;
      argument.setType(laidOut(graph.tensors[found->second].type, choice.tensor[found->second]));
    }
    // First the results of all ops, then the operands: a reshard is put right behind the value it starts from.
    SmallVector<Operation *> ops = llvm::map_to_vector(body, [](Operation &op) { return &op; });
    for (Operation *op : ops)
      setResultTypes(op);
    for (Operation *op : ops)
      rewriteOperands(op);
    for (Operation *op : ops)
      if (auto constrain = dyn_cast<ConstrainOp>(op)) {
        constrain.getResult().replaceAllUsesWith(constrain.getInput());
        unused.push_back(op);
      } else if (isSource(op) && op->use_empty()) {
        unused.push_back(op);
      }
    Operation *terminator = body.getTerminator();
    removeWishes(function);
    function.setType(FunctionType::get(function.getContext(), body.getArgumentTypes(), terminator->getOperandTypes()));
  }

  // All at once: removing one attribute copies the list of all arguments'.
  static void removeWishes(func::FuncOp function) {
    auto without = [&](DictionaryAttr attributes) {
      NamedAttrList list(attributes);
      list.erase(layoutAttrName);
      return list.getDictionary(function.getContext());
    };
    SmallVector<DictionaryAttr> arguments, results;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      arguments.push_back(without(function.getArgAttrDict(i)));
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      results.push_back(without(function.getResultAttrDict(i)));
    function.setAllArgAttrs(arguments);
    function.setAllResultAttrs(results);
  }

  bool isSource(Operation *op) const {
    for (Value result : op->getResults()) {
      auto found = graph.tensorOf.find(result);
      if (found == graph.tensorOf.end() || !graph.tensors[found->second].isSource)
        return false;
    }
    return op->getNumResults() > 0;
  }

  void setResultTypes(Operation *op) {
    if (auto get = dyn_cast<nn::GetOp>(op)) {
      int tensor = graph.tensorOf.lookup(get.getResult());
      get.getResult().setType(laidOut(graph.tensors[tensor].type, choice.tensor[tensor]));
      return;
    }
    auto found = graph.nodeOf.find(op);
    if (found == graph.nodeOf.end() || isSource(op))
      return;
    const Node &node = graph.nodes[found->second];
    if (isa<ConstrainOp>(op))
      return;
    for (auto [slot, tensor] : llvm::enumerate(node.results))
      if (tensor >= 0)
        op->getResult(slot).setType(
            laidOut(graph.tensors[tensor].type, resultLayout(graph, node, optionOf(found->second), slot)));
  }

  void rewriteOperands(Operation *op) {
    if (isSource(op) || isa<ConstrainOp>(op))
      return rewriteConstrain(dyn_cast<ConstrainOp>(op));
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<RankedTensorType>(operand.get().getType()))
        continue;
      Layout kept = keptLayout(operand.get());
      auto pseudo = graph.nodeOfOperand.find(&operand);
      int index = pseudo != graph.nodeOfOperand.end() ? pseudo->second : graph.nodeOf.lookup(op);
      const Node &node = graph.nodes[index];
      Layout need;
      std::string user = describe(op);
      needText.clear();
      if (node.kind == Node::Return) {
        need = kept;
        need.partial.clear();
        if (node.resultWish) {
          need = closedWish(graph.mesh, *node.resultWish, kept);
          user = graph.origins[node.resultWishOrigin].text;
        }
      } else if (node.kind == Node::SetState) {
        need = choice.tensor[node.results[0]];
      } else {
        need = operandLayout(graph, node, optionOf(index), operand.getOperandNumber());
        if (explain && need != kept)
          needText = needOf(graph, index, optionOf(index), operand.getOperandNumber(), kept, need);
      }
      operand.set(inLayout(operand.get(), need, user));
    }
  }

  void rewriteConstrain(ConstrainOp op) {
    if (!op)
      return;
    // The wish is met by the value itself; where it has a tensor of its own (a second wish), one reshard leads to it.
    int tensor = graph.tensorOf.lookup(op.getResult());
    auto source = graph.tensorOf.find(op.getInput());
    bool isTheSame = source != graph.tensorOf.end() && source->second == tensor;
    Value value = isTheSame
                      ? kept(op.getInput())
                      : inLayout(op.getInput(), choice.tensor[tensor], graph.origins[graph.tensors[tensor].wishOrigin].text);
    // Users still name the constrain's result: later operands are looked up through it.
    alias[op.getResult()] = value;
    op->getOpOperand(0).set(value);
    op.getResult().setType(cast<RankedTensorType>(value.getType()));
  }

  Layout keptLayout(Value value) const {
    auto found = graph.tensorOf.find(value);
    if (found == graph.tensorOf.end() || graph.tensors[found->second].isSource)
      return Layout::whole(cast<RankedTensorType>(value.getType()).getRank());
    return choice.tensor[found->second];
  }

  // The value as it is kept: what the producer leaves, reduced or moved as wished.
  Value kept(Value value) {
    if (Value other = alias.lookup(value))
      value = other;
    auto found = keptValue.find(value);
    if (found != keptValue.end())
      return found->second;
    auto tensor = graph.tensorOf.find(value);
    if (tensor == graph.tensorOf.end())
      return value;
    const Layout &layout = choice.tensor[tensor->second];
    std::string why;
    if (const Tensor &info = graph.tensors[tensor->second]; info.wish)
      why = graph.origins[info.wishOrigin].text;
    Value result = reshard(value, layout, why);
    keptValue[value] = result;
    keptValue[result] = result;
    return result;
  }

  Value inLayout(Value value, const Layout &layout, const std::string &user) {
    auto tensor = graph.tensorOf.find(value);
    if (tensor != graph.tensorOf.end() && graph.tensors[tensor->second].isSource)
      return cloneSource(value, layout);
    // What the use needs is no reason for how the value is kept.
    std::string need = std::exchange(needText, {});
    Value start = kept(value);
    needText = std::move(need);
    return reshard(start, layout, user);
  }

  // A constant, empty tensor or fill in the layout that a use needs.
  Value cloneSource(Value value, const Layout &layout) {
    RankedTensorType type = laidOut(graph.tensors[graph.tensorOf.lookup(value)].type, layout);
    Value &made = clones[{value, LayoutAttr::get(type.getContext(), graph.meshName, layout)}];
    if (made)
      return made;
    Operation *op = value.getDefiningOp();
    builder.setInsertionPointAfter(op);
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      Value empty = cloneSource(fill.getOutputs()[0], layout);
      builder.setInsertionPointAfter(op);
      Operation *copy = builder.clone(*op);
      copy->setOperand(1, empty);
      copy->getResult(0).setType(type);
      // The clone of the empty tensor stands behind its own op, which is before this one.
      return clones[{value, layoutOf(type)}] = copy->getResult(0);
    }
    Operation *copy = builder.clone(*op);
    copy->getResult(cast<OpResult>(value).getResultNumber()).setType(type);
    if (auto constant = dyn_cast<arith::ConstantOp>(copy)) {
      if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
        constant.setValueAttr(dense.reshape(type));
      else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
        constant.setValueAttr(DenseResourceElementsAttr::get(type, resource.getRawHandle()));
    }
    return made = copy->getResult(cast<OpResult>(value).getResultNumber());
  }

  Value reshard(Value value, const Layout &layout, const std::string &user) {
    auto type = cast<RankedTensorType>(value.getType());
    RankedTensorType target = laidOut(type, layout);
    if (type == target)
      return value;
    Value &made = clones[{value, layoutOf(target)}];
    if (made)
      return made;
    if (Operation *op = value.getDefiningOp())
      builder.setInsertionPointAfter(op);
    else
      builder.setInsertionPointToStart(cast<BlockArgument>(value).getOwner());
    Location loc = value.getDefiningOp() ? value.getDefiningOp()->getLoc() : value.getLoc();
    auto op = ReshardOp::create(builder, loc, target, value);
    std::string why = reason(value, layout, user);
    op->setAttr(whyAttrName, builder.getStringAttr(why));
    std::string way;
    if (explain) {
      DictionaryAttr note = cause(value, user);
      op->setAttr(causeAttrName, note);
      way = textOf(note);
    }
    remark::passed(loc, remark::RemarkOpts::name("reshard").category("tp-propagate"))
        << "from " + layoutOf(type).getLayout().str() + " to " + layout.str() + ": " + why + way;
    return made = op.getResult();
  }

  // The ways of all splits of `value`, and why its user takes it otherwise.
  DictionaryAttr cause(Value value, const std::string &user) {
    const Layout &from = layoutOf(value).getLayout();
    std::vector<Way> ways;
    auto add = [&](Way way) {
      if (!way.empty() && !llvm::is_contained(ways, way))
        ways.push_back(std::move(way));
    };
    Operation *op = value.getDefiningOp();
    auto node = op ? graph.nodeOf.find(op) : graph.nodeOf.end();
    auto tensor = graph.tensorOf.find(value);
    if (node != graph.nodeOf.end()) {
      const Option &option = optionOf(node->second);
      for (size_t f = 0; f < option.axes.size(); ++f)
        if (!from.isPartial() || graph.nodes[node->second].map.factors[f].kind == FactorKind::Reduction)
          add(wayToFactor(graph, claims, node->second, option, f));
    } else if (tensor != graph.tensorOf.end()) {
      for (auto [d, dim] : llvm::enumerate(from.dims))
        if (!dim.axes.empty())
          add(wayToDim(graph, claims, tensor->second, d, dim.axes));
    }
    SmallVector<Attribute> lists;
    for (const Way &way : ways)
      lists.push_back(builder.getStrArrayAttr(llvm::to_vector_of<StringRef>(way)));
    SmallVector<NamedAttribute> fields = {builder.getNamedAttr("ways", builder.getArrayAttr(lists))};
    std::string need = needText.empty() && StringRef(user).starts_with("the wish") ? user : needText;
    if (!need.empty())
      fields.push_back(builder.getNamedAttr("need", builder.getStringAttr(need)));
    return builder.getDictionaryAttr(fields);
  }

  // For a remark: "; way of the split: the wish ... -> nn.contract at line 7; nn.softmax at line 9 works along dimension 1 and ...".
  static std::string textOf(DictionaryAttr cause) {
    std::string text;
    for (Attribute way : cause.getAs<ArrayAttr>("ways")) {
      text += "; way of the split: ";
      for (auto [i, step] : llvm::enumerate(cast<ArrayAttr>(way)))
        text += (i ? " -> " : "") + cast<StringAttr>(step).getValue().str();
    }
    if (auto need = cause.getAs<StringAttr>("need"))
      text += "; " + need.getValue().str();
    return text;
  }

  std::string reason(Value value, const Layout &layout, const std::string &user) {
    const Layout &from = layoutOf(value).getLayout();
    std::string what = value.getDefiningOp<nn::GetOp>() ? "@" + value.getDefiningOp<nn::GetOp>().getName().str()
                       : value.getDefiningOp()          ? describe(value.getDefiningOp())
                                                        : describe(cast<BlockArgument>(value));
    std::string text;
    Operation *op = value.getDefiningOp();
    auto node = op ? graph.nodeOf.find(op) : graph.nodeOf.end();
    if (from.isPartial() && node != graph.nodeOf.end()) {
      text = what + " reduces a dimension split over {" + tp::str(from.partial) + "}";
      const Option &option = optionOf(node->second);
      for (size_t f = 0; f < option.origin.size(); ++f)
        if (graph.nodes[node->second].map.factors[f].kind == FactorKind::Reduction && option.origin[f] >= 0) {
          text += " by " + graph.origins[option.origin[f]].text;
          break;
        }
    } else {
      text = what + " has layout " + from.str();
      int origin = -1;
      if (node != graph.nodeOf.end()) {
        for (int each : optionOf(node->second).origin)
          origin = origin < 0 ? each : origin;
      } else if (auto tensor = graph.tensorOf.find(value); tensor != graph.tensorOf.end()) {
        if (!claims.onTensor[tensor->second].empty())
          origin = claims.onTensor[tensor->second].front().origin;
      }
      if (origin >= 0)
        text += " by " + graph.origins[origin].text;
    }
    text += user.empty() ? "; its uses need it as " + layout.str() : "; " + user + " needs it as " + layout.str();
    return text;
  }

  ModuleOp module;
  /// Erased at the end: the graph finds values by their address, and a new op may get that of an old one.
  SmallVector<Operation *> unused;
  const Graph &graph;
  const Claims &claims;
  const Choice &choice;
  const bool explain;
  OpBuilder builder;
  llvm::DenseMap<Value, Value> alias, keptValue;
  llvm::DenseMap<std::pair<Value, Attribute>, Value> clones;
  /// Why the use at hand takes its operand as it does; for tp.cause.
  std::string needText;
};

} // namespace

void rewrite(ModuleOp module, const Graph &graph, const Claims &claims, const Choice &choice, bool explain) {
  Rewriter(module, graph, claims, choice, explain).run();
}

} // namespace tp::propagate
