// The phase Normalize. What it leaves on arguments and results is in tp/Analysis/Parameters.h.
#pragma once
#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace tp {

#define GEN_PASS_DECL
#include "tp/Transforms/Normalize.h.inc"

#define GEN_PASS_REGISTRATION
#include "tp/Transforms/Normalize.h.inc"

} // namespace tp
