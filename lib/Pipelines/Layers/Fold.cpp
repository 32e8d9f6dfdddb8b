// Decides what goes. All functions that use the same parameters lose the same layers, so that no parameter is left half used.
#include "FoldedFunction.h"

#include "tp/Analysis/Where.h"

#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace tp {

namespace {

// Begins the periods at an op that names something of its own layer, and so that no two periods name the same.
bool alignAt(EqualLayers &layers, llvm::function_ref<bool(Outside)> isLeader) {
  const int64_t first = layers.first;
  for (int64_t offset = 0; offset < layers.length; ++offset) {
    layers.startAt(first + offset);
    std::vector<Outside> own = layers.namedIn(0), nextOnes = layers.namedIn(1);
    if (own.empty() || llvm::any_of(own, [&](Outside one) { return llvm::is_contained(nextOnes, one); }))
      continue;
    Operation *op = layers.at(0, 0);
    StringAttr symbol = symbolOf(op);
    auto leads = [&](Outside one) { return isLeader(one) && llvm::is_contained(own, one); };
    if (symbol ? leads(symbol) : llvm::any_of(op->getOperands(), leads))
      return true;
  }
  return false;
}

class Folder {
public:
  explicit Folder(ModuleOp module) : module(module) {}

  /// Decides what goes; false if nothing does.
  bool plan() {
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration() && function.getBody().hasOneBlock())
        consider(function);
    if (result.functions.empty() || !chooseRange())
      return false;
    for (const auto &each : result.functions)
      if (!nameLayers(*each) || !each->isClosed())
        return false;
    return isSymbolsClosed();
  }

  Folding result;

private:
  void consider(func::FuncOp function) {
    auto folded = std::make_unique<FoldedFunction>(function);
    EqualLayers &layers = folded->layers;
    if (!layers.find(keptFirst + leastDropped + 1))
      return;
    bool hasSymbols = llvm::any_of(layers.namedIn(0), [](Outside one) { return isa<Attribute>(one); });
    if (!hasSymbols) {
      if (alignAt(layers, [](Outside) { return true; }))
        result.functions.push_back(std::move(folded));
      return;
    }
    // All functions that use the same parameters begin a layer at the same one.
    bool isFirst = leaders.empty();
    if (!alignAt(layers, [&](Outside one) { return isa<Attribute>(one) && (isFirst || leaders.count(cast<Attribute>(one))); }))
      return;
    Attribute leader = symbolOf(layers.at(0, 0));
    if (isFirst)
      for (int64_t period = 0; period < layers.count; ++period)
        leaders[symbolOf(layers.at(period, 0))] = period;
    folded->shift = leaders.lookup(leader);
    result.functions.push_back(std::move(folded));
  }

  bool usesSymbols(const FoldedFunction &each) const { return !!symbolOf(each.layers.at(0, 0)); }

  bool chooseRange() {
    int64_t low = keptFirst, high = std::numeric_limits<int64_t>::max();
    for (const auto &each : result.functions)
      if (usesSymbols(*each)) {
        low = std::max(low, each->shift + keptFirst);
        high = std::min(high, each->shift + each->layers.count - 1);
      }
    for (const auto &each : result.functions) {
      each->low = usesSymbols(*each) ? low - each->shift : keptFirst;
      each->high = usesSymbols(*each) ? high - each->shift : each->layers.count - 1;
      if (each->high - each->low < leastDropped)
        return false;
    }
    return true;
  }

  // Follows what the first kept period names from period to period.
  bool nameLayers(FoldedFunction &each) {
    std::vector<Outside> named = each.layers.namedIn(each.low - 3);
    for (int64_t period = each.low - 3; period <= each.high; ++period) {
      each.named[period] = named;
      if (period == each.high)
        break;
      for (auto [slot, one] : llvm::enumerate(named)) {
        if (period >= each.low)
          if (auto symbol = dyn_cast<Attribute>(one)) {
            Attribute kept = cast<Attribute>(each.named[each.low - 1][slot]);
            if (result.counterpart.try_emplace(symbol, kept).first->second != kept)
              return false;
          }
        auto after = each.layers.next.find(one);
        if (after == each.layers.next.end())
          return false;
        one = after->second;
      }
    }
    return true;
  }

  // False where a parameter or state that goes is used by an op that stays.
  bool isSymbolsClosed() {
    if (result.counterpart.empty())
      return true;
    llvm::DenseMap<Operation *, const FoldedFunction *> foldedAs;
    for (const auto &each : result.functions)
      foldedAs[each->layers.function] = each.get();
    for (auto function : module.getOps<func::FuncOp>()) {
      const FoldedFunction *folded = foldedAs.lookup(function);
      WalkResult found = function.walk([&](Operation *op) {
        StringAttr symbol = symbolOf(op);
        bool isMissed = symbol && result.counterpart.contains(symbol) && !(folded && folded->isDropped(op));
        return isMissed ? WalkResult::interrupt() : WalkResult::advance();
      });
      if (found.wasInterrupted())
        return false;
    }
    return true;
  }

  ModuleOp module;
  llvm::DenseMap<Attribute, int64_t> leaders; // symbol that begins a layer -> number of the layer
};

} // namespace

Folding planFolding(ModuleOp module) {
  Folder folder(module);
  return folder.plan() ? std::move(folder.result) : Folding();
}

bool FoldedFunction::isDropped(Operation *op) const {
  auto found = layers.indexOf.find(op);
  return found != layers.indexOf.end() && found->second >= layers.first + low * layers.length &&
         found->second < layers.first + high * layers.length;
}

bool FoldedFunction::isClosed() const {
  const int64_t end = layers.first + layers.count * layers.length;
  for (int64_t period = low; period < high; ++period) {
    for (int64_t offset = 0; offset < layers.length; ++offset)
      for (Operation *user : layers.at(period, offset)->getUsers())
        if (auto found = layers.indexOf.find(user); found == layers.indexOf.end() || found->second >= end)
          return false;
    for (Outside one : named.at(period))
      if (auto argument = dyn_cast<Value>(one))
        for (Operation *user : argument.getUsers())
          if (!isDropped(user))
            return false;
  }
  return true;
}

std::vector<int64_t> FoldedFunction::keptArguments() const {
  llvm::BitVector dropped(func::FuncOp(layers.function).getNumArguments());
  for (int64_t period = low; period < high; ++period)
    for (Outside one : named.at(period))
      if (auto argument = dyn_cast<Value>(one))
        dropped.set(cast<BlockArgument>(argument).getArgNumber());
  std::vector<int64_t> kept;
  for (unsigned number = 0; number < dropped.size(); ++number)
    if (!dropped.test(number))
      kept.push_back(number);
  return kept;
}

func::FuncOp FoldedFunction::clone(OpBuilder &builder) const {
  func::FuncOp function = layers.function;
  auto result = cast<func::FuncOp>(builder.insert(function->cloneWithoutRegions()));
  Block *block = new Block();
  result.getBody().push_back(block);
  IRMapping mapping;
  SmallVector<DictionaryAttr> attributes;
  std::vector<int64_t> kept = keptArguments();
  for (int64_t number : kept) {
    BlockArgument argument = function.getArgument(number);
    mapping.map(argument, block->addArgument(argument.getType(), argument.getLoc()));
    attributes.push_back(function.getArgAttrDict(number));
  }
  result.setType(FunctionType::get(function.getContext(), block->getArgumentTypes(), function.getResultTypes()));
  result.setAllArgAttrs(attributes);
  if (kept.size() != function.getNumArguments())
    result->setAttr(argumentNumbersAttrName, builder.getDenseI64ArrayAttr(kept));
  OpBuilder body = OpBuilder::atBlockEnd(block);
  const int64_t from = layers.first + low * layers.length, to = layers.first + high * layers.length;
  for (auto [index, op] : llvm::enumerate(layers.ops)) {
    if (int64_t(index) < from || int64_t(index) >= to)
      body.clone(*op, mapping);
    if (int64_t(index) != to - 1)
      continue;
    // The last period follows the last of the first ones now.
    for (int64_t offset = 0; offset < layers.length; ++offset)
      for (auto [gone, stays] :
           llvm::zip_equal(layers.at(high - 1, offset)->getResults(), layers.at(low - 1, offset)->getResults()))
        mapping.map(gone, mapping.lookup(stays));
  }
  body.clone(*function.getBody().front().getTerminator(), mapping);
  return result;
}

} // namespace tp
