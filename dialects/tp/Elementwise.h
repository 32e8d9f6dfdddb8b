// What scalar bodies (of nn.map and linalg.generic) and elementwise ops do to partial values.
#pragma once
#include "tp/Support/Layout.h"

#include "mlir/IR/Operation.h"

namespace tp {

/// Whether the values that `block` yields, as functions of its arguments, keep a reduction of `kind` when exactly the marked
/// arguments are partial. For sum: linear and homogeneous in the marked arguments together. For max and min: built from the marked
/// arguments by the same kind of maximum (minimum) and by adding values that do not depend on them. False also if a yielded value
/// does not depend on a marked argument.
bool bodyPreservesPartial(mlir::Block &block, Reduction kind, llvm::ArrayRef<bool> markedArguments);

/// The same for one elementwise op of arith or math on tensors or scalars.
bool elementwiseOpPreservesPartial(mlir::Operation *op, Reduction kind, llvm::ArrayRef<bool> markedOperands);

} // namespace tp
