// Names for places in a model, and reasons of collectives, for plans, reports and errors.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace tp {

/// For which op of the model `op` works: the outermost name in its location, else "<function>:<line>", else
/// "<function>:<name of the op>".
std::string whereOf(mlir::Operation *op);
/// The same for an op named `name`, with this location, in `function` (may be null).
std::string whereOf(mlir::Location location, mlir::func::FuncOp function, mlir::OperationName name);

/// The same for all layers: a part that is a number is replaced, "model.layers.3.mlp" -> "model.layers.*.mlp".
std::string withoutLayerNumbers(llvm::StringRef text);

/// An op for remarks: "nn.contract (model.layers.0.mlp)" where it has a name, "nn.contract at line 7" where it has a line.
std::string describe(mlir::Operation *op);

/// On a function that lost arguments for a while: the numbers that those it has bear in the user's program (array<i64>).
inline constexpr llvm::StringLiteral argumentNumbersAttrName = "tp.argument_numbers";

/// An argument of a function for remarks: "argument 3", by its number in the user's program.
std::string describe(mlir::BlockArgument argument);

/// Name of the note on a reshard or collective that says how its splits came about, `tp.cause`: a dictionary with `ways`, lists of
/// the wish and the ops that carried it, and `need`, why the user takes the value otherwise. Made by `--tp-propagate=explain`.
inline constexpr llvm::StringLiteral causeAttrName = "tp.cause";

/// Gives `to` the notes tp.why and tp.cause of `from`, those that it has.
void copyReason(mlir::Operation *from, mlir::Operation *to);

} // namespace tp
