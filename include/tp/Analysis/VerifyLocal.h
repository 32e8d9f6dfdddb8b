// Checks of the local form.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Analysis/VerifyLocal.h.inc"

/// What the pass checks, for phases that want to begin or end with it.
llvm::LogicalResult verifyLocal(mlir::ModuleOp module);

#define GEN_PASS_REGISTRATION
#include "tp/Analysis/VerifyLocal.h.inc"

} // namespace tp
