// Follows marked (partial) values through scalar arithmetic. Each value either does not depend on a marked one (free), keeps the
// reduction (kept), or breaks it; a constant is free, so x + 1 of a partial x breaks: the 1 would be counted once per rank.
#include "dialects/tp/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

using namespace mlir;

namespace tp {

namespace {
enum class Dependence { Free, Kept, Broken };
} // namespace

static Dependence dependenceOf(Operation *op, Reduction kind, ArrayRef<Dependence> operands) {
  bool anyBroken = llvm::is_contained(operands, Dependence::Broken);
  if (anyBroken)
    return Dependence::Broken;
  if (!llvm::is_contained(operands, Dependence::Kept))
    return Dependence::Free;
  auto allKept = llvm::all_of(operands, [](Dependence d) { return d == Dependence::Kept; });
  auto keptIf = [](bool condition) { return condition ? Dependence::Kept : Dependence::Broken; };
  // Conversions between floats round each part instead of the sum: the same up to the type's precision.
  if (isa<arith::ExtFOp, arith::TruncFOp>(op))
    return Dependence::Kept;
  if (kind == Reduction::Sum) {
    if (isa<arith::AddFOp, arith::SubFOp, arith::AddIOp, arith::SubIOp>(op))
      return keptIf(allKept);
    if (isa<arith::NegFOp>(op))
      return Dependence::Kept;
    if (isa<arith::MulFOp, arith::MulIOp>(op))
      return keptIf(!allKept);
    if (isa<arith::DivFOp>(op))
      return keptIf(operands[0] == Dependence::Kept && operands[1] == Dependence::Free);
    return Dependence::Broken;
  }
  if (isa<arith::AddFOp, arith::AddIOp>(op))
    return keptIf(!allKept);
  if (isa<arith::SubFOp, arith::SubIOp>(op))
    return keptIf(operands[0] == Dependence::Kept && operands[1] == Dependence::Free);
  if (kind == Reduction::Max && isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp>(op))
    return Dependence::Kept;
  if (kind == Reduction::Min && isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp>(op))
    return Dependence::Kept;
  return Dependence::Broken;
}

bool bodyPreservesPartial(Block &block, Reduction kind, ArrayRef<bool> markedArguments) {
  llvm::DenseMap<Value, Dependence> dependence;
  for (auto [argument, marked] : llvm::zip_equal(block.getArguments(), markedArguments))
    dependence[argument] = marked ? Dependence::Kept : Dependence::Free;
  auto of = [&](Value value) {
    auto found = dependence.find(value);
    return found == dependence.end() ? Dependence::Free : found->second;
  };
  for (Operation &op : block.without_terminator()) {
    SmallVector<Dependence> operands = llvm::map_to_vector(op.getOperands(), of);
    Dependence result = op.getNumRegions() == 0 ? dependenceOf(&op, kind, operands) : Dependence::Broken;
    for (Value value : op.getResults())
      dependence[value] = result;
  }
  return llvm::all_of(block.getTerminator()->getOperands(), [&](Value value) { return of(value) == Dependence::Kept; });
}

bool elementwiseOpPreservesPartial(Operation *op, Reduction kind, ArrayRef<bool> markedOperands) {
  SmallVector<Dependence> operands =
      llvm::map_to_vector(markedOperands, [](bool marked) { return marked ? Dependence::Kept : Dependence::Free; });
  return dependenceOf(op, kind, operands) == Dependence::Kept;
}

} // namespace tp
