// The program as propagation sees it: tensors that have one layout each, and nodes that tie dimensions of tensors by factors.
//
// A tensor is a value, or all values that must have one layout: all reads of a parameter or state, and a value with its
// `tp.constrain`. A node is an op with a factor map, or stands for a returned value or a write to a state. Constants and fills are
// not tensors here: they are made anew in whatever layout a use needs, so no wish travels through them.
#pragma once
#include "dialects/tp/Tp.h"
#include "tp/Analysis/Where.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>
#include <vector>

namespace tp::propagate {

struct Use {
  int node;
  int slot;
};

struct Tensor {
  mlir::RankedTensorType type;
  std::vector<int64_t> shape; // -1: dynamic
  int64_t bytes = 0;          // of the whole, dynamic extents at their bound
  std::string name;           // for remarks: "argument 1", "@wq", "nn.contract at line 7"
  mlir::Location loc;
  bool isParameter = false;
  bool isSource = false; // a constant: cloned per layout
  std::optional<Layout> wish;
  int wishOrigin = -1;
  int producer = -1; // node, or -1 for arguments, parameters, states
  int producerSlot = -1;
  std::vector<Use> uses;
};

struct Node {
  enum Kind { Compute, Return, SetState } kind = Compute;
  mlir::Operation *op = nullptr;
  int operandNumber = -1; // of Return and SetState: which operand of `op`
  FactorMap map;
  bool hasRule = true;
  std::vector<int> operands; // tensor per slot, -1: none or source
  std::vector<int> results;
  std::optional<Layout> resultWish; // of Return
  int resultWishOrigin = -1;
};

/// Why a split is where it is: the wish it started from.
struct Origin {
  std::string text; // "the wish [{}, {tp}] on argument 1"
  mlir::Location loc;
};

struct Graph {
  Mesh mesh;
  mlir::FlatSymbolRefAttr meshName;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  std::vector<Origin> origins;
  llvm::DenseMap<mlir::Value, int> tensorOf;
  llvm::DenseMap<mlir::Operation *, int> nodeOf;        // compute ops
  llvm::DenseMap<mlir::OpOperand *, int> nodeOfOperand; // Return and SetState
  llvm::StringMap<int> tensorOfSymbol;
};

/// Reads the module; fails with an error on what propagation cannot take (calls, more than one block, no mesh).
mlir::FailureOr<Graph> buildGraph(mlir::ModuleOp module);

} // namespace tp::propagate
