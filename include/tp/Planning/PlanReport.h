// What a local program costs, as tp-plan prints it and modules carry it.
#pragma once
#include "tp/Support/Json.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <functional>

namespace tp {

struct PlanReportOptions {
  /// Bytes that one rank needs at most for an entry. Without it: parameters, states, and the largest sum of values alive at once.
  std::function<int64_t(mlir::func::FuncOp)> peakBytes;
  /// What makes up that number, by name; in the report as "memory_per_rank".
  std::function<Json(mlir::func::FuncOp)> memory;
  /// Whether each entry gets its "graph" (PlanGraph.h).
  bool graph = false;
  /// Seconds by phase, in order.
  std::vector<std::pair<std::string, double>> compileSeconds;
};

/// The document of `tp-plan --format json` for a module in the local form: an entry for every public function. Dynamic extents
/// count at their bound (`nn.max_dynamic`). What is called counts as often as it is called. "notes" holds remarks for people.
Json planReport(mlir::ModuleOp module, const PlanReportOptions &options = {});

/// The tensors of an entry, those of equal layers as one with a "count": names that differ in layer numbers only, and the same kind,
/// shape, type and layout. "bytes_per_rank" is of all together.
Json foldedTensors(const Json &tensors);

/// The collectives of an entry in groups, as numbers in the list: each by itself, but more than eight that differ in numbers only (of
/// lines, arguments) are one group. So the layers of a program without names are told once.
std::vector<std::vector<size_t>> alikeCollectives(const Json &collectives);

/// What is said of a collective (with "tried" and "left_out", see Suggest.h) for which no better wish was found.
std::string noChangeText(const Json &collective);

/// The same for people: a table of collectives and one of tensors for each entry; `explain` adds why each collective is there,
/// and the activations.
std::string planTable(const Json &report, bool explain);

} // namespace tp
