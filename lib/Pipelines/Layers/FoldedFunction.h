// What of one function is left out while layouts are worked out, and the two steps on it.
//
// What stays of n equal periods are the first four and the last. The local form is repeated only if its periods for the second,
// third and fourth are equal, each value is used in its own period or the next, and the last layer follows at the same distance.
#pragma once
#include "CopyLayer.h"

#include <memory>

namespace tp {

/// Periods at the start that are kept, and how many must go for folding to be worth it.
inline constexpr int64_t keptFirst = 4, leastDropped = 3;

/// A function of the whole program, and which of its periods are left out: [low, high), the last one being `high`.
struct FoldedFunction {
  explicit FoldedFunction(mlir::func::FuncOp function) : layers(function) {}

  EqualLayers layers;
  int64_t shift = 0; // number of its first period among those of all functions
  int64_t low = 0, high = 0;
  /// What each of the periods low - 3 .. high names of its own, in one order; by period.
  std::map<int64_t, std::vector<Outside>> named;

  bool isDropped(mlir::Operation *op) const;
  /// False where a value or an argument of the periods that go is used outside of them and of the one behind.
  bool isClosed() const;
  /// Numbers of the arguments that are kept.
  std::vector<int64_t> keptArguments() const;
  /// A clone without those periods.
  mlir::func::FuncOp clone(mlir::OpBuilder &builder) const;
};

/// What can go from `module`: the functions, empty if nothing does, and for each parameter and state that goes the one whose layout
/// it gets.
struct Folding {
  std::vector<std::unique_ptr<FoldedFunction>> functions;
  llvm::DenseMap<mlir::Attribute, mlir::Attribute> counterpart;
};
Folding planFolding(mlir::ModuleOp module);

/// Repeats in `local`, which was made of the clone of `folded`, what was made of the layers that were left.
class Unfolder {
public:
  Unfolder(const FoldedFunction &folded, mlir::func::FuncOp local);

  /// Whether the local form is as regular as the global one was. Changes nothing.
  bool plan();
  void run();

private:
  Outside here(Outside one) const;
  int64_t indexOf(mlir::Operation *op) const;
  bool areCounterpartsThose() const;
  bool isClosed() const;
  void addArguments();

  const FoldedFunction &folded;
  mlir::func::FuncOp whole, local;
  EqualLayers layers;
  LayerNotes notes;
  std::vector<mlir::BlockArgument> localArgument; // by number in the whole program; null if it was left out
  llvm::DenseMap<Outside, int64_t> periodOf;
  int64_t first = 0, begin = 0, end = 0, length = 0;
};

} // namespace tp
