// nn.contract becomes one batched matrix product.
//
// By its role a letter belongs to one of four groups: batch, rows m, columns n, summed k. If in every tensor the letters of
// each group can be merged into one stride, the product runs on the tensors where they lie; a tensor that does not allow it
// is copied into the order [batch, m, k], [batch, k, n] or [batch, m, n] first (the result: afterwards). The result's
// columns must be next to one another, so the operand whose free letter comes last in the result is the right one.
#include "Lowering.h"

#include "dialects/nn/Equation.h"

using namespace mlir;

namespace tp::lowering {

namespace {
/// A tensor seen as [batch, rows, columns], if its letters allow it.
struct MatrixView {
  Size batchStride, rowStride, columnStride;
};
} // namespace

static SmallVector<int64_t> dimsOf(const std::string &tensor, const std::string &letters) {
  SmallVector<int64_t> dims;
  for (char letter : letters)
    dims.push_back(tensor.find(letter));
  return dims;
}

/// The stride of a group of dimensions merged into one; nothing if they cannot be. For an extent of 1, `ifSingle`.
static std::optional<Size> mergedStride(const Strided &value, ArrayRef<int64_t> dims, const Size &ifSingle) {
  SmallVector<Size, 4> extents, strides;
  for (int64_t dim : dims) {
    extents.push_back(value.extents[dim]);
    strides.push_back(value.strides[dim]);
  }
  if (product(extents).isOne())
    return ifSingle;
  SmallVector<LoopDim, 4> loops = mergedLoops(extents, {ArrayRef<Size>(strides)});
  if (loops.size() > 1)
    return std::nullopt;
  return loops[0].strides[0];
}

static std::optional<MatrixView> matrixView(const Strided &value, ArrayRef<int64_t> batch, ArrayRef<int64_t> rows,
                                            ArrayRef<int64_t> columns) {
  auto batchStride = mergedStride(value, batch, Size::of(0));
  auto rowStride = mergedStride(value, rows, Size::of(1));
  auto columnStride = mergedStride(value, columns, Size::of(1));
  if (!batchStride || !rowStride || !columnStride)
    return std::nullopt;
  return MatrixView{*batchStride, *rowStride, *columnStride};
}

// The side that is kept as stored is [n, k] by itself (KeepStored sees to it); the other one becomes [m, k].
LogicalResult FunctionLowering::lowerStoredContract(nn::ContractOp op) {
  std::string problem;
  nn::Equation equation = *nn::Equation::parse(op.getEquation(), problem);
  Strided left = at(op.getLhs()), right = at(op.getRhs());
  if (left.format) {
    std::swap(left, right);
    std::swap(equation.lhs, equation.rhs);
  }
  auto resultExtents = extentsOf(op.getResult());
  if (failed(resultExtents))
    return failure();
  std::string columns(1, equation.rhs[0]), summed(1, equation.rhs[1]), rows;
  for (char letter : equation.result)
    if (letter != columns[0])
      rows += letter;
  auto a = left.splat ? std::nullopt : matrixView(left, {}, dimsOf(equation.lhs, rows), dimsOf(equation.lhs, summed));
  if (!a || !a->columnStride.isOne()) {
    left = dense(permuted(left, dimsOf(equation.lhs, rows + summed)));
    equation.lhs = rows + summed;
    a = matrixView(left, {}, dimsOf(equation.lhs, rows), dimsOf(equation.lhs, summed));
  }
  Type elementType = cast<RankedTensorType>(op.getType()).getElementType();
  Strided result = allocate(elementType, *resultExtents), place = result;
  std::string order = rows + columns;
  auto c = matrixView(result, {}, dimsOf(equation.result, rows), dimsOf(equation.result, columns));
  if (!c || !c->columnStride.isOne()) {
    place = allocate(elementType, permuted(result, dimsOf(equation.result, order)).extents);
    c = matrixView(place, {}, dimsOf(order, rows), dimsOf(order, columns));
  }
  Size m = product(permuted(left, dimsOf(equation.lhs, rows)).extents), n = right.extents[0], k = right.extents[1];
  if (m.isOne())
    a->rowStride = k, c->rowStride = n;
  rt::GemmStoredOp::create(builder, loc, right.format, number(m), number(n), number(k), begin(left), number(a->rowStride),
                           right.buffer, place.buffer, number(c->rowStride));
  if (place.buffer != result.buffer)
    copy(permuted(place, dimsOf(order, equation.result)), result);
  set(op, result);
  return success();
}

LogicalResult FunctionLowering::lowerContract(nn::ContractOp op) {
  if (at(op.getLhs()).format || at(op.getRhs()).format)
    return lowerStoredContract(op);
  std::string problem;
  nn::Equation equation = *nn::Equation::parse(op.getEquation(), problem);
  Strided left = at(op.getLhs()), right = at(op.getRhs());
  auto resultExtents = extentsOf(op.getResult());
  if (failed(resultExtents))
    return failure();

  // The right operand gives the columns: the free letter that is last among those longer than 1.
  std::string rows = equation.lettersOf(nn::LetterRole::LhsFree), columns = equation.lettersOf(nn::LetterRole::RhsFree);
  for (int64_t d = int64_t(equation.result.size()) - 1; d >= 0; --d) {
    if ((*resultExtents)[d].isOne() || equation.roleOf(equation.result[d]) == nn::LetterRole::Batch)
      continue;
    if (equation.roleOf(equation.result[d]) == nn::LetterRole::LhsFree) {
      std::swap(left, right);
      std::swap(equation.lhs, equation.rhs);
      std::swap(rows, columns);
    }
    break;
  }
  std::string batch = equation.lettersOf(nn::LetterRole::Batch), summed = equation.lettersOf(nn::LetterRole::Summed);
  // A broadcast or constant operand has no elements of its own to multiply with.
  if (left.splat)
    left = dense(left);
  if (right.splat)
    right = dense(right);

  // Summed letters may be merged in the order of either operand.
  auto viewsOf = [&](const std::string &order) {
    auto a = matrixView(left, dimsOf(equation.lhs, batch), dimsOf(equation.lhs, rows), dimsOf(equation.lhs, order));
    auto b = matrixView(right, dimsOf(equation.rhs, batch), dimsOf(equation.rhs, order), dimsOf(equation.rhs, columns));
    return std::pair(a, b);
  };
  auto hasUnit = [](const std::optional<MatrixView> &view) {
    return view && (view->rowStride.isOne() || view->columnStride.isOne());
  };
  auto [a, b] = viewsOf(summed);
  if (!hasUnit(a) || !hasUnit(b)) {
    std::string other;
    for (char letter : equation.rhs)
      if (summed.find(letter) != std::string::npos)
        other += letter;
    auto [a2, b2] = viewsOf(other);
    if (hasUnit(a2) + hasUnit(b2) > hasUnit(a) + hasUnit(b)) {
      a = a2, b = b2;
      summed = other;
    }
  }
  auto copied = [&](Strided &operand, std::string &letters, const std::string &order) {
    operand = permuted(operand, dimsOf(letters, order));
    letters = order;
    Strided fresh = allocate(operand.elementType, operand.extents);
    copy(operand, fresh);
    operand = fresh;
  };
  if (!hasUnit(a)) {
    copied(left, equation.lhs, batch + rows + summed);
    a = viewsOf(summed).first;
  }
  if (!hasUnit(b)) {
    copied(right, equation.rhs, batch + summed + columns);
    b = viewsOf(summed).second;
  }

  Type elementType = cast<RankedTensorType>(op.getType()).getElementType();
  Strided result = allocate(elementType, *resultExtents);
  auto resultView = [&](const Strided &place, const std::string &letters) {
    return matrixView(place, dimsOf(letters, batch), dimsOf(letters, rows), dimsOf(letters, columns));
  };
  std::string order = batch + rows + columns;
  Strided productPlace = result;
  auto c = resultView(result, equation.result);
  if (!c || !c->columnStride.isOne()) {
    productPlace = allocate(elementType, permuted(result, dimsOf(equation.result, order)).extents);
    c = resultView(productPlace, order);
  }

  auto extentOf = [&](const std::string &letters, const std::string &tensor, const Strided &value) {
    return product(permuted(value, dimsOf(tensor, letters)).extents);
  };
  int64_t parameter = -1;
  if (auto get = rt::rootOf(right.buffer).getDefiningOp<rt::ParameterOp>())
    parameter = state.parameterNumbers.lookup(get.getName());
  Size m = extentOf(rows, equation.lhs, left), n = extentOf(columns, equation.rhs, right);
  // With a single row any row stride is right; a dense one is what kernels expect.
  if (m.isOne() && a->columnStride.isOne())
    a->rowStride = extentOf(summed, equation.lhs, left);
  if (m.isOne())
    c->rowStride = n;
  rt::GemmOp::create(builder, loc, number(extentOf(batch, equation.lhs, left)), number(m), number(n),
                     number(extentOf(summed, equation.lhs, left)), begin(left), number(a->batchStride), number(a->rowStride),
                     number(a->columnStride), begin(right), number(b->batchStride), number(b->rowStride), number(b->columnStride),
                     productPlace.buffer, number(c->batchStride), number(c->rowStride), /*accumulate=*/0, parameter);
  if (productPlace.buffer != result.buffer) {
    // back to the letters' order
    copy(permuted(productPlace, dimsOf(order, equation.result)), result);
  }
  set(op, result);
  return success();
}

} // namespace tp::lowering
