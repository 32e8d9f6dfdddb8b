// Writes the chosen layouts into the program.
#pragma once
#include "Choice.h"

namespace tp::propagate {

/// Turns the module into the laid-out form: types, reshards where a use needs another layout than a value has, no wishes.
void rewrite(mlir::ModuleOp module, const Graph &graph, const Claims &claims, const Choice &choice);

} // namespace tp::propagate
