// Mesh, constrain and reshard: their texts and constraints. The collectives stand in Collectives.cpp.
#include "dialects/tp/Tp.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tp {

ParseResult MeshOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes))
    return failure();
  SmallVector<StringRef> names;
  SmallVector<int64_t> sizes;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        return failure(parser.parseKeyword(&names.emplace_back()) || parser.parseEqual() ||
                       parser.parseInteger(sizes.emplace_back()));
      }))
    return failure();
  Builder &builder = parser.getBuilder();
  result.addAttribute(getAxisNamesAttrName(result.name), builder.getStrArrayAttr(names));
  result.addAttribute(getAxisSizesAttrName(result.name), builder.getDenseI64ArrayAttr(sizes));
  return parser.parseOptionalAttrDict(result.attributes);
}

void MeshOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printer.printSymbolName(getSymName());
  printer << " [";
  llvm::interleaveComma(llvm::zip_equal(getAxisNames(), getAxisSizes()), printer, [&](auto axis) {
    printer << cast<StringAttr>(std::get<0>(axis)).getValue() << " = " << std::get<1>(axis);
  });
  printer << "]";
  printer.printOptionalAttrDict((*this)->getAttrs(), {getSymNameAttrName(), getAxisNamesAttrName(), getAxisSizesAttrName()});
}

LogicalResult MeshOp::verify() {
  if (getAxisNames().size() != getAxisSizes().size())
    return emitOpError() << "has " << getAxisNames().size() << " axis names and " << getAxisSizes().size() << " sizes";
  if (!isPublic())
    return emitOpError("must be public: layouts in types name it where symbol tables cannot see"); // C1
  for (Operation &other : *(*this)->getBlock()) {
    if (&other == getOperation())
      break;
    if (isa<MeshOp>(other)) {
      InFlightDiagnostic diagnostic = emitOpError("is the second mesh of the module, which may have one");
      diagnostic.attachNote(other.getLoc()) << "the first mesh is here";
      return diagnostic; // C1
    }
  }
  int64_t ranks = 1;
  llvm::StringSet<llvm::MallocAllocator> seen;
  for (auto [name, size] : llvm::zip_equal(getAxisNames(), getAxisSizes())) {
    StringRef axis = cast<StringAttr>(name).getValue();
    if (size < 1)
      return emitOpError() << "axis \"" << axis << "\" has size " << size << ", needs at least 1"; // C2
    if (!seen.insert(axis).second)
      return emitOpError() << "names axis \"" << axis << "\" twice"; // C3
    if (size > (int64_t(1) << 31) / ranks)
      return emitOpError("has more than 2^31 ranks");
    ranks *= size;
  }
  return success();
}

Mesh MeshOp::getMesh() {
  Mesh mesh;
  for (auto [name, size] : llvm::zip_equal(getAxisNames(), getAxisSizes()))
    mesh.axes.push_back({cast<StringAttr>(name).getValue().str(), size});
  return mesh;
}

LogicalResult ConstrainOp::verifySymbolUses(SymbolTableCollection &) {
  if (getLayout().getLayout().isPartial())
    return emitOpError("wishes a partial layout; a wish says how a value is split or whole");                 // C2
  return verifyLayout(*this, getLayout(), cast<RankedTensorType>(getInput().getType()), /*isWish=*/true, ""); // C1
}

LogicalResult ReshardOp::verify() {
  auto from = cast<RankedTensorType>(getInput().getType()), to = cast<RankedTensorType>(getResult().getType());
  if (!layoutOf(from) || !layoutOf(to))
    return emitOpError("needs a layout on operand and result"); // C1
  if (layoutOf(from).getMesh() != layoutOf(to).getMesh())
    return emitOpError() << "goes from mesh " << layoutOf(from).getMesh() << " to mesh " << layoutOf(to).getMesh();
  if (from.getShape() != to.getShape() || from.getElementType() != to.getElementType())
    return emitOpError("changes the shape or element type"); // C2
  return success();
}

LogicalResult ReshardOp::verifySymbolUses(SymbolTableCollection &) {
  auto from = cast<RankedTensorType>(getInput().getType()), to = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyLayout(*this, layoutOf(from), from, false, "operand")) ||
      failed(verifyLayout(*this, layoutOf(to), to, false, "result")))
    return failure();
  const Layout &source = layoutOf(from).getLayout(), &target = layoutOf(to).getLayout();
  if (source.isPartial() && target.isPartial() && source.reduction != target.reduction)
    return emitOpError() << "goes from a partial " << tp::str(source.reduction) << " to a partial "
                         << tp::str(target.reduction); // C3
  Mesh mesh = findMesh(*this).getMesh();
  for (const AxisPart &part : target.partial)
    for (const DimLayout &dim : source.dims)
      for (const AxisPart &split : dim.axes)
        if (mesh.overlap(part, split))
          return emitOpError() << "makes a value partial over axis \"" << tp::str(part) << "\", which splits it"; // C3
  return success();
}

// Also what all collectives share of their check (Collectives.cpp).
LogicalResult verifyCollectiveAxes(Operation *op, FlatSymbolRefAttr meshName, AxesAttr axes) {
  MeshOp mesh = findMesh(op);
  if (!mesh || mesh.getSymName() != meshName.getValue())
    return op->emitOpError() << "unknown mesh " << meshName;
  Mesh arithmetic = mesh.getMesh();
  for (auto [i, part] : llvm::enumerate(axes.getParts())) {
    if (std::string problem = arithmetic.problemWith(part); !problem.empty())
      return op->emitOpError() << problem;
    for (const AxisPart &other : llvm::ArrayRef(axes.getParts()).take_front(i))
      if (arithmetic.overlap(part, other))
        return op->emitOpError() << "axis \"" << tp::str(part) << "\" is used twice";
  }
  return success();
}

LogicalResult AxisIndexOp::verifySymbolUses(SymbolTableCollection &) {
  return verifyCollectiveAxes(*this, getMeshAttr(), getAxesAttr());
}

} // namespace tp
