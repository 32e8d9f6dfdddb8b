// Parameters and state: declared once per module, read by nn.get and written by nn.set through their symbol.
//
// The declared type is the whole truth about a parameter's layout: in the laid-out form it carries it as encoding, and every
// get and set must repeat it exactly. In the local form `tp.global` keeps the laid-out type beside the local one.
#include "dialects/nn/Shapes.h"

using namespace mlir;

namespace tp::nn {

/// Checks the type, the wish and the global type of a declaration.
static LogicalResult verifyDeclaration(Operation *op, Type declared) {
  auto type = cast<RankedTensorType>(declared);
  if (LayoutAttr layout = layoutOf(type))
    if (failed(verifyLayout(op, layout, type, /*isWish=*/false, "type")))
      return failure();
  if (Attribute wish = op->getAttr(layoutAttrName)) {
    auto layout = dyn_cast<LayoutAttr>(wish);
    if (!layout)
      return op->emitOpError() << "has " << layoutAttrName << " = " << wish << ", needs a #tp.layout";
    if (failed(verifyLayout(op, layout, type, /*isWish=*/true, layoutAttrName)))
      return failure();
  }
  if (Attribute attribute = op->getAttr(globalTypeAttrName)) {
    auto typeAttr = dyn_cast<TypeAttr>(attribute);
    auto global = typeAttr ? dyn_cast<RankedTensorType>(typeAttr.getValue()) : RankedTensorType();
    LayoutAttr layout = global ? layoutOf(global) : LayoutAttr();
    if (!layout)
      return op->emitOpError() << "has " << globalTypeAttrName << " = " << attribute << ", needs a laid-out tensor type";
    if (failed(verifyLayout(op, layout, global, /*isWish=*/false, globalTypeAttrName)))
      return failure();
    MeshOp mesh = findMesh(op);
    if (mesh && localType(global, mesh.getMesh()) != type)
      return op->emitOpError() << "has type " << type << ", but one rank's part of " << global << " is "
                               << localType(global, mesh.getMesh());
  }
  return success();
}

LogicalResult ParameterOp::verifySymbolUses(SymbolTableCollection &) { return verifyDeclaration(*this, getType()); }
LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &) { return verifyDeclaration(*this, getType()); }

static LogicalResult verifyUse(Operation *op, FlatSymbolRefAttr name, Type type, Operation *declaration, Type declared) {
  if (type == declared)
    return success();
  InFlightDiagnostic error = op->emitOpError() << "has type " << type << ", but " << name << " is declared as " << declared;
  error.attachNote(declaration->getLoc()) << "declared here";
  return error;
}

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *declaration = symbols.lookupNearestSymbolFrom(*this, getNameAttr());
  if (auto parameter = dyn_cast_or_null<ParameterOp>(declaration))
    return verifyUse(*this, getNameAttr(), getType(), parameter, parameter.getType()); // C2
  if (auto state = dyn_cast_or_null<StateOp>(declaration))
    return verifyUse(*this, getNameAttr(), getType(), state, state.getType());
  return emitOpError() << getNameAttr() << " is neither a parameter nor a state of this module"; // C1
}

LogicalResult SetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto state = dyn_cast_or_null<StateOp>(symbols.lookupNearestSymbolFrom(*this, getNameAttr()));
  if (!state)
    return emitOpError() << getNameAttr() << " is not a state of this module";          // C1
  return verifyUse(*this, getNameAttr(), getValue().getType(), state, state.getType()); // C2
}

} // namespace tp::nn
