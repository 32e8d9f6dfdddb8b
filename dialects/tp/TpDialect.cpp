// Registers the dialect `tp`, checks wishes on arguments and results, and answers the questions of Tp.h about meshes and types.
#include "dialects/tp/OpSignature.h"
#include "dialects/tp/Tp.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/tp/TpDialect.cpp.inc"
#include "dialects/tp/TpEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/tp/TpAttributes.cpp.inc"

#include "dialects/tp/TpInterfaces.cpp.inc"

namespace tp {

llvm::hash_code hash_value(const AxisPart &part) { return llvm::hash_combine(part.axis, part.pre, part.size); }

void TPDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/tp/TpAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/tp/TpOps.cpp.inc"
      >();
  addInterfaces<AcceptedLayouts>();
}

static LogicalResult verifyWish(Operation *op, Type type, NamedAttribute attribute, const Twine &what) {
  if (attribute.getName() == globalTypeAttrName) {
    auto typeAttr = dyn_cast<TypeAttr>(attribute.getValue());
    if (!typeAttr || !layoutOf(typeAttr.getValue()))
      return op->emitOpError() << what << ": " << globalTypeAttrName << " needs a tensor type with a layout, has "
                               << attribute.getValue();
    return success();
  }
  if (attribute.getName() != layoutAttrName)
    return success();
  auto layout = dyn_cast<LayoutAttr>(attribute.getValue());
  if (!layout)
    return op->emitOpError() << what << ": " << layoutAttrName << " needs a #tp.layout, has " << attribute.getValue();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return op->emitOpError() << what << ": a layout needs a tensor of known rank, the type is " << type;
  return verifyLayout(op, layout, tensor, /*isWish=*/true, what);
}

LogicalResult TPDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index, NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  Type type = function ? function.getArgumentTypes()[index] : op->getRegion(0).getArgument(index).getType();
  return verifyWish(op, type, attribute, "argument " + Twine(index));
}

LogicalResult TPDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index, NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError() << "only a function's results take " << attribute.getName();
  return verifyWish(op, function.getResultTypes()[index], attribute, "result " + Twine(index));
}

MeshOp findMesh(Operation *op) {
  ModuleOp module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  while (module) {
    for (Operation &each : *module.getBody())
      if (auto mesh = dyn_cast<MeshOp>(each))
        return mesh;
    module = module->getParentOfType<ModuleOp>();
  }
  return {};
}

LayoutAttr layoutOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<LayoutAttr>(tensor.getEncoding()) : LayoutAttr();
}

RankedTensorType withLayout(RankedTensorType type, LayoutAttr layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

std::vector<int64_t> shapeOf(RankedTensorType type) {
  std::vector<int64_t> shape;
  for (int64_t size : type.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
  return shape;
}

RankedTensorType localType(RankedTensorType type, const Mesh &mesh) {
  LayoutAttr layout = layoutOf(type);
  SmallVector<int64_t> shape;
  for (auto [size, dim] : llvm::zip_equal(type.getShape(), layout.getLayout().dims))
    shape.push_back(ShapedType::isDynamic(size) ? size : size / mesh.sizeOf(dim.axes));
  return RankedTensorType::get(shape, type.getElementType());
}

LogicalResult verifyLayout(Operation *op, LayoutAttr layout, RankedTensorType type, bool isWish, const Twine &what) {
  auto error = [&] {
    InFlightDiagnostic diagnostic = op->emitOpError();
    if (!what.isTriviallyEmpty())
      diagnostic << what << ": ";
    return diagnostic;
  };
  MeshOp mesh = findMesh(op);
  if (!mesh)
    return error() << "names mesh " << layout.getMesh() << ", but the module has no tp.mesh";
  if (mesh.getSymName() != layout.getMesh().getValue()) {
    InFlightDiagnostic diagnostic = error() << "unknown mesh " << layout.getMesh();
    diagnostic.attachNote(mesh.getLoc()) << "the module's mesh is @" << mesh.getSymName();
    return diagnostic;
  }
  if (std::string problem = problemWith(layout.getLayout(), shapeOf(type), mesh.getMesh()); !problem.empty()) {
    InFlightDiagnostic diagnostic = error() << problem;
    diagnostic.attachNote(mesh.getLoc()) << "the mesh is " << mesh.getMesh().str();
    return diagnostic;
  }
  if (!isWish && layout.getLayout().hasOpenDim())
    return error() << "a layout in a type has no \"?\"";
  return success();
}

int64_t bytesOf(RankedTensorType type, int64_t dynamicExtent) {
  int64_t bits = type.getElementType().isIndex() ? 64 : type.getElementTypeBitWidth();
  int64_t bytes = bits < 8 ? 1 : bits / 8;
  for (int64_t size : type.getShape())
    bytes *= ShapedType::isDynamic(size) ? dynamicExtent : size;
  return bytes;
}

std::optional<DType> dtypeOf(Type type) {
  if (type.isF32())
    return DType::F32;
  if (type.isF16())
    return DType::F16;
  if (type.isBF16())
    return DType::BF16;
  if (type.isF64())
    return DType::F64;
  if (type.isIndex())
    return DType::I64;
  auto integer = dyn_cast<IntegerType>(type);
  if (integer && (integer.isSignless() || integer.getWidth() == 8))
    switch (integer.getWidth()) {
    case 1:
      return DType::I1;
    case 8:
      return integer.isUnsigned() ? DType::U8 : DType::I8;
    case 16:
      return DType::I16;
    case 32:
      return DType::I32;
    case 64:
      return DType::I64;
    }
  return std::nullopt;
}

} // namespace tp
