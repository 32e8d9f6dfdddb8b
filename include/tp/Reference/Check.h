// Runs one program in several forms on the same random inputs and compares the outputs: what tp-check does.
//
// A case is drawn from the global program alone. Parameters are drawn by the name of the stored tensor, so that a program in
// which Normalize has cut a packed weight in three still gets the same numbers. Whoever can run the program in another way
// (the compiled module) takes the case and returns Outputs.
#pragma once
#include "tp/Reference/Interpreter.h"

#include <functional>

namespace tp::reference {

struct CheckOptions {
  uint64_t seed = 0;
  /// Inputs that are given, by name (`nn.name`, else arg0, arg1, ...), for every entry that has them, or by "entry.name".
  std::map<std::string, HostTensor> inputs;
  /// Reads a stored tensor as elements of a type. Without it, weights are random.
  std::function<HostTensor(const std::string &name, DType type)> stored;
  /// Tokens per sequence where that is dynamic; cut to the function's bound.
  int64_t dynamicExtent = 5;
};

struct NamedTensors {
  std::string entry;
  std::vector<std::string> names;
  std::vector<HostTensor> tensors;
};
/// Results per entry, whole and in global order.
using Outputs = std::vector<NamedTensors>;

struct CheckCase {
  /// Inputs per entry (public function), in the order in which they are executed.
  std::vector<NamedTensors> entries;
  /// The whole stored tensor of a name.
  std::function<HostTensor(const std::string &name, DType type)> stored;
};

/// Inputs that the program can take: ids within their tables, positions that go on where the entry before ended. Throws
/// Error where a given input does not fit.
CheckCase makeCase(mlir::ModuleOp global, const CheckOptions &options);

/// What parameter `name` of `module` (any form) holds, whole: the stored tensor, cut and padded as `source` says.
/// Throws Error.
HostTensor parameterValue(mlir::ModuleOp module, llvm::StringRef name, const CheckCase &check);

/// Runs all entries of a program of any form, one after the other, states living on. Throws Error, also where ranks disagree
/// about a replicated result.
Outputs runProgram(mlir::ModuleOp module, const CheckCase &check, const Disturb &disturb = {});

struct Difference {
  std::string entry, output;
  /// Largest difference over largest magnitude (largest difference, for integers).
  double value;
};
/// Differences per output. Throws Error where the outputs do not correspond.
std::vector<Difference> differences(const Outputs &expected, const Outputs &actual);

/// 1e-4, or 2e-2 for a program that holds 16-bit floats anywhere.
double toleranceOf(mlir::ModuleOp module);

} // namespace tp::reference
