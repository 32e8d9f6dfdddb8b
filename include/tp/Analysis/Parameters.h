// Which arguments of a function are weights, and what arguments and results are called.
#pragma once
#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp {

/// Name of an argument or result outside the program: "nn.name", a string; `arg<k>` and `result<k>` unless given.
inline constexpr llvm::StringLiteral nameAttrName = "nn.name";
/// On an argument that is a slice of an argument of the program as it was written: "tp.slice_of", a dictionary
/// `{arg = <its number>, name = "<its name>", shape, offsets, sizes}`, the last three `array<i64: ..>`.
inline constexpr llvm::StringLiteral sliceOfAttrName = "tp.slice_of";

/// On a parameter that stays as its file stores it: the format's name, "Q4_1". The type is what it means in the program.
inline constexpr llvm::StringLiteral storedAttrName = "nn.stored";

/// Bytes of `shape` (a part of the parameter) as a rank holds it: whole blocks where the parameter is kept as stored.
int64_t parameterBytes(mlir::Operation *parameter, mlir::RankedTensorType part);

/// Whether argument `index` is a weight. It is if it carries `tp.parameter`; without it, it is an activation if it shares a
/// factor with the first dimension of a result, and else a weight, if it has floats: ids and positions are none. Sharing is followed through the factor maps of all ops of
/// the function, so ask about a normalised program: an op without a rule shares nothing.
bool isParameterArgument(mlir::func::FuncOp function, unsigned index);

/// The same for all arguments at once.
llvm::SmallVector<bool> parameterArguments(mlir::func::FuncOp function);

} // namespace tp
