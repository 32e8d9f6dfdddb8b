// Memory: joins buffers where nothing is lost, and gives the others places in one arena.
#pragma once
#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Transforms/Memory.h.inc"

#define GEN_PASS_REGISTRATION
#include "tp/Transforms/Memory.h.inc"

} // namespace tp
