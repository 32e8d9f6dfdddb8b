// Says a linalg.generic in nn: elementwise ones as nn.map, contractions as nn.contract, other reductions as nn.reduce of a map,
// and tensor.extract in a body as nn.embedding or nn.gather.
//
// A scalar of the body is turned into a *term*: a tensor whose dimensions each run over one loop. A leaf (an operand, an index,
// an extract) is a term by itself; anything computed from leaves is an nn.map over just the loops that its leaves have, and is
// broadcast only where it is used. So `f` and `g` of a body `acc + f * g` are terms of their own, and the body is a contraction
// whatever they are made of.
#include "lib/Transforms/Normalize/Steps.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tp::normalize {

namespace {

struct Term {
  Value value;
  SmallVector<int64_t> loops; // dimension i of value runs over loops[i]
};

struct Combiner {
  nn::ReduceKind kind;
  Value element; // what is combined with the accumulator
};

std::optional<nn::ReduceKind> reduceKindOf(Operation *combiner) {
  if (isa<arith::AddFOp, arith::AddIOp>(combiner))
    return nn::ReduceKind::Sum;
  if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp>(combiner))
    return nn::ReduceKind::Max;
  if (isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp>(combiner))
    return nn::ReduceKind::Min;
  return std::nullopt;
}

// Whether combining with `value` changes nothing. The largest finite magnitudes count as infinite: front ends start from either.
bool isNeutral(nn::ReduceKind kind, TypedAttr value) {
  if (auto number = dyn_cast_or_null<FloatAttr>(value)) {
    APFloat f = number.getValue();
    bool isExtreme = f.isInfinity() || (f.isLargest() && !f.isNaN());
    if (kind == nn::ReduceKind::Sum)
      return f.isZero();
    return isExtreme && f.isNegative() == (kind == nn::ReduceKind::Max);
  }
  if (auto number = dyn_cast_or_null<IntegerAttr>(value)) {
    APInt i = number.getValue();
    if (kind == nn::ReduceKind::Sum)
      return i.isZero();
    return kind == nn::ReduceKind::Max ? i.isMinSignedValue() : i.isMaxSignedValue();
  }
  return false;
}

class GenericRaiser {
public:
  GenericRaiser(RewriterBase &rewriter, linalg::GenericOp op)
      : rewriter(rewriter), op(op), loc(op.getLoc()), loopSizes(op.getStaticLoopRanges()) {}

  FailureOr<Value> raise() {
    if (failed(readLoops()))
      return failure();
    Value yielded = op.getBody()->getTerminator()->getOperand(0);
    FailureOr<Term> result = reducedLoops.empty() ? termOf(yielded) : reduction(yielded);
    if (failed(result))
      return failure();
    FailureOr<Value> aligned = align(*result, resultLoops);
    if (failed(aligned))
      return failure();
    return reshaped(rewriter, *aligned, cast<RankedTensorType>(op.getResultTypes()[0]).getShape());
  }

private:
  // Loops of the result in its order, then the others: the order in which terms have their dimensions.
  LogicalResult readLoops() {
    OpOperand *init = op.getDpsInitOperand(0);
    FailureOr<SmallVector<int64_t>> loops = loopsOf(init);
    if (failed(loops))
      return failure();
    for (auto [size, expression] :
         llvm::zip_equal(tensorType(init->get()).getShape(), op.getMatchingIndexingMap(init).getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expression); loop ? size != loopSizes[loop.getPosition()] : size != 1)
        return failure();
    resultLoops = *loops;
    position.assign(op.getNumLoops(), -1);
    for (int64_t loop : resultLoops)
      position[loop] = order++;
    for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
      if (type == utils::IteratorType::reduction)
        reducedLoops.push_back(loop);
      if ((type == utils::IteratorType::reduction) == (position[loop] >= 0))
        return failure();
      if (position[loop] < 0)
        position[loop] = order++;
    }
    return success();
  }

  // The loops of an operand's dimensions; dimensions fixed at an index are left out.
  FailureOr<SmallVector<int64_t>> loopsOf(OpOperand *operand) {
    SmallVector<int64_t> loops;
    for (AffineExpr expression : op.getMatchingIndexingMap(operand).getResults()) {
      if (isa<AffineConstantExpr>(expression))
        continue;
      auto loop = dyn_cast<AffineDimExpr>(expression);
      if (!loop || llvm::is_contained(loops, loop.getPosition()))
        return failure();
      loops.push_back(loop.getPosition());
    }
    return loops;
  }

  FailureOr<Term> operandTerm(OpOperand *operand) {
    FailureOr<SmallVector<int64_t>> loops = loopsOf(operand);
    if (failed(loops))
      return failure();
    AffineMap map = op.getMatchingIndexingMap(operand);
    RankedTensorType type = tensorType(operand->get());
    SmallVector<int64_t> offsets(type.getRank(), 0), sizes, strides(type.getRank(), 1), shape;
    bool isSlice = false;
    for (auto [i, expression] : llvm::enumerate(map.getResults())) {
      if (auto index = dyn_cast<AffineConstantExpr>(expression)) {
        offsets[i] = index.getValue();
        sizes.push_back(1);
        isSlice |= type.getDimSize(i) != 1;
      } else {
        sizes.push_back(type.isDynamicDim(i) ? -1 : type.getDimSize(i));
        shape.push_back(type.getDimSize(i));
        if (shape.back() != loopSizes[cast<AffineDimExpr>(expression).getPosition()])
          return failure(); // one tensor tells the size, another does not
      }
    }
    Value value = operand->get();
    if (isSlice) {
      SmallVector<int64_t> sliced(sizes);
      llvm::replace(sliced, int64_t(-1), ShapedType::kDynamic);
      value = nn::SliceOp::create(rewriter, loc, type.clone(sliced), value, offsets, sizes, strides);
    }
    return Term{reshaped(rewriter, value, shape), *loops};
  }

  RankedTensorType typeOver(ArrayRef<int64_t> loops, Type element) {
    SmallVector<int64_t> shape;
    for (int64_t loop : loops)
      shape.push_back(loopSizes[loop]);
    return RankedTensorType::get(shape, element);
  }

  Term permuted(const Term &term, ArrayRef<int64_t> loops) {
    if (ArrayRef<int64_t>(term.loops) == loops)
      return term;
    SmallVector<int64_t> permutation;
    for (int64_t loop : loops)
      permutation.push_back(llvm::find(term.loops, loop) - term.loops.begin());
    Type element = tensorType(term.value).getElementType();
    return {nn::TransposeOp::create(rewriter, loc, typeOver(loops, element), term.value, permutation),
            SmallVector<int64_t>(loops)};
  }

  SmallVector<int64_t> sorted(ArrayRef<int64_t> loops) {
    SmallVector<int64_t> result(loops);
    llvm::sort(result, [&](int64_t a, int64_t b) { return position[a] < position[b]; });
    return result;
  }

  // The term over exactly `loops`, which hold all of the term's.
  FailureOr<Value> align(const Term &term, ArrayRef<int64_t> loops) {
    SmallVector<int64_t> mine;
    for (int64_t loop : loops)
      if (llvm::is_contained(term.loops, loop))
        mine.push_back(loop);
    Term inOrder = permuted(term, mine);
    if (ArrayRef<int64_t>(inOrder.loops) == loops)
      return inOrder.value;
    SmallVector<int64_t> dims;
    for (auto [i, loop] : llvm::enumerate(loops)) {
      if (llvm::is_contained(inOrder.loops, loop))
        dims.push_back(i);
      else if (ShapedType::isDynamic(loopSizes[loop]))
        return failure(); // nothing at hand says how long it is
    }
    RankedTensorType type = typeOver(loops, tensorType(inOrder.value).getElementType());
    return nn::BroadcastOp::create(rewriter, loc, type, inOrder.value, dims, Value()).getResult();
  }

  //===-- Scalars of the body -----------------------------------------------------------------------------------===//

  // What a scalar is when it is not computed from other scalars. `constant` or `term`.
  struct Leaf {
    TypedAttr constant;
    Term term;
  };

  // Null if the scalar is computed from others; failure if nn has no words for it.
  FailureOr<std::optional<Leaf>> leafOf(Value scalar) {
    TypedAttr constant;
    if (matchPattern(scalar, m_Constant(&constant)))
      return std::optional(Leaf{constant, {}});
    if (auto argument = dyn_cast<BlockArgument>(scalar)) {
      if (argument.getOwner() != op.getBody())
        return failure();
      OpOperand *operand = &op->getOpOperand(argument.getArgNumber());
      if (!isa<RankedTensorType>(operand->get().getType()))
        return leafOf(operand->get());
      if (TypedAttr splat = splatOf(operand->get()))
        return std::optional(Leaf{splat, {}});
      FailureOr<Term> term = operandTerm(operand);
      if (failed(term))
        return failure();
      return std::optional(Leaf{{}, *term});
    }
    Operation *definition = scalar.getDefiningOp();
    if (auto index = dyn_cast<linalg::IndexOp>(definition)) {
      int64_t loop = index.getDim();
      if (ShapedType::isDynamic(loopSizes[loop]))
        return failure();
      auto iota = nn::IotaOp::create(rewriter, loc, typeOver({loop}, rewriter.getI64Type()), 0, Value(), Value());
      return std::optional(Leaf{{}, {iota, {loop}}});
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(definition)) {
      FailureOr<Term> term = extractTerm(extract);
      if (failed(term))
        return failure();
      return std::optional(Leaf{{}, *term});
    }
    bool isScalarOp = isa_and_nonnull<arith::ArithDialect, math::MathDialect>(definition->getDialect()) &&
                      definition->getNumRegions() == 0 && definition->getNumResults() == 1;
    if (!isScalarOp)
      return failure();
    return std::optional<Leaf>();
  }

  // Finds the leaves below `scalar`, each once, in the order of a depth-first walk.
  LogicalResult collectLeaves(Value scalar, llvm::MapVector<Value, Leaf> &leaves, llvm::DenseSet<Value> &seen) {
    if (!seen.insert(scalar).second)
      return success();
    FailureOr<std::optional<Leaf>> leaf = leafOf(scalar);
    if (failed(leaf))
      return failure();
    if (*leaf) {
      leaves.insert({scalar, **leaf});
      return success();
    }
    for (Value operand : scalar.getDefiningOp()->getOperands())
      if (failed(collectLeaves(operand, leaves, seen)))
        return failure();
    return success();
  }

  Value cloneScalar(OpBuilder &builder, Value scalar, IRMapping &mapping) {
    if (Value known = mapping.lookupOrNull(scalar))
      return known;
    Operation *definition = scalar.getDefiningOp();
    for (Value operand : definition->getOperands())
      cloneScalar(builder, operand, mapping);
    builder.clone(*definition, mapping);
    return mapping.lookup(scalar);
  }

  FailureOr<Term> termOf(Value scalar) {
    llvm::MapVector<Value, Leaf> leaves;
    llvm::DenseSet<Value> seen;
    if (failed(collectLeaves(scalar, leaves, seen)))
      return failure();
    if (auto found = leaves.find(scalar); found != leaves.end()) {
      const Leaf &leaf = found->second;
      if (leaf.constant)
        return Term{splatConstant(rewriter, loc, RankedTensorType::get({}, scalar.getType()), leaf.constant), {}};
      if (!scalar.getType().isIndex())
        return leaf.term;
    }
    SmallVector<int64_t> loops;
    for (auto &[value, leaf] : leaves)
      if (leaf.term.loops.size() > loops.size())
        loops = leaf.term.loops;
    size_t largest = loops.size();
    for (auto &[value, leaf] : leaves)
      for (int64_t loop : leaf.term.loops)
        if (!llvm::is_contained(loops, loop))
          loops.push_back(loop);
    if (loops.size() > largest) // else the largest leaf keeps its order, and need not be transposed
      loops = sorted(loops);
    SmallVector<Value> inputs, inputScalars;
    for (auto &[value, leaf] : leaves) {
      if (leaf.constant)
        continue;
      FailureOr<Value> input = align(leaf.term, loops);
      if (failed(input))
        return failure();
      inputs.push_back(*input);
      inputScalars.push_back(value);
    }
    RankedTensorType type = typeOver(loops, scalar.getType());
    if (inputs.empty() && !type.hasStaticShape())
      return failure();
    auto fill = [&](OpBuilder &builder, Location, ValueRange arguments) {
      IRMapping mapping;
      for (auto [value, argument] : llvm::zip_equal(inputScalars, arguments)) {
        Value element = argument;
        if (element.getType() != value.getType()) // indices are tensors of i64
          element = arith::IndexCastOp::create(builder, loc, value.getType(), element);
        mapping.map(value, element);
      }
      for (auto &[value, leaf] : leaves)
        if (leaf.constant)
          mapping.map(value, arith::ConstantOp::create(builder, loc, leaf.constant));
      return cloneScalar(builder, scalar, mapping);
    };
    return Term{nn::MapOp::build(rewriter, loc, type, inputs, fill), loops};
  }

  //===-- tensor.extract ----------------------------------------------------------------------------------------===//

  static Value throughIndexCasts(Value index) {
    while (auto cast = index.getDefiningOp<arith::IndexCastOp>())
      index = cast.getIn();
    return index;
  }

  // table[.., loop, .., constant, .., element of another tensor, ..]: at most one dimension is indexed by elements.
  FailureOr<Term> extractTerm(tensor::ExtractOp extract) {
    Value table = extract.getTensor();
    RankedTensorType type = tensorType(table);
    SmallVector<int64_t> offsets, sizes, shape, loops;
    std::optional<Term> chosen;
    int64_t axis = -1;
    for (auto [dim, index] : llvm::enumerate(extract.getIndices())) {
      Value plain = throughIndexCasts(index);
      int64_t size = type.getDimSize(dim);
      IntegerAttr constant;
      if (matchPattern(plain, m_Constant(&constant))) {
        offsets.push_back(constant.getInt());
        sizes.push_back(1);
        if (constant.getInt() < 0 || constant.getInt() >= size)
          return failure();
        continue;
      }
      offsets.push_back(0);
      if (auto loop = plain.getDefiningOp<linalg::IndexOp>()) {
        int64_t range = loopSizes[loop.getDim()];
        if (ShapedType::isDynamic(range) != ShapedType::isDynamic(size) || range > size ||
            llvm::is_contained(loops, loop.getDim()))
          return failure();
        loops.push_back(loop.getDim());
        size = range;
      } else {
        FailureOr<Term> indices = chosen ? FailureOr<Term>(failure()) : termOf(plain);
        if (failed(indices))
          return failure();
        chosen = *indices;
        axis = loops.size();
        loops.push_back(-1);
      }
      sizes.push_back(ShapedType::isDynamic(size) ? -1 : size);
      shape.push_back(size);
    }
    SmallVector<int64_t> sliced(sizes), strides(type.getRank(), 1);
    llvm::replace(sliced, int64_t(-1), ShapedType::kDynamic);
    if (ArrayRef<int64_t>(sliced) != type.getShape())
      table = nn::SliceOp::create(rewriter, loc, type.clone(sliced), table, offsets, sizes, strides);
    table = reshaped(rewriter, table, shape);
    if (!chosen)
      return Term{table, loops};
    return gather(table, loops, axis, *chosen);
  }

  // `loops` says what the table's dimensions run over, -1 at `axis`.
  FailureOr<Term> gather(Value table, ArrayRef<int64_t> loops, int64_t axis, Term indices) {
    SmallVector<int64_t> shared, tableLoops, indexLoops;
    for (int64_t loop : loops)
      if (loop >= 0 && llvm::is_contained(indices.loops, loop))
        shared.push_back(loop);
    Type element = tensorType(table).getElementType();
    int64_t batch = shared.size();
    if (batch) { // the shared loops become the batch: first in both
      tableLoops = shared;
      tableLoops.push_back(-1);
      for (int64_t loop : loops)
        if (loop >= 0 && !llvm::is_contained(shared, loop))
          tableLoops.push_back(loop);
      SmallVector<int64_t> permutation, shape;
      for (int64_t loop : tableLoops) {
        permutation.push_back(llvm::find(loops, loop) - loops.begin());
        shape.push_back(tensorType(table).getDimSize(permutation.back()));
      }
      if (!llvm::is_sorted(permutation))
        table = nn::TransposeOp::create(rewriter, loc, RankedTensorType::get(shape, element), table, permutation);
      axis = batch;
      indexLoops = shared;
      for (int64_t loop : indices.loops)
        if (!llvm::is_contained(shared, loop))
          indexLoops.push_back(loop);
      indices = permuted(indices, indexLoops);
    } else {
      tableLoops.assign(loops.begin(), loops.end());
      indexLoops = indices.loops;
    }
    SmallVector<int64_t> resultLoops(tableLoops.begin(), tableLoops.begin() + axis);
    resultLoops.append(indexLoops.begin() + batch, indexLoops.end());
    resultLoops.append(tableLoops.begin() + axis + 1, tableLoops.end());
    RankedTensorType type = typeOver(resultLoops, element);
    if (tensorType(table).getRank() == 2 && axis == 0 && batch == 0)
      return Term{nn::EmbeddingOp::create(rewriter, loc, type, indices.value, table, Value()), resultLoops};
    return Term{nn::GatherOp::create(rewriter, loc, type, table, indices.value, axis, batch), resultLoops};
  }

  //===-- Reductions --------------------------------------------------------------------------------------------===//

  FailureOr<Combiner> combinerOf(Value yielded) {
    Operation *combiner = yielded.getDefiningOp();
    BlockArgument accumulator = op.getBody()->getArgument(op.getNumDpsInputs());
    std::optional<nn::ReduceKind> kind = combiner ? reduceKindOf(combiner) : std::nullopt;
    if (!kind || !accumulator.hasOneUse() || *accumulator.user_begin() != combiner)
      return failure();
    Value lhs = combiner->getOperand(0), rhs = combiner->getOperand(1);
    return Combiner{*kind, lhs == accumulator ? rhs : lhs};
  }

  FailureOr<Term> reduction(Value yielded) {
    FailureOr<Combiner> combiner = combinerOf(yielded);
    if (failed(combiner))
      return failure();
    std::optional<Term> result;
    Operation *product = combiner->element.getDefiningOp();
    if (combiner->kind == nn::ReduceKind::Sum && product && isa<arith::MulFOp, arith::MulIOp>(product) &&
        product->getOperand(0) != product->getOperand(1)) {
      FailureOr<Term> contracted = contraction(product->getOperand(0), product->getOperand(1));
      if (succeeded(contracted))
        result = *contracted;
    }
    if (!result) {
      FailureOr<Term> element = termOf(combiner->element);
      if (failed(element))
        return failure();
      FailureOr<Term> reduced = reduce(combiner->kind, *element, reducedLoops);
      if (failed(reduced))
        return failure();
      result = *reduced;
    }
    return withInit(*combiner, yielded, *result);
  }

  FailureOr<Term> reduce(nn::ReduceKind kind, const Term &term, ArrayRef<int64_t> over) {
    SmallVector<int64_t> loops(term.loops), kept, dims;
    for (int64_t loop : over) // a loop that the term does not have still counts its elements
      if (!llvm::is_contained(loops, loop))
        loops.push_back(loop);
    FailureOr<Value> whole = align(term, loops);
    if (failed(whole))
      return failure();
    for (auto [dim, loop] : llvm::enumerate(loops))
      if (llvm::is_contained(over, loop))
        dims.push_back(dim);
      else
        kept.push_back(loop);
    RankedTensorType type = typeOver(kept, tensorType(*whole).getElementType());
    return Term{nn::ReduceOp::create(rewriter, loc, type, kind, *whole, dims), kept};
  }

  // Sum over the reduced loops of f * g. A reduced loop that only one of them has is summed in it first.
  FailureOr<Term> contraction(Value f, Value g) {
    FailureOr<Term> lhs = termOf(f), rhs = termOf(g);
    if (failed(lhs) || failed(rhs) || lhs->value == rhs->value || lhs->loops.empty() || rhs->loops.empty())
      return failure();
    auto sumAlone = [&](Term &mine, const Term &other) -> LogicalResult {
      SmallVector<int64_t> alone;
      for (int64_t loop : reducedLoops)
        if (llvm::is_contained(mine.loops, loop) && !llvm::is_contained(other.loops, loop))
          alone.push_back(loop);
      if (alone.empty())
        return success();
      FailureOr<Term> reduced = reduce(nn::ReduceKind::Sum, mine, alone);
      if (succeeded(reduced))
        mine = *reduced;
      return reduced;
    };
    for (int64_t loop : reducedLoops)
      if (!llvm::is_contained(lhs->loops, loop) && !llvm::is_contained(rhs->loops, loop))
        return failure();
    if (failed(sumAlone(*lhs, *rhs)) || failed(sumAlone(*rhs, *lhs)))
      return failure();
    SmallVector<int64_t> loops;
    for (int64_t loop : resultLoops)
      if (llvm::is_contained(lhs->loops, loop) || llvm::is_contained(rhs->loops, loop))
        loops.push_back(loop);
    auto letters = [](ArrayRef<int64_t> loops) {
      std::string text;
      for (int64_t loop : loops)
        text += loop < 26 ? char('a' + loop) : char('A' + loop - 26);
      return text;
    };
    std::string equation = letters(lhs->loops) + "," + letters(rhs->loops) + "->" + letters(loops);
    RankedTensorType type = typeOver(loops, tensorType(lhs->value).getElementType());
    return Term{nn::ContractOp::create(rewriter, loc, type, rewriter.getStringAttr(equation), lhs->value, rhs->value), loops};
  }

  // What the accumulator began with, combined with the result.
  FailureOr<Term> withInit(const Combiner &combiner, Value yielded, const Term &result) {
    OpOperand *init = op.getDpsInitOperand(0);
    TypedAttr splat = splatOf(init->get());
    if (isNeutral(combiner.kind, splat))
      return result;
    if (init->get().getDefiningOp<tensor::EmptyOp>())
      return failure(); // the accumulator begins with anything
    FailureOr<Term> begin = operandTerm(init);
    if (failed(begin))
      return failure();
    FailureOr<Value> whole = align(result, resultLoops);
    if (failed(whole))
      return failure();
    SmallVector<Value> inputs{*whole};
    if (!splat) {
      FailureOr<Value> aligned = align(*begin, resultLoops);
      if (failed(aligned))
        return failure();
      inputs.push_back(*aligned);
    }
    auto fill = [&](OpBuilder &builder, Location, ValueRange arguments) {
      IRMapping mapping;
      mapping.map(combiner.element, arguments[0]);
      Value accumulator = splat ? Value(arith::ConstantOp::create(builder, loc, splat)) : Value(arguments[1]);
      mapping.map(op.getBody()->getArgument(op.getNumDpsInputs()), accumulator);
      return builder.clone(*yielded.getDefiningOp(), mapping)->getResult(0);
    };
    Type element = tensorType(*whole).getElementType();
    return Term{nn::MapOp::build(rewriter, loc, typeOver(resultLoops, element), inputs, fill), resultLoops};
  }

  RewriterBase &rewriter;
  linalg::GenericOp op;
  Location loc;
  SmallVector<int64_t> loopSizes, resultLoops, reducedLoops, position;
  int64_t order = 0;
};

// Result `k` as an op of its own, or null if its body needs what the others accumulate.
linalg::GenericOp extractResult(RewriterBase &rewriter, linalg::GenericOp op, unsigned k) {
  bool isParallel = llvm::all_of(op.getIteratorTypesArray(), [](auto type) { return type == utils::IteratorType::parallel; });
  Block &body = *op.getBody();
  llvm::SetVector<Value> needed;
  std::function<void(Value)> need = [&](Value scalar) {
    if (!needed.insert(scalar))
      return;
    if (Operation *definition = scalar.getDefiningOp(); definition && definition->getBlock() == &body)
      for (Value operand : definition->getOperands())
        need(operand);
  };
  need(body.getTerminator()->getOperand(k));
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> arguments;
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned i = operand.getOperandNumber();
    bool isOwnInit = i == op.getNumDpsInputs() + k;
    if (isOwnInit || !needed.contains(body.getArgument(i)))
      continue;
    if (op.isDpsInit(&operand) && !isParallel)
      return {};
    inputs.push_back(operand.get());
    maps.push_back(op.getMatchingIndexingMap(&operand));
    arguments.push_back(i);
  }
  OpOperand *init = op.getDpsInitOperand(k);
  maps.push_back(op.getMatchingIndexingMap(init));
  arguments.push_back(init->getOperandNumber());
  return linalg::GenericOp::create(
      rewriter, op.getLoc(), TypeRange(op.getResult(k).getType()), inputs, ValueRange(init->get()), maps,
      op.getIteratorTypesArray(), [&](OpBuilder &builder, Location loc, ValueRange mine) {
        IRMapping mapping;
        for (auto [i, argument] : llvm::zip_equal(arguments, mine))
          mapping.map(body.getArgument(i), argument);
        for (Operation &inner : body.without_terminator())
          if (llvm::any_of(inner.getResults(), [&](Value result) { return needed.contains(result); }))
            builder.clone(inner, mapping);
        linalg::YieldOp::create(builder, loc, mapping.lookupOrDefault(body.getTerminator()->getOperand(k)));
      });
}

} // namespace

LogicalResult raiseGeneric(RewriterBase &rewriter, linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics())
    return failure();
  rewriter.setInsertionPoint(op);
  if (op.getNumResults() == 1) {
    FailureOr<Value> result = GenericRaiser(rewriter, op).raise();
    if (failed(result))
      return failure();
    if (!op.getBody()->getOps<cf::AssertOp>().empty())
      remarkOn(op, "assert", "an assertion about elements is not kept");
    rewriter.replaceOp(op, *result);
    return success();
  }
  SmallVector<linalg::GenericOp> parts;
  for (unsigned k = 0; k < op.getNumResults(); ++k) {
    linalg::GenericOp part = extractResult(rewriter, op, k);
    if (!part) {
      for (linalg::GenericOp each : parts)
        rewriter.eraseOp(each);
      return failure();
    }
    parts.push_back(part);
  }
  SmallVector<Value> results;
  for (linalg::GenericOp part : parts)
    results.push_back(part.getResult(0));
  rewriter.replaceOp(op, results);
  for (linalg::GenericOp part : parts)
    (void)raiseGeneric(rewriter, part);
  return success();
}

} // namespace tp::normalize
