// Texts of the layout attributes, and what a layout must fulfil as the encoding of a tensor type.
#include "dialects/tp/Tp.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

namespace tp {

static ParseResult parsePart(AsmParser &parser, AxisPart &part) {
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  part.axis = name.str();
  if (succeeded(parser.parseOptionalLParen()))
    return failure(parser.parseInteger(part.pre) || parser.parseRParen() || parser.parseInteger(part.size));
  return success();
}

static ParseResult parseDim(AsmParser &parser, DimLayout &dim) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, [&]() -> ParseResult {
    if (dim.open)
      return parser.emitError(parser.getCurrentLocation(), "\"?\" comes last");
    if (succeeded(parser.parseOptionalQuestion())) {
      dim.open = true;
      return success();
    }
    return parsePart(parser, dim.axes.emplace_back());
  });
}

static ParseResult checkKind(AsmParser &parser, StringRef kind) {
  if (kind == "sum" || kind == "max" || kind == "min")
    return success();
  return parser.emitError(parser.getCurrentLocation(), "a value is a partial sum, max or min, not ") << kind;
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  FlatSymbolRefAttr mesh;
  Layout layout;
  if (parser.parseLess() || parser.parseAttribute(mesh) || parser.parseComma() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] { return parseDim(parser, layout.dims.emplace_back()); }))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    StringRef kind;
    if (parser.parseKeyword("partial") || parser.parseEqual() || parser.parseKeyword(&kind) || checkKind(parser, kind) ||
        parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                       [&] { return parsePart(parser, layout.partial.emplace_back()); }))
      return {};
    layout.reduction = kind == "sum" ? Reduction::Sum : kind == "max" ? Reduction::Max : Reduction::Min;
  }
  if (parser.parseGreater())
    return {};
  return get(parser.getContext(), mesh, layout);
}

void LayoutAttr::print(AsmPrinter &printer) const { printer << "<" << getMesh() << ", " << getLayout().str() << ">"; }

// Overlap without the mesh: parts of one axis as intervals of what lies before them; a whole axis overlaps all its parts.
static bool surelyOverlap(const AxisPart &a, const AxisPart &b) {
  if (a.axis != b.axis)
    return false;
  if (a.isWholeAxis() || b.isWholeAxis())
    return true;
  return a.pre < b.pre * b.size && b.pre < a.pre * a.size;
}

LogicalResult LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, function_ref<InFlightDiagnostic()> emitError) const {
  const Layout &layout = getLayout();
  if (layout.dims.size() != shape.size())
    return emitError() << "layout has " << layout.dims.size() << " dimensions, the tensor has " << shape.size();
  std::vector<AxisPart> used;
  auto use = [&](const AxisPart &part) -> LogicalResult {
    for (const AxisPart &other : used)
      if (surelyOverlap(part, other))
        return emitError() << "axis \"" << tp::str(part) << "\" is used twice";
    used.push_back(part);
    return success();
  };
  for (const DimLayout &dim : layout.dims) {
    if (dim.open)
      return emitError() << "a layout in a type has no \"?\"";
    for (const AxisPart &part : dim.axes)
      if (failed(use(part)))
        return failure();
  }
  for (const AxisPart &part : layout.partial)
    if (failed(use(part)))
      return failure();
  return success();
}

Attribute AxesAttr::parse(AsmParser &parser, Type) {
  std::vector<AxisPart> parts;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, [&] { return parsePart(parser, parts.emplace_back()); }))
    return {};
  return get(parser.getContext(), parts);
}

void AxesAttr::print(AsmPrinter &printer) const { printer << "<" << tp::str(getParts()) << ">"; }

/// Reads "@mesh[dp, tp(1)2]", the axes of a collective.
ParseResult parseAxesOfMesh(OpAsmParser &parser, FlatSymbolRefAttr &mesh, AxesAttr &axes) {
  std::vector<AxisPart> parts;
  if (parser.parseAttribute(mesh) ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] { return parsePart(parser, parts.emplace_back()); }))
    return failure();
  axes = AxesAttr::get(parser.getContext(), parts);
  return success();
}

void printAxesOfMesh(OpAsmPrinter &printer, Operation *, FlatSymbolRefAttr mesh, AxesAttr axes) {
  printer << mesh << "[" << tp::str(axes.getParts()) << "]";
}

} // namespace tp
