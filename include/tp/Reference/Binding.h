// Whole tensors by name to what a transformed program takes, and back: slices of arguments are cut (`tp.slice_of`), parameters
// are cut from what is stored (`source`), and the ranks of a local program get their shards (`tp.global`).
#pragma once
#include "tp/Reference/Interpreter.h"

namespace tp::reference {

/// Whole tensors by name: arguments by `nn.name` (arg<k> where there is none), parameters by stored name.
using NamedTensors = std::map<std::string, HostTensor>;

/// Random values for all arguments of `function` and for all parameters and states of its module, as the program was written:
/// floats in [-1, 1], integers in [0, 8). The same seed and name give the same values. Dynamic extents get the size `dynamicExtent`.
NamedTensors randomTensors(mlir::func::FuncOp function, uint64_t seed, int64_t dynamicExtent);

/// Inputs of `function`, per rank. A name that is missing is an error on the function.
mlir::FailureOr<PerRank> inputsFor(mlir::func::FuncOp function, const NamedTensors &tensors);

/// Parameters (and states that have values) of the module, per rank.
mlir::FailureOr<std::vector<Store>> storesFor(mlir::func::FuncOp function, const NamedTensors &tensors);

/// The whole results, in order. Fails on the function where ranks disagree about a replicated value.
mlir::FailureOr<std::vector<HostTensor>> wholeResults(mlir::func::FuncOp function, const PerRank &results);

/// inputsFor, storesFor, evaluate and wholeResults.
mlir::FailureOr<std::vector<HostTensor>> evaluateWhole(mlir::func::FuncOp function, const NamedTensors &tensors);

/// Largest difference over largest magnitude (the tolerance of tp-check); infinite where shapes differ or one value is not a number.
double relativeDifference(const HostTensor &expected, const HostTensor &found);

/// Registers `--tp-test-numbers='passes=... tolerance=... seed=...'`: runs the passes on a copy of the module and fails where an
/// entry of the copy computes other numbers than the original.
void registerTestNumbersPass();

} // namespace tp::reference
