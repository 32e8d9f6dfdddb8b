// The dialect `nn`: model ops with value semantics, parameters and state.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "dialects/nn/NnDialect.h.inc"
#include "dialects/nn/NnEnums.h.inc"

#define GET_OP_CLASSES
#include "dialects/nn/NnOps.h.inc"

namespace tp::nn {

/// Name of the function attribute that bounds the dynamic extent (tokens per sequence): "nn.max_dynamic", an i64.
inline constexpr llvm::StringLiteral maxDynamicAttrName = "nn.max_dynamic";

/// The bound of the dynamic extent of the function around `op`; 1 if it has none.
int64_t maxDynamicOf(mlir::Operation *op);

} // namespace tp::nn
