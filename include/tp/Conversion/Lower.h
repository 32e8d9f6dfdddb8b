// Lower: one rank's tensor program becomes calls of the runtime on buffers.
#pragma once
#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Conversion/Lower.h.inc"

#define GEN_PASS_REGISTRATION
#include "tp/Conversion/Lower.h.inc"

} // namespace tp
