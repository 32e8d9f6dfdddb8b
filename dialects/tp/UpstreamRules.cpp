// Sharding rules for the upstream ops that may stand in a laid-out program: linalg.generic (from its indexing maps and iterator
// types), linalg.fill, tensor.empty, arith.constant, and elementwise arith and math, so that a GeLU written in them over a partial
// value is refused like any other.
#include "dialects/tp/Elementwise.h"
#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tp {

namespace {

// How iterator `iterator` of a generic op is combined into its result, if all reductions are of one known kind.
std::optional<Reduction> combinerKind(linalg::GenericOp op) {
  std::optional<Reduction> kind;
  Block &body = *op.getBody();
  for (auto [i, yielded] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Operation *combiner = yielded.getDefiningOp();
    BlockArgument accumulator = body.getArgument(op.getNumDpsInputs() + i);
    if (!combiner || !llvm::is_contained(combiner->getOperands(), Value(accumulator)) || !accumulator.hasOneUse())
      return std::nullopt;
    std::optional<Reduction> mine;
    if (isa<arith::AddFOp, arith::AddIOp>(combiner))
      mine = Reduction::Sum;
    else if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp>(combiner))
      mine = Reduction::Max;
    else if (isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp>(combiner))
      mine = Reduction::Min;
    if (!mine || (kind && *kind != *mine))
      return std::nullopt;
    kind = mine;
  }
  return kind;
}

struct GenericRule : ShardingRule::ExternalModel<GenericRule, linalg::GenericOp> {
  FactorMap getFactorMap(Operation *operation) const {
    auto op = cast<linalg::GenericOp>(operation);
    FactorMap map;
    std::optional<Reduction> kind = combinerKind(op);
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    for (auto [iterator, range] : llvm::zip_equal(op.getIteratorTypesArray(), ranges)) {
      if (iterator == utils::IteratorType::parallel)
        map.addFactor(range);
      else
        map.addFactor(range, kind ? FactorKind::Reduction : FactorKind::Whole, kind.value_or(Reduction::Sum));
    }
    // An index that the body reads is of the whole tensor.
    op.getBody()->walk([&](linalg::IndexOp index) { map.factors[index.getDim()].kind = FactorKind::Whole; });
    auto dimsOf = [&](AffineMap indexing, RankedTensorType type) {
      FactorMap::Tensor tensor;
      for (auto [expression, size] : llvm::zip_equal(indexing.getResults(), type.getShape())) {
        if (auto dim = dyn_cast<AffineDimExpr>(expression)) {
          tensor.push_back({int64_t(dim.getPosition())});
          continue;
        }
        // A constant, or a sum as in a convolution: whole, and so is every iterator in it.
        expression.walk([&](AffineExpr part) {
          if (auto dim = dyn_cast<AffineDimExpr>(part))
            map.factors[dim.getPosition()].kind = FactorKind::Whole;
        });
        tensor.push_back({map.addFactor(size, FactorKind::Whole)});
      }
      return tensor;
    };
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      map.operands.push_back(type ? dimsOf(op.getMatchingIndexingMap(&operand), type) : FactorMap::Tensor());
    }
    for (auto [i, type] : llvm::enumerate(op.getResultTypes())) {
      OpOperand *init = op.getDpsInitOperand(i);
      map.results.push_back(map.operands[init->getOperandNumber()]);
      map.tied.emplace_back(init->getOperandNumber(), i);
    }
    return map;
  }
  bool preservesPartial(Operation *operation, Reduction kind, ArrayRef<bool> marked) const {
    auto op = cast<linalg::GenericOp>(operation);
    SmallVector<bool> arguments(marked);
    // An init that the body does not read follows the result and has no say.
    for (int64_t i = 0; i < op.getNumDpsInits(); ++i) {
      OpOperand *init = op.getDpsInitOperand(i);
      if (!op.payloadUsesValueFromOperand(init))
        arguments[init->getOperandNumber()] = false;
    }
    if (llvm::any_of(op.getIteratorTypesArray(), [](auto type) { return type == utils::IteratorType::reduction; }) &&
        combinerKind(op) != kind)
      return false;
    return bodyPreservesPartial(*op.getBody(), kind, arguments);
  }
};

struct FillRule : ShardingRule::ExternalModel<FillRule, linalg::FillOp> {
  FactorMap getFactorMap(Operation *operation) const {
    auto op = cast<linalg::FillOp>(operation);
    FactorMap map;
    FactorMap::Tensor dims = map.addFactorsFor(cast<RankedTensorType>(op->getOperand(1).getType()));
    map.operands = {FactorMap::Tensor(), dims};
    for (size_t i = 0; i < op->getNumResults(); ++i) {
      map.results.push_back(dims);
      map.tied.emplace_back(1, i);
    }
    return map;
  }
  bool preservesPartial(Operation *, Reduction, ArrayRef<bool>) const { return true; }
};

// tensor.empty and arith.constant: made anew in any layout.
template <typename Op> struct SourceRule : ShardingRule::ExternalModel<SourceRule<Op>, Op> {
  FactorMap getFactorMap(Operation *op) const {
    FactorMap map;
    for (size_t i = 0; i < op->getNumOperands(); ++i)
      map.operands.emplace_back();
    for (Type type : op->getResultTypes()) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      map.results.push_back(tensor ? map.addFactorsFor(tensor) : FactorMap::Tensor());
    }
    return map;
  }
  bool preservesPartial(Operation *, Reduction, ArrayRef<bool>) const { return true; }
};

struct ElementwiseRule : ShardingRule::FallbackModel<ElementwiseRule> {
  FactorMap getFactorMap(Operation *op) const { return elementwiseFactorMap(op); }
  bool preservesPartial(Operation *op, Reduction kind, ArrayRef<bool> marked) const {
    return elementwiseOpPreservesPartial(op, kind, marked);
  }
  Operation *buildLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange types, LocalContext &) const {
    return cloneLocal(op, builder, operands, types);
  }
};

void attachElementwiseRules(MLIRContext *context, StringRef dialect) {
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() == dialect && name.hasTrait<OpTrait::Elementwise>() && !name.hasInterface<ShardingRule>())
      name.attachInterface<ElementwiseRule>();
}

} // namespace

void registerUpstreamShardingRules(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    linalg::GenericOp::attachInterface<GenericRule>(*context);
    linalg::FillOp::attachInterface<FillRule>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::EmptyOp::attachInterface<SourceRule<tensor::EmptyOp>>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    arith::ConstantOp::attachInterface<SourceRule<arith::ConstantOp>>(*context);
    attachElementwiseRules(context, "arith");
  });
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) { attachElementwiseRules(context, "math"); });
}

} // namespace tp
