// Checks of the laid-out form.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Analysis/VerifyLayouts.h.inc"

/// What the pass checks, for phases that want to begin with it.
llvm::LogicalResult verifyLayouts(mlir::ModuleOp module);

#define GEN_PASS_REGISTRATION
#include "tp/Analysis/VerifyLayouts.h.inc"

} // namespace tp
