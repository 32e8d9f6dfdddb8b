// The dialect `tp`: attributes, ops, and the questions that every part of the compiler asks about meshes and layouts.
#pragma once
#include "dialects/tp/FactorMap.h"
#include "tp/Support/Bytes.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tp {
inline llvm::hash_code hash_value(const Layout &layout) { return std::hash<Layout>()(layout); }
llvm::hash_code hash_value(const AxisPart &part);
} // namespace tp

namespace std {
// AttrDef hashes its parameters with llvm::hash_value; a vector has none of its own.
inline llvm::hash_code hash_value(const std::vector<tp::AxisPart> &parts) {
  return llvm::hash_combine_range(parts.begin(), parts.end());
}
} // namespace std

#include "dialects/tp/TpDialect.h.inc"
#include "dialects/tp/TpEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/tp/TpAttributes.h.inc"

#include "dialects/tp/TpInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/tp/TpOps.h.inc"

namespace tp {

/// The one mesh of the module around `op`, or null.
MeshOp findMesh(mlir::Operation *op);

/// The layout in a tensor type's encoding, or null.
LayoutAttr layoutOf(mlir::Type type);
inline LayoutAttr layoutOf(mlir::Value value) { return layoutOf(value.getType()); }

/// `type` with the encoding `layout` (null: none). Sizes are not checked here: see verifyLayout.
mlir::RankedTensorType withLayout(mlir::RankedTensorType type, LayoutAttr layout);

/// The tensor type that one rank holds of `type`, which carries a layout; without an encoding.
mlir::RankedTensorType localType(mlir::RankedTensorType type, const Mesh &mesh);

/// Checks a layout (a wish, if `isWish`: then dimensions may be open) against a tensor type: mesh known, rank, axes, sizes.
/// `what` begins the error ("result 0").
llvm::LogicalResult verifyLayout(mlir::Operation *op, LayoutAttr layout, mlir::RankedTensorType type, bool isWish,
                                 const llvm::Twine &what);

/// Bytes of a tensor type's elements, with dynamic extents counted as `dynamicExtent`.
int64_t bytesOf(mlir::RankedTensorType type, int64_t dynamicExtent);
/// Shape with dynamic extents as -1 (what Support's arithmetic wants).
std::vector<int64_t> shapeOf(mlir::RankedTensorType type);
/// Support's name for an element type; nothing for types that tp has no numbers for (index counts as i64).
std::optional<DType> dtypeOf(mlir::Type elementType);

/// Which axis parts split each factor of an op, worked out from the layouts of its operands and results.
struct FactorAxes {
  std::vector<std::vector<AxisPart>> axes; // per factor, major to minor
};

/// The axes along dimension factors: splits a dimension's axis list over its factors, major to minor; false if some axis would
/// have to split in the middle of a factor boundary that it does not divide.
bool axesPerFactor(const Mesh &mesh, const FactorMap &map, const FactorMap::Dim &dim, const std::vector<AxisPart> &axes,
                   std::vector<std::pair<int64_t, std::vector<AxisPart>>> &result);

/// The axis list of a dimension whose factors are split as `factorAxes` says.
std::vector<AxisPart> axesOfDim(const Mesh &mesh, const FactorMap::Dim &dim,
                                const std::vector<std::vector<AxisPart>> &factorAxes);

/// Works out the factor axes of a laid-out op and checks that all layouts fit them: equal factors split equally, no axis on two
/// factors, whole factors whole, results partial over exactly the split reduction factors, partial operands only where the op
/// preserves them. The error names the operand and the axis, and a note says where a partial operand became partial.
mlir::FailureOr<FactorAxes> verifyLaidOut(mlir::Operation *op, ShardingRule rule, const Mesh &mesh);

/// What verifySymbolUses of a compute op does: nothing if no type carries a layout, else verifyLaidOut.
llvm::LogicalResult verifyComputeOpLayouts(mlir::Operation *op);

/// Kinds of reduction as ops spell them and as Support does.
inline Reduction toReduction(ReductionKind kind) { return static_cast<Reduction>(kind); }
inline ReductionKind toReductionKind(Reduction kind) { return static_cast<ReductionKind>(kind); }

/// Adds rules (factor maps, linearity) for upstream ops that may stand in a laid-out program: linalg.generic and fill,
/// tensor.empty, arith.constant.
void registerUpstreamShardingRules(mlir::DialectRegistry &registry);

/// Name of the wish attribute on arguments, results and parameters: "tp.layout".
inline constexpr llvm::StringLiteral layoutAttrName = "tp.layout";
/// Name of the laid-out type on arguments, results and parameters of a local program: "tp.global".
inline constexpr llvm::StringLiteral globalTypeAttrName = "tp.global";
/// Marks an argument as a weight: "tp.parameter".
inline constexpr llvm::StringLiteral parameterAttrName = "tp.parameter";
/// Name of the note on a reshard or collective that says why it is there: "tp.why".
inline constexpr llvm::StringLiteral whyAttrName = "tp.why";
/// Name of the note on a collective that says for which op of the model it is there: "tp.where".
inline constexpr llvm::StringLiteral whereAttrName = "tp.where";

} // namespace tp
