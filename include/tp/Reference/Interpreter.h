// Runs a program of any form on N pretend ranks: slow, obvious, and what every transform is tested against.
//
// The ranks go through the program in lock-step, op by op, so a collective simply sees the operands of all ranks at once.
// A laid-out value denotes the whole tensor: the global and the laid-out form run on one rank, and `tp.reshard` and
// `tp.constrain` change nothing.
#pragma once
#include "tp/Support/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <map>

namespace tp::reference {

/// Parameters and states of one rank, by symbol. A state that is missing is zero.
using Store = std::map<std::string, HostTensor>;

/// Inputs or results of one function: per rank, per argument.
using PerRank = std::vector<std::vector<HostTensor>>;

/// Whether `function` is in the local form: it says so with `tp.global`, or calls a collective.
bool isLocal(mlir::func::FuncOp function);

/// The number of pretend ranks that `function` runs on: the mesh's size in the local form, else 1.
int64_t ranksOf(mlir::func::FuncOp function);

/// May change what an op has computed. How far results move when every step is a little off says how well conditioned a program is.
using Disturb = std::function<void(mlir::Operation *op, HostTensor &result)>;

/// Calls `function` on all ranks: `inputs` and `stores` have one entry per rank. States that it sets are written to the
/// stores at its end. A failure is reported on the op that failed. `disturb`, if given, sees every result but those of
/// collectives, calls and reads of parameters.
mlir::FailureOr<PerRank> evaluate(mlir::func::FuncOp function, PerRank inputs, std::vector<Store> &stores,
                                  const Disturb &disturb = {});

} // namespace tp::reference
