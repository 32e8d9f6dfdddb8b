// What would remove a collective: other wishes, tried by planning again.
#pragma once
#include "tp/Pipelines/Phases.h"
#include "tp/Support/Json.h"

#include "mlir/IR/BuiltinOps.h"

namespace tp {

/// Adds to each collective of `report` (a planReport with `ways`) what was found by planning `annotated`, the program as the phase
/// annotate leaves it, with one wish changed at a time:
///   "change":  {"text", "entry_bytes", "held_bytes", "removes"}: another layout of one wish with which this entry moves less and no
///              entry moves more; the entry's bytes on the wire and the bytes that a rank holds with it; whether the collective goes
///              without another in its place. Null if none of those tried does.
///   "tried", "left_out": how many other wishes were tried, and how many were not because of the program's size
///   "without": {"text", "entry_bytes", "held_bytes"}: which wishes must be dropped for the collective to go, and the price.
/// Of collectives that are alike (alikeCollectives) only the first gets this. Suggestions are never guesses: the numbers are those of the second plan. Adds "held_bytes" to each entry for comparison.
void suggestChanges(mlir::ModuleOp annotated, Json &report);

} // namespace tp
