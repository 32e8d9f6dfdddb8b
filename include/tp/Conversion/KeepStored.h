// KeepStored: decides which parameters stay as their file stores them.
#pragma once
#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Conversion/KeepStored.h.inc"

#define GEN_PASS_REGISTRATION
#include "tp/Conversion/KeepStored.h.inc"

} // namespace tp
