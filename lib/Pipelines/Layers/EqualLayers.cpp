// Comparing is pairwise and stops at the first difference, so a function without layers costs one look at each op.
#include "EqualLayers.h"

#include "tp/Analysis/Parameters.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace tp {

StringAttr symbolOf(Operation *op) {
  if (auto get = dyn_cast<nn::GetOp>(op))
    return get.getNameAttr().getAttr();
  if (auto set = dyn_cast<nn::SetOp>(op))
    return set.getNameAttr().getAttr();
  return {};
}

// Whether two short straight bodies are the same, which most are: OperationEquivalence, which has the last word, builds tables first.
static bool isSameBody(Region &a, Region &b) {
  if (!a.hasOneBlock() || !b.hasOneBlock() || a.getArgumentTypes() != b.getArgumentTypes())
    return false;
  SmallVector<std::pair<Value, Value>, 8> pairs;
  for (auto [p, q] : llvm::zip_equal(a.getArguments(), b.getArguments()))
    pairs.push_back({p, q});
  Block &ofA = a.front(), &ofB = b.front();
  auto y = ofB.begin();
  for (Operation &x : ofA) {
    if (y == ofB.end() || x.getName() != y->getName() || x.getNumRegions() || y->getNumRegions() || x.getNumSuccessors() ||
        y->getNumSuccessors() || x.getNumOperands() != y->getNumOperands() || x.getResultTypes() != y->getResultTypes() ||
        x.getRawDictionaryAttrs() != y->getRawDictionaryAttrs() ||
        !x.getName().compareOpProperties(x.getPropertiesStorage(), y->getPropertiesStorage()) || pairs.size() > 16)
      return false;
    for (auto [p, q] : llvm::zip_equal(x.getOperands(), y->getOperands()))
      if (p != q && !llvm::is_contained(pairs, std::pair<Value, Value>(p, q)))
        return false;
    for (auto [p, q] : llvm::zip_equal(x.getResults(), y->getResults()))
      pairs.push_back({p, q});
    ++y;
  }
  return y == ofB.end();
}

// Notes for people differ from layer to layer.
static bool isNote(StringRef name) { return name == whereAttrName || name == whyAttrName; }

static bool haveEqualNotes(DictionaryAttr a, DictionaryAttr b, llvm::function_ref<bool(StringRef)> mayDiffer) {
  return a == b || (a && b && a.size() == b.size() && llvm::all_of(llvm::zip_equal(a, b), [&](auto pair) {
                      auto [x, y] = pair;
                      return x.getName() == y.getName() && (x.getValue() == y.getValue() || mayDiffer(x.getName()));
                    }));
}

EqualLayers::EqualLayers(func::FuncOp function)
    : function(function), module(function->getParentOfType<ModuleOp>()), argumentAttributes(function.getArgAttrsAttr()) {
  for (Operation &op : function.getBody().front().without_terminator()) {
    ops.push_back(&op);
    locations.push_back(op.getLoc());
  }
  indexOf.reserve(ops.size());
  for (auto [index, op] : llvm::enumerate(ops))
    indexOf[op] = index;
}

uint64_t EqualLayers::fingerprint(Operation *op) const {
  return llvm::hash_combine(op->getName().getAsOpaquePointer(), op->getNumOperands(),
                            op->getNumResults() ? op->getResult(0).getType().getAsOpaquePointer() : nullptr);
}

bool EqualLayers::find(int64_t least) {
  std::vector<uint64_t> prints;
  for (Operation *op : ops)
    prints.push_back(fingerprint(op));
  const int64_t size = ops.size(), middle = size / 2;
  int tries = 0;
  for (int64_t other = middle + 1; other < size && tries < 16; ++other) {
    const int64_t period = other - middle;
    if (prints[other] != prints[middle] || period * least > size)
      continue;
    int64_t before = middle, after = middle;
    while (before > 0 && prints[before - 1] == prints[before - 1 + period])
      --before;
    while (after + period < size && prints[after] == prints[after + period])
      ++after;
    if (after - before < (least - 1) * period)
      continue;
    ++tries;
    length = period;
    forget();
    int64_t to = middle, from = middle;
    while (to < after && isEqual(to))
      ++to;
    while (from > before && isEqual(from - 1))
      --from;
    if (to - from < (least - 1) * period)
      continue;
    end = to;
    startAt(from);
    return true;
  }
  return false;
}

bool EqualLayers::compare(int64_t begin, int64_t to, int64_t period) {
  length = period;
  end = to;
  for (int64_t i = begin; i < to; ++i)
    if (i + period >= int64_t(ops.size()) || !isEqual(i))
      return false;
  startAt(begin);
  return true;
}

// One look for all counterparts makes room for them: most are arguments.
void EqualLayers::forget() {
  for (auto *counterparts : {&next, &previous}) {
    counterparts->clear();
    counterparts->reserve(function.getNumArguments());
  }
}

void EqualLayers::startAt(int64_t begin) {
  first = begin;
  count = (end + length - begin) / length;
}

std::vector<Outside> EqualLayers::namedIn(int64_t period) const {
  std::vector<Outside> found;
  llvm::DenseSet<Outside> seen;
  auto add = [&](Outside one) {
    auto counterpart = next.find(one), before = previous.find(one);
    bool isShared = counterpart != next.end() ? counterpart->second == one : before != previous.end() && before->second == one;
    if (!isShared && seen.insert(one).second)
      found.push_back(one);
  };
  for (int64_t offset = 0; offset < length; ++offset) {
    Operation *op = at(period, offset);
    if (StringAttr symbol = symbolOf(op))
      add(symbol);
    for (Value operand : op->getOperands())
      if (isa<BlockArgument>(operand))
        add(operand);
  }
  return found;
}

bool EqualLayers::isEqual(int64_t index) {
  Operation *a = ops[index], *b = ops[index + length];
  if (!isSameOp(a, b))
    return false;
  for (auto [x, y] : llvm::zip_equal(a->getOperands(), b->getOperands()))
    if (!areCounterparts(x, y, index))
      return false;
  return true;
}

bool EqualLayers::isSameOp(Operation *a, Operation *b) {
  if (a->getName() != b->getName() || a->getNumOperands() != b->getNumOperands() || a->getResultTypes() != b->getResultTypes() ||
      a->getNumRegions() != b->getNumRegions() || a->getNumSuccessors() != 0)
    return false;
  if (a->getRawDictionaryAttrs() != b->getRawDictionaryAttrs() &&
      !haveEqualNotes(a->getDiscardableAttrDictionary(), b->getDiscardableAttrDictionary(), isNote))
    return false;
  if (StringAttr symbol = symbolOf(a)) {
    if (!pair(Outside(symbol), Outside(symbolOf(b))))
      return false;
  } else if (!a->getName().compareOpProperties(a->getPropertiesStorage(), b->getPropertiesStorage())) {
    return false;
  }
  return llvm::all_of(llvm::zip_equal(a->getRegions(), b->getRegions()), [](auto pair) {
    auto [x, y] = pair;
    return isSameBody(x, y) || OperationEquivalence::isRegionEquivalentTo(&x, &y, OperationEquivalence::IgnoreLocations);
  });
}

// A value of the same period, of the one before, or from before all periods.
bool EqualLayers::areCounterparts(Value a, Value b, int64_t index) {
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y)
    return !x && !y && pair(Outside(a), Outside(b));
  if (a == b)
    return true;
  int64_t from = indexOf.lookup(x);
  return indexOf.lookup(y) == from + length && index - from < 2 * length &&
         cast<OpResult>(a).getResultNumber() == cast<OpResult>(b).getResultNumber();
}

bool EqualLayers::pair(Outside a, Outside b) {
  auto [after, isNew] = next.try_emplace(a, b);
  if (!isNew)
    return after->second == b;
  if (haveEqualDeclarations(a, b) && previous.try_emplace(b, a).second)
    return true;
  next.erase(a);
  return false;
}

bool EqualLayers::haveEqualDeclarations(Outside a, Outside b) {
  if (a == b)
    return true;
  if (auto x = dyn_cast<Value>(a)) {
    auto y = cast<Value>(b);
    auto attributes = [&](Value value) {
      return argumentAttributes ? cast<DictionaryAttr>(argumentAttributes[cast<BlockArgument>(value).getArgNumber()])
                                : DictionaryAttr();
    };
    return x.getType() == y.getType() &&
           haveEqualNotes(attributes(x), attributes(y), [](StringRef name) { return name == nameAttrName; });
  }
  if (declarations.empty())
    for (Operation &op : *module.getBody())
      if (isa<nn::ParameterOp, nn::StateOp>(op))
        declarations[op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName())] = &op;
  Operation *x = declarations.lookup(cast<Attribute>(a)), *y = declarations.lookup(cast<Attribute>(b));
  auto fact = [](Operation *op, StringRef name) { return op->getAttr(name); };
  return x && y && x->getName() == y->getName() && fact(x, "type") == fact(y, "type") &&
         x->getDiscardableAttrDictionary() == y->getDiscardableAttrDictionary();
}

} // namespace tp
