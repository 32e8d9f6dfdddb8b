// Which buffers of a function can be one.
#pragma once
#include "dialects/tprt/Tprt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp::memory {

/// Joins buffers of `function` where nothing is lost, and deletes the copies that this leaves without meaning.
void joinBuffers(mlir::func::FuncOp function);

/// What one op does to one buffer.
struct Access {
  int64_t time;
  mlir::Operation *op;
  bool reads = false, writes = false;
  /// Writes every element and reads none.
  bool overwrites = false;
};

/// All accesses to each root buffer of the function, in order of time (the position of the op).
llvm::MapVector<mlir::Value, llvm::SmallVector<Access>> accessesOf(mlir::func::FuncOp function);

} // namespace tp::memory
