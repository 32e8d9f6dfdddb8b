// Entries become LLVM functions that call the runtime.
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace tp::emit {

/// Replaces the functions of tprt ops by LLVM functions `tpm_<name>`.
llvm::LogicalResult convertEntries(mlir::ModuleOp module);

/// Turns arith and math inside LLVM functions into LLVM, and marks parallel loops as LLVM wants it.
llvm::LogicalResult convertKernels(mlir::ModuleOp module);

} // namespace tp::emit
