// Checks of the laid-out form.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Analysis/VerifyLayouts.h.inc"

/// What the pass checks, for phases that want to begin with it.
llvm::LogicalResult verifyLayouts(mlir::ModuleOp module);

/// Refuses programs, in any form up to the local one, with a value that is neither a tensor nor a number, one of a type that is
/// none of tp's, or a tensor of more than 2^48 elements (a dynamic extent counts as 1): bytes and work of what is smaller fit
/// in 63 bits, and nothing behind this looks for overflow. Cheap: each distinct type is looked at once.
llvm::LogicalResult verifyTensors(mlir::ModuleOp module);

#define GEN_PASS_REGISTRATION
#include "tp/Analysis/VerifyLayouts.h.inc"

} // namespace tp
