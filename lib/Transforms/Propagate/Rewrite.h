// Writes the chosen layouts into the program.
#pragma once
#include "Choice.h"

namespace tp::propagate {

/// Turns the module into the laid-out form: types, reshards where a use needs another layout than a value has, no wishes.
/// `explain` adds the note tp.cause to every reshard.
void rewrite(mlir::ModuleOp module, const Graph &graph, const Claims &claims, const Choice &choice, bool explain);

} // namespace tp::propagate
