// Wishes by name: what `--mesh` and `--shard` say, put on the program.
#pragma once
#include "dialects/tp/Tp.h"
#include "tp/Support/ShardWish.h"

#include "mlir/Pass/Pass.h"

#include <optional>

namespace tp {

#define GEN_PASS_DECL
#include "tp/Transforms/Annotate.h.inc"

/// What the pass does. `mesh` may be left out where the module has one.
llvm::LogicalResult annotate(mlir::ModuleOp module, const std::optional<Mesh> &mesh, const std::vector<ShardWish> &wishes);

#define GEN_PASS_REGISTRATION
#include "tp/Transforms/Annotate.h.inc"

} // namespace tp
