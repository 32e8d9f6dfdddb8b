// The dialect `tprt`: calls of the runtime on buffers.
#pragma once
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/tprt/TprtDialect.h.inc"

#include "dialects/tprt/TprtInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/tprt/TprtOps.h.inc"

namespace tp::rt {

/// The buffer that a chain of views looks into: a buffer, parameter, state, constant, null or function argument.
mlir::Value rootOf(mlir::Value buffer);

/// Marks a function argument that the entry writes: one of its results.
inline constexpr llvm::StringLiteral outputAttrName = "tprt.output";
/// Bytes of arena that an entry needs, written on the function by Memory.
inline constexpr llvm::StringLiteral arenaBytesAttrName = "tprt.arena_bytes";
/// The groups of ranks that collectives run over, an array on the module.
inline constexpr llvm::StringLiteral groupsAttrName = "tprt.groups";
/// The collectives of an entry in order of their `site`, an array of dictionaries on the function.
inline constexpr llvm::StringLiteral collectivesAttrName = "tprt.collectives";
/// Marks a generated kernel: a function (arguments array, begin, end).
inline constexpr llvm::StringLiteral kernelAttrName = "tprt.kernel";

} // namespace tp::rt
