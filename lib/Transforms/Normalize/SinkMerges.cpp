// Moves reshapes that merge dimensions down, past everything that does not need the merged dimension, until they meet the reshape
// that splits it again, and both go.
//
// Front ends flatten: [batch, sequence, hidden] to [batch * sequence, hidden] for a matmul, [batch, heads, ..] to
// [batch * heads, ..] for a batched one. A split of the sequence, or of the heads, cannot be said of the merged dimension, whose
// major part is the batch; so a flattened program could not be laid out as the unflattened one can.
#include "lib/Transforms/Normalize/Steps.h"

#include "dialects/nn/Equation.h"

using namespace mlir;

namespace tp::normalize {

namespace {

using Group = SmallVector<int64_t, 2>; // dimensions of the inner value that make one of the outer

// A value that is `inner` with groups of dimensions merged.
struct Merge {
  Value inner;
  SmallVector<Group> groups;

  bool isMerged(int64_t dim) const { return groups[dim].size() > 1; }
  SmallVector<int64_t> sizes(int64_t dim) const {
    SmallVector<int64_t> result;
    for (int64_t each : groups[dim])
      result.push_back(tensorType(inner).getDimSize(each));
    return result;
  }
  // Position of outer dimension `dim`'s first inner dimension.
  int64_t begin(int64_t dim) const { return groups[dim].front(); }
};

std::optional<Merge> mergeOf(Value value) {
  auto reshape = value.getDefiningOp<nn::ReshapeOp>();
  if (!reshape)
    return std::nullopt;
  ArrayRef<int64_t> from = tensorType(reshape.getInput()).getShape(), to = reshape.getType().getShape();
  Merge merge{reshape.getInput(), {}};
  size_t next = 0;
  for (int64_t size : to) {
    Group &group = merge.groups.emplace_back();
    if (next == from.size())
      return std::nullopt;
    int64_t product = from[next];
    group.push_back(next++);
    while (product != size && next < from.size() && !ShapedType::isDynamic(product) && !ShapedType::isDynamic(from[next])) {
      product *= from[next];
      group.push_back(next++);
    }
    if (product != size)
      return std::nullopt;
  }
  for (; next < from.size(); ++next) { // dimensions of size 1 at the end
    if (from[next] != 1 || merge.groups.empty())
      return std::nullopt;
    merge.groups.back().push_back(next);
  }
  auto isProper = [&](const Group &group) { return llvm::count_if(group, [&](int64_t dim) { return from[dim] != 1; }) > 1; };
  if (llvm::none_of(merge.groups, isProper))
    return std::nullopt;
  return merge;
}

// The merge that remains when the dimensions `kept` stay merged: they are merged first. Nothing if none is left.
std::optional<Merge> keeping(OpBuilder &builder, const Merge &merge, llvm::function_ref<bool(int64_t)> isKept) {
  Merge left;
  SmallVector<int64_t> shape;
  ArrayRef<int64_t> inner = tensorType(merge.inner).getShape();
  bool isProper = false;
  for (auto [dim, group] : llvm::enumerate(merge.groups)) {
    Group &mine = left.groups.emplace_back();
    if (group.size() > 1 && isKept(dim)) {
      int64_t product = 1;
      for (int64_t each : group)
        product *= inner[each];
      mine.push_back(shape.size());
      shape.push_back(product);
      continue;
    }
    int64_t longer = 0;
    for (int64_t each : group) {
      mine.push_back(shape.size());
      shape.push_back(inner[each]);
      longer += inner[each] != 1;
    }
    isProper |= longer > 1;
  }
  if (!isProper)
    return std::nullopt;
  left.inner = reshaped(builder, merge.inner, shape);
  return left;
}

Value merged(OpBuilder &builder, Value inner, Type outer) {
  return reshaped(builder, inner, cast<RankedTensorType>(outer).getShape());
}

RankedTensorType typeOf(Value value, ArrayRef<int64_t> shape) { return tensorType(value).clone(shape); }

// `value`, of the merged shape, as it would be without the merge, if that costs nothing: it is merged in the same way, or it is a
// broadcast along what is merged.
std::optional<Value> unmerged(OpBuilder &builder, Value value, const Merge &merge) {
  ArrayRef<int64_t> shape = tensorType(merge.inner).getShape();
  if (auto mine = mergeOf(value)) {
    for (size_t dim = 0; dim < merge.groups.size(); ++dim)
      if (merge.isMerged(dim) && mine->sizes(dim) != merge.sizes(dim))
        return std::nullopt;
    return reshaped(builder, value, shape);
  }
  auto broadcast = value.getDefiningOp<nn::BroadcastOp>();
  if (!broadcast || broadcast.getLike())
    return std::nullopt;
  SmallVector<int64_t> dims;
  for (int64_t dim : broadcast.getDims()) {
    if (merge.isMerged(dim))
      return std::nullopt;
    dims.push_back(merge.begin(dim));
  }
  return nn::BroadcastOp::create(builder, value.getLoc(), typeOf(value, shape), broadcast.getInput(), dims, Value());
}

//===-- One pattern per op ---------------------------------------------------------------------------------------===//

LogicalResult sinkPastMap(nn::MapOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge;
  for (Value input : op.getInputs())
    if (!merge)
      merge = mergeOf(input);
  if (!merge)
    return failure();
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    std::optional<Value> inner = unmerged(rewriter, input, *merge);
    if (!inner)
      return failure();
    inputs.push_back(*inner);
  }
  RankedTensorType type = typeOf(op, tensorType(merge->inner).getShape());
  auto map = nn::MapOp::create(rewriter, op.getLoc(), type, inputs);
  rewriter.inlineRegionBefore(op.getBody(), map.getBody(), map.getBody().end());
  rewriter.replaceOp(op, merged(rewriter, map, op.getType()));
  return success();
}

// Ops with one tensor that they work along one dimension of: softmax and the norms.
LogicalResult sinkPastRow(Operation *op, int64_t row, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op->getOperand(0));
  if (merge)
    merge = keeping(rewriter, *merge, [&](int64_t dim) { return dim == row; });
  if (!merge)
    return failure();
  SmallVector<Value> operands(op->getOperands());
  operands[0] = merge->inner;
  OperationState state(op->getLoc(), op->getName(), operands, TypeRange(merge->inner.getType()), op->getAttrs());
  Operation *inner = rewriter.create(state);
  if (auto softmax = dyn_cast<nn::SoftmaxOp>(inner))
    softmax.setDim(merge->begin(row));
  rewriter.replaceOp(op, merged(rewriter, inner->getResult(0), op->getResultTypes()[0]));
  return success();
}

LogicalResult sinkPastSoftmax(nn::SoftmaxOp op, PatternRewriter &rewriter) { return sinkPastRow(op, op.getDim(), rewriter); }
LogicalResult sinkPastRmsNorm(nn::RmsNormOp op, PatternRewriter &rewriter) {
  return sinkPastRow(op, op.getType().getRank() - 1, rewriter);
}
LogicalResult sinkPastLayerNorm(nn::LayerNormOp op, PatternRewriter &rewriter) {
  return sinkPastRow(op, op.getType().getRank() - 1, rewriter);
}

LogicalResult sinkPastReduce(nn::ReduceOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op.getInput());
  if (!merge)
    return failure();
  SmallVector<int64_t> dims, shape;
  for (size_t dim = 0; dim < merge->groups.size(); ++dim)
    if (llvm::is_contained(op.getDims(), static_cast<int64_t>(dim)))
      dims.append(merge->groups[dim].begin(), merge->groups[dim].end());
    else
      shape.append(merge->sizes(dim));
  Value inner = nn::ReduceOp::create(rewriter, op.getLoc(), typeOf(op, shape), op.getKind(), merge->inner, dims);
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

LogicalResult sinkPastTranspose(nn::TransposeOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op.getInput());
  if (!merge)
    return failure();
  SmallVector<int64_t> permutation, shape;
  for (int64_t dim : op.getPermutation()) {
    permutation.append(merge->groups[dim].begin(), merge->groups[dim].end());
    shape.append(merge->sizes(dim));
  }
  Value inner = nn::TransposeOp::create(rewriter, op.getLoc(), typeOf(op, shape), merge->inner, permutation);
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

LogicalResult sinkPastBroadcast(nn::BroadcastOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op.getInput());
  if (!merge || op.getLike())
    return failure();
  SmallVector<int64_t> dims, shape;
  for (int64_t dim = 0; dim < op.getType().getRank(); ++dim) {
    const int64_t *found = llvm::find(op.getDims(), dim);
    if (found == op.getDims().end()) {
      shape.push_back(op.getType().getDimSize(dim));
      continue;
    }
    for (int64_t size : merge->sizes(found - op.getDims().begin())) {
      dims.push_back(shape.size());
      shape.push_back(size);
    }
  }
  Value inner = nn::BroadcastOp::create(rewriter, op.getLoc(), typeOf(op, shape), merge->inner, dims, Value());
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

LogicalResult sinkPastSlice(nn::SliceOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op.getInput());
  auto isCut = [&](int64_t dim) { return op.getType().getDimSize(dim) != tensorType(op.getInput()).getDimSize(dim); };
  if (merge)
    merge = keeping(rewriter, *merge, isCut);
  if (!merge)
    return failure();
  SmallVector<int64_t> offsets, sizes, strides, shape;
  for (size_t dim = 0; dim < merge->groups.size(); ++dim)
    for (int64_t each : merge->groups[dim]) {
      int64_t whole = tensorType(merge->inner).getDimSize(each);
      shape.push_back(isCut(dim) ? op.getType().getDimSize(dim) : whole);
      sizes.push_back(ShapedType::isDynamic(shape.back()) ? -1 : shape.back());
      offsets.push_back(isCut(dim) ? op.getOffsets()[dim] : 0);
      strides.push_back(isCut(dim) ? op.getStrides()[dim] : 1);
    }
  Value inner = nn::SliceOp::create(rewriter, op.getLoc(), typeOf(op, shape), merge->inner, offsets, sizes, strides);
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

LogicalResult sinkPastEmbedding(nn::EmbeddingOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op.getIds());
  if (!merge)
    return failure();
  SmallVector<int64_t> shape(tensorType(merge->inner).getShape());
  shape.push_back(op.getType().getShape().back());
  Value inner = nn::EmbeddingOp::create(rewriter, op.getLoc(), typeOf(op, shape), merge->inner, op.getTable(), op.getFirstRow());
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

// A letter of one operand only becomes several letters; a letter of both only if both are merged in the same way.
LogicalResult sinkPastContract(nn::ContractOp op, PatternRewriter &rewriter) {
  std::string problem;
  nn::Equation equation = *nn::Equation::parse(op.getEquation(), problem);
  std::optional<Merge> lhs = mergeOf(op.getLhs()), rhs = mergeOf(op.getRhs());
  auto sizesIn = [](const std::optional<Merge> &merge, const std::string &letters, char letter) {
    return merge ? merge->sizes(letters.find(letter)) : SmallVector<int64_t>();
  };
  auto staysMerged = [&](const std::string &mine, int64_t dim) {
    char letter = mine[dim];
    if (equation.lhs.find(letter) == std::string::npos || equation.rhs.find(letter) == std::string::npos)
      return false;
    SmallVector<int64_t> sizes = sizesIn(lhs, equation.lhs, letter);
    bool isProper = llvm::count_if(sizes, [](int64_t size) { return size != 1; }) > 1;
    return !isProper || sizes != sizesIn(rhs, equation.rhs, letter);
  };
  std::optional<Merge> newLhs, newRhs;
  if (lhs)
    newLhs = keeping(rewriter, *lhs, [&](int64_t dim) { return staysMerged(equation.lhs, dim); });
  if (rhs)
    newRhs = keeping(rewriter, *rhs, [&](int64_t dim) { return staysMerged(equation.rhs, dim); });
  if (!newLhs && !newRhs)
    return failure();
  std::string used = equation.letters();
  char next = 'a';
  auto fresh = [&] {
    while (used.find(next) != std::string::npos)
      next = next == 'z' ? 'A' : next + 1;
    used += next;
    return next;
  };
  llvm::SmallDenseMap<char, std::pair<std::string, SmallVector<int64_t>>> parts; // letter: its letters and sizes
  auto split = [&](const std::optional<Merge> &merge, const std::string &letters) {
    for (size_t dim = 0; merge && dim < letters.size(); ++dim)
      if (merge->isMerged(dim) && !parts.contains(letters[dim])) {
        std::string mine(1, letters[dim]);
        while (mine.size() < merge->groups[dim].size())
          mine += fresh();
        parts[letters[dim]] = {mine, merge->sizes(dim)};
      }
  };
  split(newLhs, equation.lhs);
  split(newRhs, equation.rhs);
  auto rewritten = [&](const std::string &letters) {
    std::string result;
    for (char letter : letters)
      result += parts.contains(letter) ? parts[letter].first : std::string(1, letter);
    return result;
  };
  SmallVector<int64_t> shape;
  for (auto [letter, size] : llvm::zip_equal(equation.result, op.getType().getShape()))
    if (parts.contains(letter))
      shape.append(parts[letter].second);
    else
      shape.push_back(size);
  std::string text = rewritten(equation.lhs) + "," + rewritten(equation.rhs) + "->" + rewritten(equation.result);
  Value inner = nn::ContractOp::create(rewriter, op.getLoc(), typeOf(op, shape), rewriter.getStringAttr(text),
                                       newLhs ? newLhs->inner : op.getLhs(), newRhs ? newRhs->inner : op.getRhs());
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

// The wish on a merged dimension is one on its major part, if that divides.
LogicalResult sinkPastConstrain(ConstrainOp op, PatternRewriter &rewriter) {
  std::optional<Merge> merge = mergeOf(op.getInput());
  if (!merge)
    return failure();
  MeshOp mesh = findMesh(op);
  const Layout &wish = op.getLayout().getLayout();
  Layout layout = wish;
  layout.dims.clear();
  for (size_t dim = 0; dim < merge->groups.size(); ++dim)
    for (auto [i, size] : llvm::enumerate(merge->sizes(dim))) {
      auto mine = wish.dims[dim];
      if (i > 0)
        mine.axes.clear();
      else if (!mine.axes.empty() && (ShapedType::isDynamic(size) || size % mesh.getMesh().sizeOf(mine.axes)))
        return failure();
      layout.dims.push_back(mine);
    }
  auto attribute = LayoutAttr::get(op.getContext(), op.getLayout().getMesh(), layout);
  Value inner = ConstrainOp::create(rewriter, op.getLoc(), merge->inner, attribute);
  rewriter.replaceOp(op, merged(rewriter, inner, op.getType()));
  return success();
}

} // namespace

void addMergeSinking(RewritePatternSet &patterns) {
  patterns.add(sinkPastMap);
  patterns.add(sinkPastSoftmax);
  patterns.add(sinkPastRmsNorm);
  patterns.add(sinkPastLayerNorm);
  patterns.add(sinkPastReduce);
  patterns.add(sinkPastTranspose);
  patterns.add(sinkPastBroadcast);
  patterns.add(sinkPastSlice);
  patterns.add(sinkPastEmbedding);
  patterns.add(sinkPastContract);
  patterns.add(sinkPastConstrain);
}

} // namespace tp::normalize
