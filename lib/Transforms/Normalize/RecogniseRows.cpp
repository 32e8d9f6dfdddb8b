// Finds softmax, RMS norm and layer norm written in pieces, and says them as one op.
//
// A front end may cut the pieces into maps as it likes; so what is compared are scalar expressions, read through the borders of
// maps and through broadcasts of a row's statistics: in `exp(x - m) / s` it does not matter which map has the exp. Only what is
// exactly the op is taken (other than computing in f64 in between); anything else stays in pieces, which works as well.
#include "lib/Transforms/Normalize/Steps.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tp::normalize {

namespace {

// A scalar of a map's body, or, without a map, any element of a tensor that is no map.
struct Scalar {
  Value value;
  nn::MapOp map;
};

// Reads expressions of tensors of one rank, in which a row runs along `axis`.
class RowReader {
public:
  RowReader(int64_t rank, int64_t axis) : rank(rank), axis(axis) {}

  Scalar read(Value tensor) const { return resolved({tensor, {}}); }

  Operation *op(const Scalar &scalar) const { return scalar.map ? scalar.value.getDefiningOp() : nullptr; }
  template <typename Op> bool is(const Scalar &scalar) const { return isa_and_nonnull<Op>(op(scalar)); }
  Scalar operand(const Scalar &scalar, unsigned i) const { return resolved({op(scalar)->getOperand(i), scalar.map}); }

  std::optional<double> constant(const Scalar &scalar) const {
    FloatAttr number;
    if (scalar.map && matchPattern(scalar.value, m_Constant(&number)))
      return number.getValueAsDouble();
    return std::nullopt;
  }

  bool isSame(const Scalar &a, const Scalar &b) const {
    if (a.value == b.value)
      return true;
    Operation *left = op(a), *right = op(b);
    if (!left || !right || left->getName() != right->getName() || left->getAttrDictionary() != right->getAttrDictionary())
      return false;
    for (unsigned i = 0; i < left->getNumOperands(); ++i)
      if (!isSame(operand(a, i), operand(b, i)))
        return false;
    return true;
  }

  // The reduction along the axis that `scalar` is the result of.
  nn::ReduceOp reduction(const Scalar &scalar, nn::ReduceKind kind) const {
    auto reduce = scalar.map ? nn::ReduceOp() : scalar.value.getDefiningOp<nn::ReduceOp>();
    bool fits = reduce && reduce.getKind() == kind && tensorType(reduce.getInput()).getRank() == rank &&
                reduce.getDims().size() == 1 && reduce.getDims()[0] == axis;
    return fits ? reduce : nn::ReduceOp();
  }

  // sum along the row, divided by its length: what is summed.
  std::optional<Scalar> meanOf(const Scalar &scalar, int64_t length) const {
    bool isQuotient = is<arith::DivFOp>(scalar);
    if (!isQuotient && !is<arith::MulFOp>(scalar))
      return std::nullopt;
    for (unsigned i = 0; i < (isQuotient ? 1u : 2u); ++i) {
      std::optional<double> factor = constant(operand(scalar, 1 - i));
      nn::ReduceOp sum = reduction(operand(scalar, i), nn::ReduceKind::Sum);
      double expected = isQuotient ? length : 1.0 / length;
      if (factor && sum && std::abs(*factor - expected) <= 1e-7 * expected)
        return read(sum.getInput());
    }
    return std::nullopt;
  }

  // A vector along the row, the same in all rows.
  Value vector(const Scalar &scalar) const {
    auto broadcast = scalar.map ? nn::BroadcastOp() : scalar.value.getDefiningOp<nn::BroadcastOp>();
    bool fits =
        broadcast && broadcast.getType().getRank() == rank && broadcast.getDims().size() == 1 && broadcast.getDims()[0] == axis;
    return fits ? broadcast.getInput() : Value();
  }

private:
  Scalar resolved(Scalar scalar) const {
    while (true) {
      if (scalar.map) {
        if (auto argument = dyn_cast<BlockArgument>(scalar.value)) {
          scalar = {scalar.map.getInputs()[argument.getArgNumber()], {}};
          continue;
        }
        Operation *op = scalar.value.getDefiningOp();
        auto isDouble = [](Value value) { return value.getType().isF64(); };
        if ((isa<arith::ExtFOp>(op) && isDouble(op->getResult(0))) || (isa<arith::TruncFOp>(op) && isDouble(op->getOperand(0)))) {
          scalar.value = op->getOperand(0);
          continue;
        }
        return scalar;
      }
      if (auto map = scalar.value.getDefiningOp<nn::MapOp>()) {
        scalar = {map.getBody().front().getTerminator()->getOperand(0), map};
        continue;
      }
      auto broadcast = scalar.value.getDefiningOp<nn::BroadcastOp>();
      if (!broadcast || !isOfRows(broadcast))
        return scalar;
      scalar.value = broadcast.getInput();
    }
  }

  bool isOfRows(nn::BroadcastOp broadcast) const {
    if (broadcast.getType().getRank() != rank || static_cast<int64_t>(broadcast.getDims().size()) != rank - 1)
      return false;
    return !llvm::is_contained(broadcast.getDims(), axis);
  }

  int64_t rank, axis;
};

// The tensor of `type` whose elements are `scalar`: the leaf itself, or the result of the map that computes it.
Value tensorOf(const Scalar &scalar, RankedTensorType type) {
  Value tensor = scalar.value;
  if (nn::MapOp map = scalar.map)
    tensor = map.getBody().front().getTerminator()->getOperand(0) == scalar.value ? map.getResult() : Value();
  return tensor && tensor.getType() == type ? tensor : Value();
}

//===-- Softmax -------------------------------------------------------------------------------------------------===//

Value asSoftmax(IRRewriter &rewriter, nn::MapOp map, int64_t axis) {
  RowReader reader(map.getType().getRank(), axis);
  Scalar whole = reader.read(map);
  if (!reader.is<arith::DivFOp>(whole))
    return {};
  Scalar exponential = reader.operand(whole, 0);
  nn::ReduceOp sum = reader.reduction(reader.operand(whole, 1), nn::ReduceKind::Sum);
  if (!sum || !reader.is<math::ExpOp>(exponential) || !reader.isSame(reader.read(sum.getInput()), exponential))
    return {};
  Scalar shifted = reader.operand(exponential, 0);
  if (!reader.is<arith::SubFOp>(shifted))
    return {};
  nn::ReduceOp max = reader.reduction(reader.operand(shifted, 1), nn::ReduceKind::Max);
  if (!max || max.getInput().getType() != map.getType() ||
      !reader.isSame(reader.read(max.getInput()), reader.operand(shifted, 0)))
    return {};
  return nn::SoftmaxOp::create(rewriter, map.getLoc(), map.getType(), max.getInput(), axis);
}

//===-- Norms ---------------------------------------------------------------------------------------------------===//

struct Normed {
  Scalar value;  // what is divided
  Scalar square; // the mean of it is under the root
  double epsilon;
  std::optional<Value> scale; // per element of the row
};

// value / sqrt(mean of square + epsilon) [* scale], in any order.
std::optional<Normed> normed(const RowReader &reader, const Scalar &whole, int64_t length) {
  SmallVector<Scalar> factors, roots; // roots: what 1 / sqrt is taken of
  std::function<void(const Scalar &)> collect = [&](const Scalar &scalar) {
    if (reader.is<arith::MulFOp>(scalar)) {
      collect(reader.operand(scalar, 0));
      collect(reader.operand(scalar, 1));
    } else if (reader.is<math::RsqrtOp>(scalar)) {
      roots.push_back(reader.operand(scalar, 0));
    } else if (reader.is<arith::DivFOp>(scalar) && reader.is<math::SqrtOp>(reader.operand(scalar, 1))) {
      if (reader.constant(reader.operand(scalar, 0)) != 1.0)
        collect(reader.operand(scalar, 0));
      roots.push_back(reader.operand(reader.operand(scalar, 1), 0));
    } else {
      factors.push_back(scalar);
    }
  };
  collect(whole);
  if (roots.size() != 1 || factors.empty() || factors.size() > 2 || !reader.is<arith::AddFOp>(roots[0]))
    return std::nullopt;
  std::optional<Normed> result;
  for (unsigned i = 0; i < 2 && !result; ++i) {
    std::optional<double> epsilon = reader.constant(reader.operand(roots[0], i));
    std::optional<Scalar> square = reader.meanOf(reader.operand(roots[0], 1 - i), length);
    if (epsilon && square)
      result = Normed{factors[0], *square, *epsilon, std::nullopt};
  }
  if (!result || factors.size() == 1)
    return result;
  for (unsigned i = 0; i < 2; ++i)
    if (Value vector = reader.vector(factors[i])) {
      result->scale = vector;
      result->value = factors[1 - i];
      return result;
    }
  return std::nullopt;
}

bool isSquareOf(const RowReader &reader, const Scalar &square, const Scalar &value) {
  return reader.is<arith::MulFOp>(square) && reader.isSame(reader.operand(square, 0), value) &&
         reader.isSame(reader.operand(square, 1), value);
}

Value vectorOf(IRRewriter &rewriter, nn::MapOp map, std::optional<Value> vector, double otherwise) {
  if (vector)
    return *vector;
  auto type = RankedTensorType::get({map.getType().getShape().back()}, map.getType().getElementType());
  return splatConstant(rewriter, map.getLoc(), type, FloatAttr::get(type.getElementType(), otherwise));
}

Value asNorm(IRRewriter &rewriter, nn::MapOp map) {
  RankedTensorType type = map.getType();
  int64_t axis = type.getRank() - 1, length = type.getShape().back();
  if (ShapedType::isDynamic(length))
    return {};
  RowReader reader(type.getRank(), axis);
  Scalar whole = reader.read(map);
  std::optional<Value> bias;
  std::optional<Normed> norm = normed(reader, whole, length);
  for (unsigned i = 0; i < 2 && !norm && reader.is<arith::AddFOp>(whole); ++i)
    if (Value vector = reader.vector(reader.operand(whole, i))) {
      norm = normed(reader, reader.operand(whole, 1 - i), length);
      bias = vector;
    }
  if (!norm || !isSquareOf(reader, norm->square, norm->value))
    return {};
  if (norm->scale && tensorType(*norm->scale).getElementType() != type.getElementType())
    return {};
  auto epsilon = rewriter.getF64FloatAttr(norm->epsilon);
  if (reader.is<arith::SubFOp>(norm->value)) { // x - mean(x)
    Scalar x = reader.operand(norm->value, 0);
    std::optional<Scalar> averaged = reader.meanOf(reader.operand(norm->value, 1), length);
    Value input = tensorOf(x, type);
    if (averaged && input && reader.isSame(*averaged, x))
      return nn::LayerNormOp::create(rewriter, map.getLoc(), type, input, vectorOf(rewriter, map, norm->scale, 1),
                                     vectorOf(rewriter, map, bias, 0), epsilon);
  }
  Value input = tensorOf(norm->value, type);
  if (bias || !input)
    return {};
  return nn::RmsNormOp::create(rewriter, map.getLoc(), type, input, vectorOf(rewriter, map, norm->scale, 1), epsilon);
}

} // namespace

void recogniseRows(Operation *root) {
  IRRewriter rewriter(root->getContext());
  SmallVector<nn::MapOp> maps;
  root->walk([&](nn::MapOp map) { maps.push_back(map); });
  // The last first: what it is made of is then unused, and is not taken for a norm without its scale.
  for (nn::MapOp map : llvm::reverse(maps)) {
    if (!isa<FloatType>(map.getType().getElementType()) || map.getType().getRank() == 0)
      continue;
    if (map->use_empty()) {
      rewriter.eraseOp(map);
      continue;
    }
    rewriter.setInsertionPoint(map);
    Value whole = asNorm(rewriter, map);
    for (int64_t axis = map.getType().getRank() - 1; axis >= 0 && !whole; --axis)
      whole = asSoftmax(rewriter, map, axis);
    if (whole)
      rewriter.replaceOp(map, whole);
  }
}

} // namespace tp::normalize
