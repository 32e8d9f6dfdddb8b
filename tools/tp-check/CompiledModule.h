// A local program compiled into a module and run by libtprt, on the inputs of a check: the third leg of tp-check.
#pragma once
#include "tp/Reference/Check.h"
#include "tp/Support/Json.h"

namespace tp {

/// Compiles a clone of `local` (as Partition leaves it) for this machine and runs all entries of `check`, one after the other,
/// states living on. Outputs are whole. `statistics`, if given, gets what `tp-run --stats` writes. Throws Error.
reference::Outputs runCompiled(mlir::ModuleOp local, const reference::CheckCase &check, Json *statistics = nullptr);

} // namespace tp
