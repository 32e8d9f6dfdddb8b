// The phase Partition, and its steps one by one.
#pragma once
#include "dialects/nn/Nn.h"
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Transforms/Partition.h.inc"

/// What the passes of the same names do to `module`, which is in the laid-out form.
void simplifyReshards(mlir::ModuleOp module);
void placeReductions(mlir::ModuleOp module);
llvm::LogicalResult convertToLocal(mlir::ModuleOp module);

/// Fails with an error that names the phase to run first, if `module` is not in the laid-out form.
llvm::LogicalResult requireLaidOutForm(mlir::ModuleOp module, llvm::StringRef pass);

#define GEN_PASS_REGISTRATION
#include "tp/Transforms/Partition.h.inc"

} // namespace tp
