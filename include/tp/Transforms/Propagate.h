// Layouts for every value, from few wishes.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Transforms/Propagate.h.inc"

#define GEN_PASS_REGISTRATION
#include "tp/Transforms/Propagate.h.inc"

} // namespace tp
