// Registers every dialect and pass that tp's tools read and run: the one list of them.
#pragma once
#include "dialects/nn/Nn.h"
#include "dialects/tp/Tp.h"

#include "mlir/IR/DialectRegistry.h"

namespace tp {

/// tp's dialects, the upstream dialects that graphs may use, and the sharding rules of upstream ops.
void registerAllDialects(mlir::DialectRegistry &registry);

/// All passes `--tp-...` and the pipeline `--tp-pipeline`.
void registerAllPasses();

} // namespace tp
