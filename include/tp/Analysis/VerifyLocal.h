// Checks of the local form.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Analysis/VerifyLocal.h.inc"

/// What the pass checks, for phases that want to begin or end with it.
llvm::LogicalResult verifyLocal(mlir::ModuleOp module);

/// Makes a local program wrong: takes its collective number `index` (in the order of the text) out, or applies it `twice`. Where that
/// changes shapes, the value is cut or repeated, so that the program still parses. Fails where there is no such collective.
llvm::LogicalResult mutateCollective(mlir::ModuleOp module, int64_t index, bool twice);

#define GEN_PASS_REGISTRATION
#include "tp/Analysis/VerifyLocal.h.inc"

} // namespace tp
