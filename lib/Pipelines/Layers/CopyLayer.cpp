// A layer reads what it defines, results of the layer before, what it names, and values that all layers share; only the last keep
// their entry in the table of values.
#include "CopyLayer.h"

using namespace mlir;

namespace tp {

LayerCopier::LayerCopier(ArrayRef<Operation *> ops, ArrayRef<Operation *> before, ArrayRef<Outside> named, LayerNotes &notes)
    : notes(notes) {
  for (auto [slot, one] : llvm::enumerate(named))
    if (auto symbol = dyn_cast<Attribute>(one))
      symbols[symbol] = slot;
  for (Operation *op : ops)
    models.push_back(modelOf(op));
  for (auto [own, earlier] : llvm::zip_equal(ops, before))
    for (auto [result, previous] : llvm::zip_equal(own->getResults(), earlier->getResults()))
      if (auto used = numbers.find(previous); used != numbers.end())
        carried.push_back({used->second, numbers.lookup(result)});
  for (auto [slot, one] : llvm::enumerate(named))
    if (auto argument = dyn_cast<Value>(one))
      if (auto used = numbers.find(argument); used != numbers.end())
        parameters.push_back({used->second, slot});
}

bool LayerCopier::canCopy(Operation *op) {
  return llvm::all_of(op->getRegions(), [](Region &region) {
    return region.empty() ||
           (region.hasOneBlock() && llvm::all_of(region.front(), [](Operation &each) { return canCopy(&each); }));
  });
}

unsigned LayerCopier::numberOf(Value value) {
  auto [entry, isNew] = numbers.try_emplace(value, values.size());
  if (isNew)
    values.push_back(value);
  return entry->second;
}

LayerCopier::Model LayerCopier::modelOf(Operation *op) {
  Model model{op, {}, 0, {}};
  for (Value operand : op->getOperands())
    model.operands.push_back(numberOf(operand));
  for (Region &region : op->getRegions()) {
    Body &body = model.bodies.emplace_back(Body{nullptr, 0, {}});
    if (region.empty())
      continue;
    body.block = &region.front();
    body.firstArgument = values.size();
    for (BlockArgument argument : body.block->getArguments())
      numberOf(argument);
    for (Operation &each : *body.block)
      body.ops.push_back(modelOf(&each));
  }
  model.firstResult = values.size();
  for (Value result : op->getResults())
    numberOf(result);
  if (StringAttr symbol = symbolOf(op))
    if (auto found = symbols.find(symbol); found != symbols.end())
      model.symbol = found->second;
  return model;
}

Operation *LayerCopier::make(const Model &model, Location location, DictionaryAttr attributes) {
  Operation *op = model.op;
  SmallVector<Value, 4> operands;
  for (unsigned number : model.operands)
    operands.push_back(values[number]);
  Operation *made = Operation::create(location, op->getName(), op->getResultTypes(), operands, attributes,
                                      op->getPropertiesStorage(), BlockRange(), model.bodies.size());
  for (auto [region, body] : llvm::zip_equal(made->getRegions(), model.bodies)) {
    if (!body.block)
      continue;
    Block *block = new Block();
    region.push_back(block);
    unsigned number = body.firstArgument;
    for (BlockArgument argument : body.block->getArguments())
      values[number++] = block->addArgument(argument.getType(), argument.getLoc());
    for (const Model &each : body.ops)
      block->push_back(make(each, each.op->getLoc(), each.op->getRawDictionaryAttrs()));
  }
  unsigned number = model.firstResult;
  for (Value result : made->getResults())
    values[number++] = result;
  return made;
}

void LayerCopier::copy(Block *block, Block::iterator at, int64_t period, ArrayRef<Outside> own) {
  for (auto [before, now] : carried)
    values[before] = values[now];
  for (auto [number, slot] : parameters)
    values[number] = cast<Value>(own[slot]);
  for (const Model &model : models) {
    Operation *made = make(model, notes.locationOf(model.op, period), notes.attributesOf(model.op, period));
    if (model.symbol >= 0)
      made->setAttr("name", FlatSymbolRefAttr::get(cast<StringAttr>(cast<Attribute>(own[model.symbol]))));
    block->getOperations().insert(at, made);
  }
}

} // namespace tp
