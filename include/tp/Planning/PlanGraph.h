// The local program as a graph for people: what is drawn in a plan's page.
#pragma once
#include "tp/Support/Json.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>

namespace tp {

/// {"blocks": [{"name", "count", "nodes": [...]}]}: the ops of `entry` (local form) in order, in blocks of one layer each. Equal layers
/// that follow one another are one block with a count; the first stands for all. A node has "id", "op", "where", "inputs" (ids of
/// nodes before it), "holds" (names of parameters, states and shared inputs that it reads), "shape", "dtype", "layout", "local" (the
/// shape on one rank), "body" (what an elementwise op computes), and for a collective its index in the report ("collective", else -1). What moves and computes nothing (f,
/// constants, sizes) is looked through. Dynamic extents count at their bound.
Json planGraph(mlir::func::FuncOp entry, const std::function<int64_t(mlir::Operation *)> &collectiveOf);

} // namespace tp
