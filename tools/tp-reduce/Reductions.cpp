// See Reductions.h. An op is removed by giving its users something of the same type in its place: one of its operands, or else a new
// argument of the function. So ops can go from the middle of a program, not only from its end.
#include "Reductions.h"

#include "dialects/nn/Nn.h"
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;

namespace tp {

namespace {

std::vector<func::FuncOp> functionsOf(ModuleOp module) {
  std::vector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>())
    functions.push_back(function);
  return functions;
}

// Ops of all functions, those of regions after the op around them; terminators stay.
std::vector<Operation *> opsOf(ModuleOp module) {
  std::vector<Operation *> ops;
  for (func::FuncOp function : functionsOf(module))
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op != function && !op->hasTrait<OpTrait::IsTerminator>())
        ops.push_back(op);
    });
  return ops;
}

void refreshType(func::FuncOp function) {
  if (function.isExternal())
    return;
  Operation *terminator = function.getBody().back().getTerminator();
  function.setType(
      FunctionType::get(function.getContext(), function.getBody().front().getArgumentTypes(), terminator->getOperandTypes()));
}

bool removeOp(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  if (!function)
    return false;
  for (Value result : op->getResults()) {
    if (result.use_empty())
      continue;
    Value other;
    for (Value operand : op->getOperands())
      if (!other && operand.getType() == result.getType())
        other = operand;
    Block *block = op->getBlock();
    if (!other && block->getParentOp() != function)
      for (BlockArgument argument : block->getArguments())
        if (!other && argument.getType() == result.getType())
          other = argument;
    if (!other && block->getParentOp() == function) {
      if (failed(function.insertArgument(function.getNumArguments(), result.getType(), {}, op->getLoc())))
        return false;
      other = function.getArguments().back();
    }
    if (!other)
      return false;
    result.replaceAllUsesWith(other);
  }
  op->erase();
  return true;
}

// Runs of 1/2, 1/4, ... of all ops, the last ones first; at the end single ops.
struct Run {
  size_t begin, end;
};
std::vector<Run> runsOf(size_t ops) {
  std::vector<Run> runs;
  for (size_t length = ops / 2; length > 1; length /= 2)
    for (size_t end = ops; end > 0; end -= std::min(end, length))
      runs.push_back({end - std::min(end, length), end});
  for (size_t end = ops; end > 0; --end)
    runs.push_back({end - 1, end});
  return runs;
}

bool removeRun(ModuleOp module, size_t index) {
  std::vector<Operation *> ops = opsOf(module);
  Run run = runsOf(ops.size())[index];
  bool changed = false;
  for (size_t i = run.end; i-- > run.begin;) {
    // Inner ops go with the op around them.
    bool isInner =
        llvm::any_of(ArrayRef(ops).slice(run.begin, i - run.begin), [&](Operation *op) { return op->isProperAncestor(ops[i]); });
    if (!isInner)
      changed |= removeOp(ops[i]);
  }
  for (func::FuncOp function : functionsOf(module))
    refreshType(function);
  return changed;
}

std::vector<Operation *> declarationsOf(ModuleOp module) {
  std::vector<Operation *> declarations;
  for (Operation &op : *module.getBody())
    if (!isa<MeshOp>(op))
      declarations.push_back(&op);
  return declarations;
}

bool removeDeclaration(ModuleOp module, size_t index) {
  declarationsOf(module)[index]->erase();
  return true;
}

// Slots of all functions: (function, number).
std::vector<std::pair<func::FuncOp, unsigned>> slotsOf(ModuleOp module, bool results) {
  std::vector<std::pair<func::FuncOp, unsigned>> slots;
  for (func::FuncOp function : functionsOf(module))
    for (unsigned i = results ? function.getNumResults() : function.getNumArguments(); i-- > 0;)
      slots.push_back({function, i});
  return slots;
}

bool removeResult(ModuleOp module, size_t index) {
  auto [function, number] = slotsOf(module, true)[index];
  if (function.isExternal())
    return false;
  for (Block &block : function.getBody())
    if (auto terminator = dyn_cast<func::ReturnOp>(block.getTerminator()))
      terminator->eraseOperand(number);
  return succeeded(function.eraseResult(number));
}

bool removeArgument(ModuleOp module, size_t index) {
  auto [function, number] = slotsOf(module, false)[index];
  return !function.isExternal() && function.getArgument(number).use_empty() && succeeded(function.eraseArgument(number));
}

//===-- Notes -------------------------------------------------------------------------------------------------------===//

// Every discardable attribute of the module, as a function that removes it.
std::vector<std::function<void()>> notesOf(ModuleOp module) {
  std::vector<std::function<void()>> removals;
  for (auto [function, number] : slotsOf(module, false))
    for (NamedAttribute note : mlir::function_interface_impl::getArgAttrs(function, number))
      removals.push_back(
          [function = function, number = number, name = note.getName()]() mutable { function.removeArgAttr(number, name); });
  for (auto [function, number] : slotsOf(module, true))
    for (NamedAttribute note : mlir::function_interface_impl::getResultAttrs(function, number))
      removals.push_back(
          [function = function, number = number, name = note.getName()]() mutable { function.removeResultAttr(number, name); });
  module.walk([&](Operation *op) {
    for (NamedAttribute note : op->getDiscardableAttrs())
      removals.push_back([op, name = note.getName()] { op->removeAttr(name); });
  });
  return removals;
}

bool removeNote(ModuleOp module, size_t index) {
  notesOf(module)[index]();
  return true;
}

//===-- The mesh ----------------------------------------------------------------------------------------------------===//

MeshOp meshOf(ModuleOp module) {
  auto meshes = module.getOps<MeshOp>();
  return meshes.empty() ? MeshOp() : *meshes.begin();
}

void setMesh(ModuleOp module, MeshOp op, const Mesh &mesh) {
  OpBuilder builder(op);
  SmallVector<Attribute> names;
  SmallVector<int64_t> sizes;
  for (const MeshAxis &axis : mesh.axes) {
    names.push_back(builder.getStringAttr(axis.name));
    sizes.push_back(axis.size);
  }
  op->setAttr("axis_names", builder.getArrayAttr(names));
  op->setAttr("axis_sizes", builder.getDenseI64ArrayAttr(sizes));
}

// Drops axis `index` from the mesh and from every layout.
bool removeAxis(ModuleOp module, size_t index) {
  MeshOp op = meshOf(module);
  Mesh mesh = op.getMesh();
  std::string name = mesh.axes[index].name;
  mesh.axes.erase(mesh.axes.begin() + index);
  setMesh(module, op, mesh);
  auto without = [&](std::vector<AxisPart> parts) {
    llvm::erase_if(parts, [&](const AxisPart &part) { return part.axis == name; });
    return parts;
  };
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](LayoutAttr attribute) -> Attribute {
    Layout layout = attribute.getLayout();
    for (DimLayout &dim : layout.dims)
      dim.axes = without(dim.axes);
    layout.partial = without(layout.partial);
    return LayoutAttr::get(attribute.getContext(), attribute.getMesh(), layout);
  });
  replacer.addReplacement(
      [&](AxesAttr attribute) -> Attribute { return AxesAttr::get(attribute.getContext(), without(attribute.getParts())); });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  return true;
}

// Makes axis `index` as small as it can be without being gone.
bool shrinkAxis(ModuleOp module, size_t index) {
  MeshOp op = meshOf(module);
  Mesh mesh = op.getMesh();
  if (mesh.axes[index].size <= 2)
    return false;
  mesh.axes[index].size = 2;
  setMesh(module, op, mesh);
  return true;
}

size_t axesOf(ModuleOp module) { return meshOf(module) ? meshOf(module).getMesh().axes.size() : 0; }

} // namespace

std::vector<ReductionFamily> reductionFamilies() {
  return {
      {"functions and declarations", [](ModuleOp module) { return declarationsOf(module).size(); }, removeDeclaration},
      {"ops", [](ModuleOp module) { return runsOf(opsOf(module).size()).size(); }, removeRun},
      {"results", [](ModuleOp module) { return slotsOf(module, true).size(); }, removeResult},
      {"arguments", [](ModuleOp module) { return slotsOf(module, false).size(); }, removeArgument},
      {"notes", [](ModuleOp module) { return notesOf(module).size(); }, removeNote},
      {"axes", axesOf, removeAxis},
      {"sizes of axes", axesOf, shrinkAxis},
  };
}

size_t countOps(ModuleOp module) { return opsOf(module).size() + declarationsOf(module).size(); }

} // namespace tp
