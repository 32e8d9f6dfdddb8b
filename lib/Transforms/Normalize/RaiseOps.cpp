// Says ops of linalg, tensor, arith and math on tensors in nn. Named linalg ops become linalg.generic first, so that there is one
// way of raising a matmul however it is spelled (RaiseGeneric.cpp); what cannot be raised stays generic, which has a sharding rule.
#include "lib/Transforms/Normalize/Steps.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tp::normalize {

//===-- Helpers -------------------------------------------------------------------------------------------------===//

TypedAttr splatOf(Value tensor) {
  DenseElementsAttr dense;
  if (matchPattern(tensor, m_Constant(&dense)) && dense.isSplat()) {
    Type element = dense.getElementType();
    if (isa<FloatType>(element))
      return FloatAttr::get(element, dense.getSplatValue<APFloat>());
    if (element.isIntOrIndex())
      return IntegerAttr::get(element, dense.getSplatValue<APInt>());
    return {};
  }
  Operation *definition = tensor.getDefiningOp();
  TypedAttr scalar;
  if (auto fill = dyn_cast_or_null<linalg::FillOp>(definition)) {
    matchPattern(fill.getInputs()[0], m_Constant(&scalar));
    return scalar;
  }
  if (auto splat = dyn_cast_or_null<tensor::SplatOp>(definition)) {
    matchPattern(splat.getInput(), m_Constant(&scalar));
    return scalar;
  }
  if (auto broadcast = dyn_cast_or_null<nn::BroadcastOp>(definition))
    return splatOf(broadcast.getInput());
  return {};
}

Value splatConstant(OpBuilder &builder, Location loc, RankedTensorType type, TypedAttr value) {
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef<Attribute>(value)));
}

Value reshaped(OpBuilder &builder, Value value, ArrayRef<int64_t> shape) {
  RankedTensorType type = tensorType(value);
  if (type.getShape() == shape)
    return value;
  return nn::ReshapeOp::create(builder, value.getLoc(), type.clone(shape), value);
}

static Value slice(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                   ArrayRef<int64_t> strides) {
  return nn::SliceOp::create(builder, loc, tensorType(value).clone(sizes), value, offsets, sizes, strides);
}

void remarkOn(Operation *op, StringRef name, const Twine &text) {
  remark::missed(op->getLoc(), remark::RemarkOpts::name(name).category("tp-normalize")) << text.str();
}

//===-- arith and math on tensors -------------------------------------------------------------------------------===//

LogicalResult raiseElementwise(RewriterBase &rewriter, Operation *op) {
  if (!op->hasTrait<OpTrait::Elementwise>() || op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      !isa<arith::ArithDialect, math::MathDialect>(op->getDialect()))
    return failure();
  auto type = dyn_cast<RankedTensorType>(op->getResultTypes()[0]);
  if (!type)
    return failure();
  SmallVector<Value> inputs;
  for (Value operand : op->getOperands()) {
    TypedAttr scalar;
    if (isa<RankedTensorType>(operand.getType())) {
      if (!splatOf(operand))
        inputs.push_back(operand);
    } else if (!matchPattern(operand, m_Constant(&scalar))) {
      return failure(); // a scalar that only the running program knows
    }
  }
  if (inputs.empty() && !type.hasStaticShape())
    return failure();
  rewriter.setInsertionPoint(op);
  auto fill = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    SmallVector<Value> operands;
    size_t next = 0;
    for (Value operand : op->getOperands()) {
      TypedAttr scalar = splatOf(operand);
      if (!isa<RankedTensorType>(operand.getType()))
        matchPattern(operand, m_Constant(&scalar));
      operands.push_back(scalar ? Value(arith::ConstantOp::create(builder, loc, scalar)) : Value(arguments[next++]));
    }
    OperationState state(loc, op->getName(), operands, TypeRange(type.getElementType()), op->getAttrs());
    return builder.create(state)->getResult(0);
  };
  rewriter.replaceOp(op, nn::MapOp::build(rewriter, op->getLoc(), type, inputs, fill));
  return success();
}

//===-- tensor --------------------------------------------------------------------------------------------------===//

static bool isUnit(ArrayRef<int64_t> strides) {
  return llvm::all_of(strides, [](int64_t stride) { return stride == 1; });
}

static LogicalResult raiseExtractSlice(RewriterBase &rewriter, tensor::ExtractSliceOp op) {
  if (!op.getOffsets().empty() || !op.getSizes().empty() || !op.getStrides().empty() || !op.getSourceType().hasStaticShape())
    return failure();
  Value part = slice(rewriter, op.getLoc(), op.getSource(), op.getStaticOffsets(), op.getStaticSizes(), op.getStaticStrides());
  rewriter.replaceOp(op, reshaped(rewriter, part, op.getType().getShape()));
  return success();
}

// `source` put into `target` at `offsets`: what lies before, the middle, what lies after, one dimension at a time.
static Value inserted(OpBuilder &builder, Location loc, Value source, Value target, ArrayRef<int64_t> offsets, int64_t dim) {
  RankedTensorType sourceType = tensorType(source), targetType = tensorType(target);
  while (dim < targetType.getRank() && sourceType.getDimSize(dim) == targetType.getDimSize(dim))
    ++dim;
  if (dim == targetType.getRank())
    return source;
  SmallVector<int64_t> ones(targetType.getRank(), 1);
  auto part = [&](int64_t begin, int64_t end) {
    SmallVector<int64_t> from(targetType.getRank(), 0), sizes(targetType.getShape());
    from[dim] = begin;
    sizes[dim] = end - begin;
    return slice(builder, loc, target, from, sizes, ones);
  };
  int64_t begin = offsets[dim], end = begin + sourceType.getDimSize(dim);
  SmallVector<Value> parts;
  if (begin > 0)
    parts.push_back(part(0, begin));
  parts.push_back(inserted(builder, loc, source, part(begin, end), offsets, dim + 1));
  if (end < targetType.getDimSize(dim))
    parts.push_back(part(end, targetType.getDimSize(dim)));
  return nn::ConcatOp::create(builder, loc, targetType, parts, dim);
}

static std::optional<double> asDouble(TypedAttr value) {
  if (auto number = dyn_cast_or_null<FloatAttr>(value))
    return number.getValueAsDouble();
  if (auto number = dyn_cast_or_null<IntegerAttr>(value))
    return static_cast<double>(number.getValue().getSExtValue());
  return std::nullopt;
}

static LogicalResult raiseInsertSlice(RewriterBase &rewriter, tensor::InsertSliceOp op) {
  RankedTensorType type = op.getType();
  if (!op.getOffsets().empty() || !op.getSizes().empty() || !op.getStrides().empty() || !type.hasStaticShape() ||
      !isUnit(op.getStaticStrides()))
    return failure();
  Value source = reshaped(rewriter, op.getSource(), op.getStaticSizes());
  if (std::optional<double> value = asDouble(splatOf(op.getDest()))) {
    SmallVector<int64_t> high;
    for (auto [size, offset, part] : llvm::zip_equal(type.getShape(), op.getStaticOffsets(), op.getStaticSizes()))
      high.push_back(size - offset - part);
    rewriter.replaceOpWithNewOp<nn::PadOp>(op, type, source, op.getStaticOffsets(), high, APFloat(*value));
    return success();
  }
  rewriter.replaceOp(op, inserted(rewriter, op.getLoc(), source, op.getDest(), op.getStaticOffsets(), 0));
  return success();
}

static LogicalResult raisePad(RewriterBase &rewriter, tensor::PadOp op) {
  TypedAttr constant;
  Value padding = op.getConstantPaddingValue();
  if (!padding || !matchPattern(padding, m_Constant(&constant)) || !asDouble(constant) || !op.getLow().empty() ||
      !op.getHigh().empty() || !op.getType().hasStaticShape())
    return failure();
  auto isNegative = [](int64_t count) { return count < 0; };
  if (llvm::any_of(op.getStaticLow(), isNegative) || llvm::any_of(op.getStaticHigh(), isNegative))
    return failure();
  rewriter.replaceOpWithNewOp<nn::PadOp>(op, op.getType(), op.getSource(), op.getStaticLow(), op.getStaticHigh(),
                                         APFloat(*asDouble(constant)));
  return success();
}

// tensor.gather with one gathered dimension: indices [.., 1] pick slices of size 1 along it.
static LogicalResult raiseGather(RewriterBase &rewriter, tensor::GatherOp op) {
  RankedTensorType source = op.getSourceType(), indices = op.getIndicesType();
  if (op.getGatherDims().size() != 1 || !source.hasStaticShape() || !indices.hasStaticShape())
    return failure();
  int64_t axis = op.getGatherDims()[0], rank = indices.getRank() - 1;
  Value plain = reshaped(rewriter, op.getIndices(), indices.getShape().drop_back());
  SmallVector<int64_t> shape(source.getShape().take_front(axis)), permutation, permuted;
  shape.append(indices.getShape().begin(), indices.getShape().end() - 1);
  shape.append(source.getShape().begin() + axis + 1, source.getShape().end());
  Value result = nn::GatherOp::create(rewriter, op.getLoc(), source.clone(shape), op.getSource(), plain, axis, 0);
  for (int64_t i = 0; i < rank; ++i)
    permutation.push_back(axis + i);
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i)
    if (i < axis || i >= axis + rank)
      permutation.push_back(i);
  for (int64_t dim : permutation)
    permuted.push_back(shape[dim]);
  if (!llvm::is_sorted(permutation))
    result = nn::TransposeOp::create(rewriter, op.getLoc(), source.clone(permuted), result, permutation);
  rewriter.replaceOp(op, reshaped(rewriter, result, op.getResultType().getShape()));
  return success();
}

static LogicalResult raiseReshape(RewriterBase &rewriter, Operation *op, Value source) {
  auto type = dyn_cast<RankedTensorType>(op->getResultTypes()[0]);
  if (!type || type.getNumDynamicDims() > 1 || type.getNumDynamicDims() != tensorType(source).getNumDynamicDims())
    return failure();
  if (!type.hasStaticShape()) { // the dynamic dimension must stay a dimension of its own
    auto before = [](ArrayRef<int64_t> shape) {
      int64_t count = 1;
      for (int64_t size : shape.take_while([](int64_t size) { return !ShapedType::isDynamic(size); }))
        count *= size;
      return count;
    };
    if (before(type.getShape()) != before(tensorType(source).getShape()))
      return failure();
  }
  rewriter.replaceOp(op, reshaped(rewriter, source, type.getShape()));
  return success();
}

LogicalResult raiseTensorOp(RewriterBase &rewriter, Operation *operation) {
  rewriter.setInsertionPoint(operation);
  return llvm::TypeSwitch<Operation *, LogicalResult>(operation)
      .Case([&](tensor::ExpandShapeOp op) { return raiseReshape(rewriter, op, op.getSrc()); })
      .Case([&](tensor::CollapseShapeOp op) { return raiseReshape(rewriter, op, op.getSrc()); })
      .Case([&](tensor::ReshapeOp op) {
        return isa<RankedTensorType>(op.getSource().getType()) ? raiseReshape(rewriter, op, op.getSource()) : failure();
      })
      .Case([&](tensor::ExtractSliceOp op) { return raiseExtractSlice(rewriter, op); })
      .Case([&](tensor::InsertSliceOp op) { return raiseInsertSlice(rewriter, op); })
      .Case([&](tensor::PadOp op) { return raisePad(rewriter, op); })
      .Case([&](tensor::GatherOp op) { return raiseGather(rewriter, op); })
      .Case([&](tensor::ConcatOp op) {
        rewriter.replaceOpWithNewOp<nn::ConcatOp>(op, op.getResultType(), op.getInputs(), op.getDim());
        return success();
      })
      .Case<tensor::SplatOp, linalg::FillOp>([&](Operation *op) -> LogicalResult {
        auto type = op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op->getResultTypes()[0]) : RankedTensorType();
        TypedAttr value = type && type.hasStaticShape() ? splatOf(op->getResult(0)) : TypedAttr();
        if (!value || value.getType() != type.getElementType())
          return failure();
        rewriter.replaceOp(op, splatConstant(rewriter, op->getLoc(), type, value));
        return success();
      })
      .Case([&](linalg::SoftmaxOp op) -> LogicalResult {
        if (op->getNumResults() != 1)
          return failure();
        rewriter.replaceOpWithNewOp<nn::SoftmaxOp>(op, op->getResultTypes()[0], op.getInput(), op.getDimension());
        return success();
      })
      .Default([](Operation *) { return failure(); });
}

//===-- Assertions ----------------------------------------------------------------------------------------------===//

// Whether a condition is computed from sizes and constants only.
static bool isAboutShapes(Value condition) {
  Operation *definition = condition.getDefiningOp();
  if (!definition)
    return false;
  if (isa<tensor::DimOp>(definition) || definition->hasTrait<OpTrait::ConstantLike>())
    return true;
  return isa<arith::ArithDialect>(definition->getDialect()) && llvm::all_of(definition->getOperands(), isAboutShapes);
}

//===-- All of them ---------------------------------------------------------------------------------------------===//

void raise(Operation *root) {
  IRRewriter rewriter(root->getContext());
  SmallVector<linalg::LinalgOp> named;
  root->walk([&](linalg::LinalgOp op) {
    if (!isa<linalg::GenericOp, linalg::FillOp>(op) && op.hasPureTensorSemantics())
      named.push_back(op);
  });
  for (linalg::LinalgOp op : named) {
    rewriter.setInsertionPoint(op);
    (void)linalg::generalizeNamedOp(rewriter, op); // what has no body to generalise stays, without a rule
  }
  SmallVector<Operation *> ops;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    ops.push_back(op);
    bool hasScalarBody = isa<linalg::LinalgOp, nn::MapOp, tensor::PadOp>(op);
    return hasScalarBody ? WalkResult::skip() : WalkResult::advance();
  });
  for (Operation *op : ops) {
    if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
      if (!isAboutShapes(assertion.getArg()))
        continue;
      remarkOn(op, "assert", "an assertion about shapes is not kept: " + assertion.getMsg());
      rewriter.eraseOp(op);
    } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      (void)raiseGeneric(rewriter, generic);
    } else if (failed(raiseElementwise(rewriter, op))) {
      (void)raiseTensorOp(rewriter, op);
    }
  }
}

} // namespace tp::normalize
