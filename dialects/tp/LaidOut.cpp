// The one check of laid-out compute ops: layouts of operands and results must follow from axes on the op's factors.
//
// Each dimension's axes are spread over its factors; a factor must get the same axes wherever it stands, no axis may stand on two
// factors, a split reduction factor makes the results partial, and a partial operand is legal only where the op preserves it.
// GeLU of a partial value and a product of two partial values fail here, and only here.
#include "dialects/tp/OpSignature.h"
#include "dialects/tp/Tp.h"

using namespace mlir;

namespace tp {

namespace {

// Names a tensor of the op in errors: "operand 1" or "result 0".
std::string describe(bool isResult, size_t index) { return (isResult ? "result " : "operand ") + std::to_string(index); }

std::string braced(const std::vector<AxisPart> &axes) { return "{" + tp::str(axes) + "}"; }

std::vector<AxisPart> sorted(const Mesh &mesh, std::vector<AxisPart> parts) {
  // An axis of size 1 neither splits nor makes partial.
  std::erase_if(parts, [&](const AxisPart &part) { return mesh.sizeOf(part) == 1; });
  std::sort(parts.begin(), parts.end());
  return mesh.merged(parts);
}

// Adds the notes that lead from a partial operand to the op that made it partial.
void noteWhereItBecamePartial(InFlightDiagnostic &diagnostic, Value value, const Mesh &mesh, const AxisPart &axis) {
  for (int step = 0; step < 64; ++step) {
    Operation *op = value.getDefiningOp();
    if (!op) {
      diagnostic.attachNote(value.getLoc()) << "it is declared partial here";
      break;
    }
    Value source;
    for (Value operand : op->getOperands())
      if (LayoutAttr layout = layoutOf(operand))
        if (mesh.overlap(layout.getLayout().partial, axis))
          source = operand;
    if (!source) {
      diagnostic.attachNote(op->getLoc()) << "became partial here: a reduced dimension is split over \"" << tp::str(axis) << "\"";
      break;
    }
    value = source;
  }
  diagnostic.attachNote(diagnostic.getUnderlyingDiagnostic()->getLocation()) << "reduce it first (tp.reshard)";
}

FailureOr<FactorAxes> workOut(Operation *op, ShardingRule rule, const Mesh &mesh) {
  FactorMap map = rule.getFactorMap();
  FactorAxes assigned;
  assigned.axes.resize(map.factors.size());
  std::vector<std::string> firstPlace(map.factors.size());

  // 1. Spread the axes of every dimension over its factors.
  auto spread = [&](Type type, const FactorMap::Tensor &dims, const std::string &what) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return success();
    LayoutAttr layout = layoutOf(tensor);
    if (!layout)
      return op->emitOpError() << what << " has no layout, but others of its tensors have one";
    if (std::string problem = problemWith(layout.getLayout(), shapeOf(tensor), mesh); !problem.empty())
      return op->emitOpError() << what << ": " << problem;
    for (size_t i = 0; i < dims.size(); ++i) {
      const std::vector<AxisPart> &axes = layout.getLayout().dims[i].axes;
      std::vector<std::pair<int64_t, std::vector<AxisPart>>> perFactor;
      if (!axesPerFactor(mesh, map, dims[i], axes, perFactor))
        return op->emitOpError() << what << " dimension " << i << ": " << braced(axes)
                                 << " does not divide over the parts of the dimension that the op tells apart";
      for (auto &[factor, parts] : perFactor) {
        std::erase_if(parts, [&](const AxisPart &part) { return mesh.sizeOf(part) == 1; }); // splits nothing
        std::string place = what + " dimension " + std::to_string(i);
        if (map.factors[factor].kind == FactorKind::Whole && mesh.sizeOf(parts) > 1)
          return op->emitOpError() << "needs " << place << " whole, but it is split over " << braced(parts);
        if (firstPlace[factor].empty()) {
          firstPlace[factor] = place;
          assigned.axes[factor] = parts;
        } else if (assigned.axes[factor] != parts) {
          return op->emitOpError() << place << " is split over " << braced(parts) << ", but " << firstPlace[factor]
                                   << ", which must be split alike, over " << braced(assigned.axes[factor]);
        }
      }
    }
    return success();
  };
  for (auto [i, type] : llvm::enumerate(op->getOperandTypes()))
    if (failed(spread(type, map.operands[i], describe(false, i))))
      return failure();
  for (auto [i, type] : llvm::enumerate(op->getResultTypes()))
    if (failed(spread(type, map.results[i], describe(true, i))))
      return failure();

  // 2. No axis on two factors.
  for (size_t a = 0; a < map.factors.size(); ++a)
    for (size_t b = a + 1; b < map.factors.size(); ++b)
      for (const AxisPart &part : assigned.axes[a])
        if (mesh.overlap(assigned.axes[b], part))
          return op->emitOpError() << "axis \"" << tp::str(part) << "\" splits both " << firstPlace[a] << " and "
                                   << firstPlace[b];

  // 3. Which axes the results must be partial over, and of what kind.
  std::vector<std::vector<AxisPart>> lists;
  for (Type type : op->getOperandTypes())
    if (LayoutAttr layout = layoutOf(type))
      lists.push_back(layout.getLayout().partial);
  std::vector<AxisPart> expected;
  std::optional<Reduction> kind;
  for (size_t f = 0; f < map.factors.size(); ++f)
    if (map.factors[f].kind == FactorKind::Reduction && mesh.sizeOf(assigned.axes[f]) > 1) {
      expected.insert(expected.end(), assigned.axes[f].begin(), assigned.axes[f].end());
      kind = map.factors[f].reduction;
    }
  std::vector<AxisPart> reduced = expected;
  lists.push_back(reduced);
  for (const AxisPart &atom : mesh.atoms(lists)) {
    SmallVector<bool> marked;
    std::optional<size_t> firstMarked;
    size_t count = 0;
    for (auto [i, type] : llvm::enumerate(op->getOperandTypes())) {
      LayoutAttr layout = layoutOf(type);
      bool isPartial = layout && mesh.overlap(layout.getLayout().partial, atom);
      marked.push_back(isPartial);
      if (!isPartial)
        continue;
      ++count;
      if (!firstMarked)
        firstMarked = i;
      if (kind && *kind != layout.getLayout().reduction)
        return op->emitOpError() << "mixes partial " << tp::str(*kind) << " and partial " << tp::str(layout.getLayout().reduction)
                                 << " over axis \"" << tp::str(atom) << "\"";
      kind = layout.getLayout().reduction;
    }
    if (mesh.overlap(reduced, atom)) {
      // A reduction over the axis: only operands tied to the result (inits) may be partial, and they must be.
      for (auto [i, isPartial] : llvm::enumerate(marked)) {
        bool isTied = llvm::any_of(map.tied, [&](auto pair) { return pair.first == int64_t(i); });
        if (isPartial != isTied && isa<RankedTensorType>(op->getOperand(i).getType()))
          return op->emitOpError() << "reduces over axis \"" << tp::str(atom) << "\", so its " << describe(false, i)
                                   << (isTied ? " must be partial over it too (kept by one rank)"
                                              : " must not be partial over it");
      }
      continue;
    }
    bool splitsToo = false;
    for (const auto &axes : assigned.axes)
      splitsToo |= mesh.overlap(axes, atom);
    if (!splitsToo && rule.preservesPartial(*kind, marked)) {
      expected.push_back(atom);
      continue;
    }
    InFlightDiagnostic diagnostic = op->emitOpError();
    if (splitsToo)
      diagnostic << "has an operand that is partial over axis \"" << tp::str(atom) << "\" and one that is split over it";
    else if (count > 1)
      diagnostic << "needs whole values, but " << count << " of its operands are partial over axis \"" << tp::str(atom) << "\"";
    else if (rule.preservesPartial(*kind, SmallVector<bool>(marked.size(), true)))
      diagnostic << "adds " << describe(false, *firstMarked) << ", which is partial over axis \"" << tp::str(atom)
                 << "\", to values that are whole: they would be counted once per rank";
    else
      diagnostic << "needs a whole value, but its " << describe(false, *firstMarked) << " is partial over axis \""
                 << tp::str(atom) << "\"";
    noteWhereItBecamePartial(diagnostic, op->getOperand(*firstMarked), mesh, atom);
    return diagnostic;
  }

  // 4. The results say so.
  for (auto [i, type] : llvm::enumerate(op->getResultTypes())) {
    LayoutAttr layout = layoutOf(type);
    if (!layout)
      continue;
    // A value made of nothing (a constant, an empty tensor) may be partial of itself: one rank holds it.
    if (op->getNumOperands() == 0 || map.operands.empty() ||
        llvm::none_of(op->getOperandTypes(), [](Type t) { return isa<RankedTensorType>(t); }))
      continue;
    if (sorted(mesh, layout.getLayout().partial) != sorted(mesh, expected))
      return op->emitOpError() << describe(true, i) << " must be partial over " << braced(sorted(mesh, expected))
                               << ", but its layout says " << braced(layout.getLayout().partial);
    if (!expected.empty() && layout.getLayout().reduction != *kind)
      return op->emitOpError() << describe(true, i) << " is a partial " << tp::str(*kind) << ", but its layout says "
                               << tp::str(layout.getLayout().reduction);
  }
  return assigned;
}

} // namespace

FailureOr<FactorAxes> verifyLaidOut(Operation *op, ShardingRule rule, const Mesh &mesh) {
  std::optional<OpSignature> signature = signatureOf(op, mesh);
  if (!signature)
    return workOut(op, rule, mesh);
  auto *accepted = op->getContext()->getLoadedDialect<TPDialect>()->getRegisteredInterface<AcceptedLayouts>();
  if (std::optional<FactorAxes> known = accepted->lookup(*signature))
    return *known;
  FailureOr<FactorAxes> found = workOut(op, rule, mesh);
  if (succeeded(found))
    accepted->remember(*signature, *found);
  return found;
}

LogicalResult verifyComputeOpLayouts(Operation *op) {
  bool any = llvm::any_of(op->getOperandTypes(), [](Type type) { return !!layoutOf(type); }) ||
             llvm::any_of(op->getResultTypes(), [](Type type) { return !!layoutOf(type); });
  if (!any)
    return success();
  MeshOp mesh = findMesh(op);
  if (!mesh)
    return op->emitOpError("has a layout, but the module has no tp.mesh");
  return verifyLaidOut(op, cast<ShardingRule>(op), mesh.getMesh());
}

} // namespace tp
