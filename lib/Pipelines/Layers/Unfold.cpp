// Finds the periods of the local form by what they name, compares three of them, and copies the third.
#include "FoldedFunction.h"

#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/Where.h"

using namespace mlir;

namespace tp {

static DictionaryAttr withNameOf(DictionaryAttr attributes, DictionaryAttr own) {
  Attribute name = own ? own.get(nameAttrName) : Attribute();
  SmallVector<NamedAttribute> list(attributes.begin(), attributes.end());
  auto entry = llvm::find_if(list, [](NamedAttribute each) { return each.getName() == nameAttrName; });
  if (entry != list.end() && name) {
    entry->setValue(name);
    return DictionaryAttr::getWithSorted(attributes.getContext(), list);
  }
  if (entry != list.end())
    list.erase(entry);
  else if (name)
    list.push_back({StringAttr::get(attributes.getContext(), nameAttrName), name});
  return DictionaryAttr::get(attributes.getContext(), list);
}

Unfolder::Unfolder(const FoldedFunction &folded, func::FuncOp local)
    : folded(folded), whole(folded.layers.function), local(local), layers(local),
      notes(folded.layers, folded.named, folded.low - 1, folded.high) {}

bool Unfolder::plan() {
  std::vector<int64_t> kept = folded.keptArguments();
  if (kept.size() != local.getNumArguments())
    return false;
  localArgument.assign(whole.getNumArguments(), {});
  for (auto [i, number] : llvm::enumerate(kept))
    localArgument[number] = local.getArgument(i);
  for (int64_t period : {folded.low - 3, folded.low - 2, folded.low - 1, folded.high})
    for (Outside one : folded.named.at(period))
      periodOf[here(one)] = period;
  std::map<int64_t, int64_t> begins;
  for (auto [index, op] : llvm::enumerate(layers.ops)) {
    auto note = [&](Outside one) {
      if (auto found = periodOf.find(one); found != periodOf.end())
        begins.try_emplace(found->second, index);
    };
    if (StringAttr symbol = symbolOf(op))
      note(symbol);
    for (Value operand : op->getOperands())
      note(operand);
  }
  if (begins.size() != 4)
    return false;
  first = begins[folded.low - 3];
  begin = begins[folded.low - 1];
  end = begins[folded.high];
  length = end - begin;
  return length > 0 && begins[folded.low - 2] == begin - length && first == begin - 2 * length &&
         layers.compare(first, begin, length) && areCounterpartsThose() && isClosed() &&
         std::all_of(layers.ops.begin() + begin, layers.ops.begin() + end, LayerCopier::canCopy);
}

void Unfolder::run() {
  std::vector<OpOperand *> later;
  for (int64_t i = begin; i < end; ++i)
    for (Value result : layers.ops[i]->getResults())
      for (OpOperand &use : result.getUses())
        if (indexOf(use.getOwner()) >= end)
          later.push_back(&use);
  addArguments();
  auto namedBy = [&](int64_t period) {
    return llvm::map_to_vector(folded.named.at(period), [&](Outside one) { return here(one); });
  };
  Operation *behind = end < int64_t(layers.ops.size()) ? layers.ops[end] : local.getBody().front().getTerminator();
  ArrayRef<Operation *> ops(layers.ops);
  LayerCopier copier(ops.slice(begin, length), ops.slice(begin - length, length), namedBy(folded.low - 1), notes);
  for (int64_t period = folded.low; period < folded.high; ++period)
    copier.copy(behind->getBlock(), Block::iterator(behind), period, namedBy(period));
  for (OpOperand *use : later)
    use->set(copier.latest(use->get()));
  for (int64_t i = begin; i < int64_t(layers.ops.size()); ++i) {
    const int64_t period = i < end ? folded.low - 1 : folded.high;
    Operation *op = layers.ops[i];
    DictionaryAttr attributes = notes.attributesOf(op, period);
    op->setLoc(notes.locationOf(op, period));
    op->setDiscardableAttrs(attributes);
  }
  local->removeAttr(argumentNumbersAttrName);
}

Outside Unfolder::here(Outside one) const {
  if (auto argument = dyn_cast<Value>(one))
    return Value(localArgument[cast<BlockArgument>(argument).getArgNumber()]);
  return one;
}

int64_t Unfolder::indexOf(Operation *op) const {
  auto found = layers.indexOf.find(op);
  return found == layers.indexOf.end() ? layers.ops.size() : found->second;
}

// What an op of one period names has the counterpart that it had in the global form.
bool Unfolder::areCounterpartsThose() const {
  llvm::DenseMap<Outside, Outside> expected;
  for (int64_t period : {folded.low - 3, folded.low - 2})
    for (auto [one, other] : llvm::zip_equal(folded.named.at(period), folded.named.at(period + 1)))
      expected[here(one)] = here(other);
  for (auto [one, other] : layers.next) {
    auto found = expected.find(one);
    if (found == expected.end() ? one != other : found->second != other)
      return false;
  }
  return true;
}

bool Unfolder::isClosed() const {
  for (int64_t i = first; i < begin; ++i)
    for (Operation *user : layers.ops[i]->getUsers())
      if (indexOf(user) >= (i < begin - length ? begin : end))
        return false;
  return true;
}

void Unfolder::addArguments() {
  Block *old = &local.getBody().front(), *block = new Block();
  SmallVector<DictionaryAttr> attributes(whole.getNumArguments());
  std::vector<BlockArgument> model(whole.getNumArguments());
  for (BlockArgument argument : whole.getArguments())
    model[argument.getArgNumber()] = localArgument[argument.getArgNumber()];
  for (int64_t period = folded.low; period < folded.high; ++period)
    for (auto [one, kept] : llvm::zip_equal(folded.named.at(period), folded.named.at(folded.low - 1)))
      if (auto argument = dyn_cast<Value>(one))
        model[cast<BlockArgument>(argument).getArgNumber()] = cast<BlockArgument>(cast<Value>(here(kept)));
  std::vector<BlockArgument> made;
  ArrayAttr ofModels = local.getArgAttrsAttr(), own = whole.getArgAttrsAttr();
  for (BlockArgument argument : whole.getArguments()) {
    unsigned number = argument.getArgNumber();
    made.push_back(block->addArgument(model[number].getType(), argument.getLoc()));
    attributes[number] = cast<DictionaryAttr>(ofModels[model[number].getArgNumber()]);
    if (!localArgument[number])
      attributes[number] = withNameOf(attributes[number], own ? cast<DictionaryAttr>(own[number]) : DictionaryAttr());
  }
  block->getOperations().splice(block->end(), old->getOperations());
  for (auto [number, argument] : llvm::enumerate(localArgument))
    if (argument)
      argument.replaceAllUsesWith(made[number]);
  localArgument = made;
  local.getBody().push_back(block);
  old->erase();
  local.setType(FunctionType::get(local.getContext(), block->getArgumentTypes(), local.getResultTypes()));
  local.setAllArgAttrs(attributes);
}

} // namespace tp
