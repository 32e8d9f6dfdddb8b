// Finds the stretch of a straight-line function in which the same ops come again and again: the equal layers of a model.
//
// Op i + period does what op i does if it is the same op on values that stand one period later (or on the very same value), and
// reads the counterparts of its arguments, parameters and states. Counterparts need not be named alike; what they must be is one
// to one, of equal types and with equal wishes.
#pragma once
#include "dialects/nn/Nn.h"
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp {

/// What an op names from outside the layers: an argument of the function, or the symbol of a parameter or state (a StringAttr).
using Outside = llvm::PointerUnion<mlir::Value, mlir::Attribute>;

/// The ops of a function in their order, and which of them do the same one period later.
class EqualLayers {
public:
  explicit EqualLayers(mlir::func::FuncOp function);

  /// Looks for a period that comes at least `least` times, from the middle of the function outwards.
  bool find(int64_t least);
  /// Fixes the period instead, and compares the ops from `begin` to `end` with those one period later. False where one differs.
  bool compare(int64_t begin, int64_t end, int64_t length);

  /// Starts the periods at `begin`, which lies in what `find` found.
  void startAt(int64_t begin);

  mlir::func::FuncOp function;
  std::vector<mlir::Operation *> ops;    // without the terminator
  std::vector<mlir::Location> locations; // of `ops`: when they are asked for, the ops have left the caches
  llvm::DenseMap<mlir::Operation *, int64_t> indexOf;
  int64_t first = 0, length = 0, count = 0; // of the periods: [first, first + count * length)
  /// The counterpart of what an op names, one period later; itself for what all layers share.
  llvm::DenseMap<Outside, Outside> next;

  mlir::Operation *at(int64_t period, int64_t offset) const { return ops[first + period * length + offset]; }
  mlir::Location locationAt(int64_t period, int64_t offset) const { return locations[first + period * length + offset]; }
  /// What the ops of period `period` name that is not shared by all, each once, in order; needs `find`.
  std::vector<Outside> namedIn(int64_t period) const;

private:
  void forget();
  bool isEqual(int64_t index);
  bool isSameOp(mlir::Operation *a, mlir::Operation *b);
  bool areCounterparts(mlir::Value a, mlir::Value b, int64_t index);
  bool pair(Outside a, Outside b);
  bool haveEqualDeclarations(Outside a, Outside b);
  uint64_t fingerprint(mlir::Operation *op) const;

  int64_t end = 0; // of the ops that were found equal to those one period later
  mlir::ModuleOp module;
  mlir::ArrayAttr argumentAttributes; // null if none has any
  llvm::DenseMap<mlir::Attribute, mlir::Operation *> declarations;
  llvm::DenseMap<Outside, Outside> previous;
};

/// The symbol that nn.get and nn.set name, null for other ops.
mlir::StringAttr symbolOf(mlir::Operation *op);

} // namespace tp
