// Ways to make a program smaller.
#pragma once
#include "mlir/IR/BuiltinOps.h"

#include <functional>
#include <string>
#include <vector>

namespace tp {

/// A family of steps: the first takes much away, later ones less. `count` is how many steps there are for a module, `apply` does step
/// `index` (counted on the module as it is) and says whether it changed anything. What comes out may be no valid program: whether it
/// still fails as the given one is for the user's command to say.
struct ReductionFamily {
  std::string name;
  std::function<size_t(mlir::ModuleOp)> count;
  std::function<bool(mlir::ModuleOp, size_t)> apply;
};

/// All families, those that take most away first: functions, runs of ops, results, arguments, wishes and other notes, mesh axes.
std::vector<ReductionFamily> reductionFamilies();

/// Ops of the program within functions, and declarations beside them.
size_t countOps(mlir::ModuleOp module);

} // namespace tp
