// Gives every value of a program a random layout, with reshards between what ops leave and what others need.
//
// Nothing here knows any op: which layouts are legal together follows from its factor map and from what it says it preserves. So
// each fact that an op states is tried with every layout that the fact allows.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/IR/BuiltinOps.h"

namespace tp::random_programs {

/// `module` is normalised, without wishes; it becomes laid out. What is drawn follows from `seed` and the names in the module.
void giveRandomLayouts(mlir::ModuleOp module, uint64_t seed);

} // namespace tp::random_programs
