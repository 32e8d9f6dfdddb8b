// Finds where f belongs, on the laid-out form, where the axes of every op follow from its types.
#include "ConvertToLocal.h"

#include <optional>

using namespace mlir;

namespace tp {

// The common case: every part of `a` stays or goes as it stands. Nothing if some part must be cut.
static std::optional<AxisSet> minusUncut(const Mesh &mesh, const AxisSet &a, const std::vector<AxisPart> &b) {
  AxisSet rest;
  for (const AxisPart &part : a) {
    if (llvm::is_contained(b, part) || llvm::is_contained(rest, part) || mesh.sizeOf(part) == 1)
      continue;
    if (mesh.overlap(b, part) || mesh.overlap(rest, part))
      return std::nullopt;
    rest.push_back(part);
  }
  if (rest.size() > 1)
    std::sort(rest.begin(), rest.end(), [&](const AxisPart &x, const AxisPart &y) {
      return std::pair(mesh.find(x.axis), x.pre) < std::pair(mesh.find(y.axis), y.pre);
    });
  return rest;
}

AxisSet minus(const Mesh &mesh, const AxisSet &a, const std::vector<AxisPart> &b) {
  if (std::optional<AxisSet> rest = minusUncut(mesh, a, b))
    return mesh.merged(*rest);
  AxisSet result;
  for (const AxisPart &atom : mesh.atoms({a, b}))
    if (mesh.overlap(a, atom) && !mesh.overlap(b, atom) && mesh.sizeOf(atom) > 1)
      result.push_back(atom);
  return mesh.merged(result);
}

static bool isFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

static std::vector<AxisPart> usedAxes(const Layout &layout) {
  std::vector<AxisPart> used = layout.partial;
  for (const DimLayout &dim : layout.dims)
    used.insert(used.end(), dim.axes.begin(), dim.axes.end());
  return used;
}

CopyPlan::CopyPlan(func::FuncOp function, const Mesh &mesh) : mesh(mesh) {
  for (Value argument : function.getArguments())
    if (isFloatTensor(argument))
      differentiable.insert(argument);
  for (Operation &op : function.getBody().front())
    visit(&op);
}

void CopyPlan::visit(Operation *op) {
  // An iota follows the shape of what it is made like, not its elements.
  bool depends = isa<nn::GetOp, func::CallOp>(op) ||
                 (!isa<nn::IotaOp>(op) && llvm::any_of(op->getOperands(), [&](Value operand) { return hasCotangent(operand); }));
  for (Value result : op->getResults())
    if (depends && isFloatTensor(result))
      differentiable.insert(result);
  auto rule = dyn_cast<ShardingRule>(op);
  if (!rule || llvm::none_of(op->getOperands(), [&](Value operand) { return hasCotangent(operand); }))
    return;
  FailureOr<FactorAxes> factors = verifyLaidOut(op, rule, mesh);
  if (failed(factors))
    return; // refused by tp-verify-layouts before
  AxisSet active;
  for (const auto &axes : factors->axes)
    active.insert(active.end(), axes.begin(), axes.end());
  for (Value operand : op->getOperands())
    if (LayoutAttr layout = layoutOf(operand))
      active.insert(active.end(), layout.getLayout().partial.begin(), layout.getLayout().partial.end());
  for (OpOperand &use : op->getOpOperands())
    if (hasCotangent(use.get()))
      if (AxisSet need = minus(mesh, active, usedAxes(layoutOf(use.get()).getLayout())); !need.empty())
        needs[&use] = need;
}

bool CopyPlan::allUsesDiffer(Value value, const std::vector<AxisPart> &axes) const {
  return !value.use_empty() &&
         llvm::all_of(value.getUses(), [&](OpOperand &use) { return minus(mesh, axes, needs.lookup(&use)).empty(); });
}

std::vector<AxisSet> CopyPlan::setsOf(Value value, const AxisSet &given) const {
  std::vector<AxisSet> sets;
  for (OpOperand &use : value.getUses())
    if (AxisSet need = minus(mesh, axesOf(use), given); !need.empty())
      sets.push_back(need);
  std::sort(sets.begin(), sets.end(),
            [&](const AxisSet &a, const AxisSet &b) { return std::pair(mesh.sizeOf(a), a) < std::pair(mesh.sizeOf(b), b); });
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  return sets;
}

} // namespace tp
