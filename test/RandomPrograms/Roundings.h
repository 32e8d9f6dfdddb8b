// How far two right computations of one program may be apart, and whether a difference is one of roundings.
//
// It differs from program to program, so it is measured: the program runs again with every computed element moved by a few roundings
// of its type, and what its results move is the unit. Where that is not enough (partial sums that cancel in the local form only),
// the same two programs are compared with all floats as f64: a wrong collective is as wrong there, a rounding is gone.
#pragma once
#include "tp/Reference/Check.h"

#include <optional>

namespace tp::random_programs {

/// Largest allowed difference per entry and output.
using Limits = std::vector<std::vector<double>>;

/// Moves `program` (of any form), which computes `results`, `times` times. A replicated value moves equally on all ranks, the parts
/// of a partial one do not. `bodiesToo`: what scalar ops in bodies compute is moved as well.
Limits measureLimits(mlir::ModuleOp program, const reference::CheckCase &drawn, const reference::Outputs &results, int times,
                     bool bodiesToo = false);

/// The larger of both limits, element by element.
Limits larger(Limits a, const Limits &b);

/// Says which output is farther off than it may be.
std::optional<std::string> differenceIn(const reference::Outputs &expected, const reference::Outputs &found,
                                        const Limits &limits);

/// Compares the two programs with all floats as f64, on inputs of `seed`: within a few roundings of f64, measured in both.
std::optional<std::string> differenceInDoubles(mlir::ModuleOp global, mlir::ModuleOp local, uint64_t seed);

} // namespace tp::random_programs
