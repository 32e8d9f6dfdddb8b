// Names for places in a model, for plans, reports and errors.
#pragma once
#include "mlir/IR/Operation.h"

#include <string>

namespace tp {

/// For which op of the model `op` works: the outermost name in its location, else "<function>:<line>", else
/// "<function>:<name of the op>".
std::string whereOf(mlir::Operation *op);

/// The same for all layers: a part that is a number is replaced, "model.layers.3.mlp" -> "model.layers.*.mlp".
std::string withoutLayerNumbers(llvm::StringRef text);

} // namespace tp
