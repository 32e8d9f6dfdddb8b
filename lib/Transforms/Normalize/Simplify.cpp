// What always holds between nn ops, as rewrite patterns: two moves in a row are one, a constant that is moved is a constant, and a
// contraction takes its operands' transposes and broadcasts into its equation. Only safe before Propagate, where types carry no
// layout; nothing looks through tp.constrain.
#include "lib/Transforms/Normalize/Steps.h"

#include "dialects/nn/Equation.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tp::normalize {

namespace {

//===-- Moves ---------------------------------------------------------------------------------------------------===//

LogicalResult simplifyReshape(nn::ReshapeOp op, PatternRewriter &rewriter) {
  if (op.getType() == op.getInput().getType()) {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
  auto inner = op.getInput().getDefiningOp<nn::ReshapeOp>();
  if (!inner)
    return failure();
  rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), inner.getInput());
  return success();
}

LogicalResult simplifyTranspose(nn::TransposeOp op, PatternRewriter &rewriter) {
  if (llvm::is_sorted(op.getPermutation())) {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
  if (auto inner = op.getInput().getDefiningOp<nn::TransposeOp>()) {
    SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation())
      permutation.push_back(inner.getPermutation()[dim]);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, op.getType(), inner.getInput(), permutation);
    return success();
  }
  return failure();
}

LogicalResult simplifyBroadcast(nn::BroadcastOp op, PatternRewriter &rewriter) {
  if (op.getType() == op.getInput().getType()) {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
  auto isUnit = [&](int64_t dim) { return llvm::is_contained(op.getDims(), dim) || op.getType().getDimSize(dim) == 1; };
  if (!op.getLike() && llvm::all_of(llvm::seq<int64_t>(0, op.getType().getRank()), isUnit)) {
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), op.getInput()); // only dimensions of size 1 are new
    return success();
  }
  auto inner = op.getInput().getDefiningOp<nn::BroadcastOp>();
  if (!inner || (inner.getLike() && !op.getLike()))
    return failure();
  SmallVector<int64_t> dims;
  for (int64_t dim : inner.getDims())
    dims.push_back(op.getDims()[dim]);
  rewriter.replaceOpWithNewOp<nn::BroadcastOp>(op, op.getType(), inner.getInput(), dims, op.getLike());
  return success();
}

LogicalResult simplifySlice(nn::SliceOp op, PatternRewriter &rewriter) {
  if (op.getType() == op.getInput().getType()) {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
  auto inner = op.getInput().getDefiningOp<nn::SliceOp>();
  if (!inner)
    return failure();
  SmallVector<int64_t> offsets, strides;
  for (auto [outerOffset, outerStride, innerOffset, innerStride] :
       llvm::zip_equal(op.getOffsets(), op.getStrides(), inner.getOffsets(), inner.getStrides())) {
    offsets.push_back(innerOffset + outerOffset * innerStride);
    strides.push_back(outerStride * innerStride);
  }
  rewriter.replaceOpWithNewOp<nn::SliceOp>(op, op.getType(), inner.getInput(), offsets, op.getSizes(), strides);
  return success();
}

// A move of a constant of one value is a constant; a reshape of any constant too.
LogicalResult foldMovedConstant(Operation *op, PatternRewriter &rewriter) {
  if (!isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, nn::SliceOp>(op))
    return failure();
  auto type = cast<RankedTensorType>(op->getResultTypes()[0]);
  DenseElementsAttr dense;
  if (!type.hasStaticShape() || !matchPattern(op->getOperand(0), m_Constant(&dense)))
    return failure();
  if (dense.isSplat()) {
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, cast<TypedAttr>(dense.resizeSplat(type)));
    return success();
  }
  if (!isa<nn::ReshapeOp>(op))
    return failure();
  rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, cast<TypedAttr>(dense.reshape(type)));
  return success();
}

//===-- Maps ----------------------------------------------------------------------------------------------------===//

// Constants of one value move into the body, no operand is there twice or unused, and a body that only passes on is no map.
LogicalResult simplifyMap(nn::MapOp op, PatternRewriter &rewriter) {
  Block &body = op.getBody().front();
  Value yielded = body.getTerminator()->getOperand(0);
  if (auto argument = dyn_cast<BlockArgument>(yielded)) {
    rewriter.replaceOp(op, op.getInputs()[argument.getArgNumber()]);
    return success();
  }
  llvm::SetVector<Value> kept;
  for (auto [input, argument] : llvm::zip_equal(op.getInputs(), body.getArguments()))
    if (!argument.use_empty() && !splatOf(input))
      kept.insert(input);
  if (kept.size() == op.getInputs().size())
    return failure();
  if (kept.empty() && !op.getType().hasStaticShape())
    return failure();
  auto fill = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    IRMapping mapping;
    for (auto [input, argument] : llvm::zip_equal(op.getInputs(), body.getArguments())) {
      if (argument.use_empty())
        continue;
      if (TypedAttr splat = splatOf(input)) {
        mapping.map(argument, arith::ConstantOp::create(builder, loc, splat).getResult());
        continue;
      }
      mapping.map(argument, arguments[llvm::find(kept, input) - kept.begin()]);
    }
    for (Operation &inner : body.without_terminator())
      builder.clone(inner, mapping);
    return mapping.lookup(yielded);
  };
  rewriter.replaceOp(op, nn::MapOp::build(rewriter, op.getLoc(), op.getType(), kept.getArrayRef(), fill));
  return success();
}

// A map over [.., 1] of reshapes of [..] is one over [..]: statistics of rows often keep a dimension of size 1.
LogicalResult dropUnitDims(nn::MapOp op, PatternRewriter &rewriter) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto reshape = input.getDefiningOp<nn::ReshapeOp>();
    if (!reshape || tensorType(reshape.getInput()).getRank() >= op.getType().getRank() ||
        (!inputs.empty() && tensorType(inputs[0]).getShape() != tensorType(reshape.getInput()).getShape()))
      return failure();
    auto isLonger = [](int64_t size) { return size != 1; };
    if (!llvm::equal(llvm::make_filter_range(tensorType(reshape.getInput()).getShape(), isLonger),
                     llvm::make_filter_range(op.getType().getShape(), isLonger)))
      return failure();
    inputs.push_back(reshape.getInput());
  }
  if (inputs.empty())
    return failure();
  auto map = nn::MapOp::create(rewriter, op.getLoc(), op.getType().clone(tensorType(inputs[0]).getShape()), inputs);
  rewriter.inlineRegionBefore(op.getBody(), map.getBody(), map.getBody().end());
  rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), map);
  return success();
}

//===-- Contractions --------------------------------------------------------------------------------------------===//

nn::Equation equationOf(nn::ContractOp op) {
  std::string problem;
  return *nn::Equation::parse(op.getEquation(), problem);
}

std::string permuted(const std::string &letters, ArrayRef<int64_t> permutation) {
  std::string result(letters.size(), ' ');
  for (auto [to, from] : llvm::enumerate(permutation))
    result[from] = letters[to];
  return result;
}

// One operand's transpose or broadcast, taken into its letters. A broadcast letter goes if the other operand and the result have it.
bool absorb(Value &operand, std::string &letters, const std::string &other, const std::string &result) {
  if (auto transpose = operand.getDefiningOp<nn::TransposeOp>()) {
    letters = permuted(letters, transpose.getPermutation());
    operand = transpose.getInput();
    return true;
  }
  auto broadcast = operand.getDefiningOp<nn::BroadcastOp>();
  if (!broadcast)
    return false;
  std::string kept;
  for (auto [dim, letter] : llvm::enumerate(letters)) {
    if (llvm::is_contained(broadcast.getDims(), static_cast<int64_t>(dim)))
      kept += letter;
    else if (other.find(letter) == std::string::npos || result.find(letter) == std::string::npos)
      return false;
  }
  letters = kept;
  operand = broadcast.getInput();
  return true;
}

LogicalResult simplifyContract(nn::ContractOp op, PatternRewriter &rewriter) {
  nn::Equation equation = equationOf(op);
  Value lhs = op.getLhs(), rhs = op.getRhs();
  bool changed = absorb(lhs, equation.lhs, equation.rhs, equation.result);
  changed |= absorb(rhs, equation.rhs, equation.lhs, equation.result);
  Operation *user = op->hasOneUse() ? *op->user_begin() : nullptr;
  if (changed) {
    rewriter.replaceOpWithNewOp<nn::ContractOp>(
        op, op.getType(), rewriter.getStringAttr(equation.lhs + "," + equation.rhs + "->" + equation.result), lhs, rhs);
    return success();
  }
  auto transpose = dyn_cast_or_null<nn::TransposeOp>(user);
  if (!transpose)
    return failure();
  std::string result;
  for (int64_t dim : transpose.getPermutation())
    result += equation.result[dim];
  rewriter.setInsertionPoint(transpose);
  rewriter.replaceOpWithNewOp<nn::ContractOp>(
      transpose, transpose.getType(), rewriter.getStringAttr(equation.lhs + "," + equation.rhs + "->" + result), lhs, rhs);
  rewriter.eraseOp(op);
  return success();
}

} // namespace

void addSimplifications(RewritePatternSet &patterns) {
  patterns.add(simplifyReshape);
  patterns.add(simplifyTranspose);
  patterns.add(simplifyBroadcast);
  patterns.add(simplifySlice);
  patterns.add(simplifyMap);
  patterns.add(dropUnitDims);
  patterns.add(simplifyContract);
  struct FoldMovedConstant : RewritePattern {
    explicit FoldMovedConstant(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
    LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
      return foldMovedConstant(op, rewriter);
    }
  };
  patterns.add<FoldMovedConstant>(patterns.getContext());
}

void simplify(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  addSimplifications(patterns);
  addMergeSinking(patterns);
  (void)applyPatternsGreedily(root, std::move(patterns)); // not converging is no error: the program is right at every step
}

} // namespace tp::normalize
