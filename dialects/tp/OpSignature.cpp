// Writes signatures. Types and attributes are uniqued in their context, so their addresses stand for them.
#include "dialects/tp/OpSignature.h"

using namespace mlir;

namespace tp {

namespace {

uintptr_t word(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// Properties only: discardable attributes are notes for people. An op that keeps no properties has its facts in attributes.
uintptr_t factsOf(Operation *op) {
  Attribute properties = op->getPropertiesAsAttribute();
  return word((properties ? properties : op->getAttrDictionary()).getAsOpaquePointer());
}

// One block of ops without regions, each value by its number in order of definition.
bool appendBody(Block &block, OpSignature &signature) {
  llvm::SmallDenseMap<Value, uintptr_t, 16> number;
  for (BlockArgument argument : block.getArguments()) {
    number.try_emplace(argument, number.size());
    signature.push_back(word(argument.getType().getAsOpaquePointer()));
  }
  for (Operation &op : block) {
    if (op.getNumRegions() > 0)
      return false;
    signature.push_back(word(op.getName().getAsOpaquePointer()));
    signature.push_back(factsOf(&op));
    for (Value operand : op.getOperands()) {
      auto found = number.find(operand);
      if (found == number.end())
        return false;
      signature.push_back(found->second);
    }
    for (Value result : op.getResults()) {
      number.try_emplace(result, number.size());
      signature.push_back(word(result.getType().getAsOpaquePointer()));
    }
  }
  return true;
}

} // namespace

std::optional<OpSignature> signatureOf(Operation *op, const Mesh &mesh) {
  OpSignature signature;
  for (const MeshAxis &axis : mesh.axes) {
    signature.push_back(word(StringAttr::get(op->getContext(), axis.name).getAsOpaquePointer()));
    signature.push_back(axis.size);
  }
  signature.push_back(word(op->getName().getAsOpaquePointer()));
  signature.push_back(factsOf(op));
  // The counts keep lists of different lengths apart.
  signature.push_back(op->getNumOperands());
  for (Type type : op->getOperandTypes())
    signature.push_back(word(type.getAsOpaquePointer()));
  signature.push_back(op->getNumResults());
  for (Type type : op->getResultTypes())
    signature.push_back(word(type.getAsOpaquePointer()));
  for (Region &region : op->getRegions())
    if (!region.hasOneBlock() || !appendBody(region.front(), signature))
      return std::nullopt;
  return signature;
}

std::optional<FactorAxes> AcceptedLayouts::lookup(const OpSignature &signature) const {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = accepted.find(signature);
  return found == accepted.end() ? std::nullopt : std::optional(found->second);
}

void AcceptedLayouts::remember(const OpSignature &signature, const FactorAxes &axes) {
  std::lock_guard<std::mutex> lock(mutex);
  accepted.emplace(signature, axes);
}

} // namespace tp
