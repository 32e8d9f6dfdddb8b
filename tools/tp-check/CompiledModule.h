// A local program compiled into a module and run by libtprt, on the inputs of a check: the third leg of tp-check.
#pragma once
#include "tp/Conversion/Emit.h"
#include "tp/Reference/Check.h"
#include "tp/Support/Json.h"

namespace tp {

struct CompiledRun {
  Optimisation optimisation = Optimisation::Full;
  /// How long a rank waits for its peers.
  double timeoutSeconds = 60;
  /// If given, gets what `tp-run --stats` writes.
  Json *statistics = nullptr;
};

/// Compiles a clone of `local` (as Partition leaves it) for this machine and runs all entries of `check`, one after the other,
/// states living on. Outputs are whole. Throws Error.
reference::Outputs runCompiled(mlir::ModuleOp local, const reference::CheckCase &check, const CompiledRun &how = {});

} // namespace tp
