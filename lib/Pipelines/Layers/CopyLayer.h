// Makes the ops of one layer again and again, for the parameters and values of further layers.
//
// Cloning looks up every operand by its address and builds every attribute dictionary anew for each note that is set in it. Here
// all values that a layer works on are numbered once: a copy is an op made of numbers, its notes in one step.
#pragma once
#include "LayerNotes.h"

namespace tp {

class LayerCopier {
public:
  /// Copies `ops`, equal to those of the layer before, `before`, op by op; `named` is what they name of their own.
  LayerCopier(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<mlir::Operation *> before, llvm::ArrayRef<Outside> named,
              LayerNotes &notes);

  /// False for an op with a region of several blocks.
  static bool canCopy(mlir::Operation *op);

  /// Inserts one more layer, behind the one that was made last and with what it names, `own`, in the order of `named`.
  void copy(mlir::Block *block, mlir::Block::iterator at, int64_t period, llvm::ArrayRef<Outside> own);

  /// What stands in the layer that was made last for a result of `ops`.
  mlir::Value latest(mlir::Value result) const { return values[numbers.lookup(result)]; }

private:
  struct Body;
  struct Model {
    mlir::Operation *op;
    llvm::SmallVector<unsigned, 4> operands; // by number
    unsigned firstResult;
    std::vector<Body> bodies; // of its regions
    int64_t symbol = -1;      // what it names, in `named`
  };
  struct Body {
    mlir::Block *block; // null if the region is empty
    unsigned firstArgument;
    std::vector<Model> ops;
  };

  unsigned numberOf(mlir::Value value);
  Model modelOf(mlir::Operation *op);
  mlir::Operation *make(const Model &model, mlir::Location location, mlir::DictionaryAttr attributes);

  LayerNotes &notes;
  std::vector<Model> models;
  llvm::DenseMap<mlir::Value, unsigned> numbers;
  std::vector<mlir::Value> values;                     // by number, of the layer that is being made
  std::vector<std::pair<unsigned, unsigned>> carried;  // a result of the layer before that is used, and the layer's own
  std::vector<std::pair<unsigned, size_t>> parameters; // an argument's number, and its place in `named`
  llvm::DenseMap<mlir::Attribute, int64_t> symbols;
};

} // namespace tp
