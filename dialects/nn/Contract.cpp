// Facts of nn.contract and nn.reduce: the two ops that sum over dimensions, and so the two whose results become partial
// when such a dimension is split.
#include "dialects/nn/Equation.h"
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Strided.h"

using namespace mlir;

namespace tp::nn {

//===-- contract ------------------------------------------------------------------------------------------------===//

LogicalResult ContractOp::verify() {
  std::string problem;
  FailureOr<Equation> equation = Equation::parse(getEquation(), problem);
  if (failed(equation)) // C1, C2
    return emitOpError() << "equation \"" << getEquation() << "\" " << problem;
  llvm::SmallDenseMap<char, int64_t> sizes;
  auto check = [&](StringRef what, const std::string &letters, Value value) -> LogicalResult {
    RankedTensorType type = typeOf(value);
    if (static_cast<int64_t>(letters.size()) != type.getRank()) // C1
      return emitOpError() << what << " has " << type.getRank() << " dimensions, but the equation names " << letters.size()
                           << " (\"" << letters << "\")";
    for (auto [letter, size] : llvm::zip(letters, type.getShape())) {
      auto [known, isNew] = sizes.try_emplace(letter, size);
      if (!isNew && known->second != size) // C3
        return emitOpError() << "'" << Twine(letter) << "' has size " << shapeText(known->second) << " in one tensor and "
                             << shapeText(size) << " in the " << what;
    }
    return success();
  };
  if (failed(check("left operand", equation->lhs, getLhs())) || failed(check("right operand", equation->rhs, getRhs())) ||
      failed(check("result", equation->result, getResult())))
    return failure();
  Type element = typeOf(getLhs()).getElementType(); // C4
  if (failed(requireElementType(*this, "right operand", getRhs(), element)))
    return failure();
  return requireElementType(*this, "result", getResult(), element);
}

FactorMap ContractOp::getFactorMap() {
  std::string problem;
  Equation equation = *Equation::parse(getEquation(), problem);
  FactorMap map;
  llvm::SmallDenseMap<char, int64_t> factorOf;
  auto tensor = [&](const std::string &letters, Value value) {
    FactorMap::Tensor dims;
    for (auto [letter, size] : llvm::zip(letters, typeOf(value).getShape())) {
      auto [found, isNew] = factorOf.try_emplace(letter, 0);
      if (isNew)
        found->second =
            map.addFactor(size, equation.roleOf(letter) == LetterRole::Summed ? FactorKind::Reduction : FactorKind::Parallel);
      dims.push_back(dimOf(found->second));
    }
    return dims;
  };
  map.operands.push_back(tensor(equation.lhs, getLhs()));
  map.operands.push_back(tensor(equation.rhs, getRhs()));
  map.results.push_back(tensor(equation.result, getResult()));
  return map;
}

bool ContractOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  return kind == Reduction::Sum && partialOperands[0] != partialOperands[1];
}

//===-- reduce --------------------------------------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  RankedTensorType input = typeOf(getInput());
  if (failed(requireSortedDims(*this, getDims(), input.getRank()))) // C1
    return failure();
  SmallVector<int64_t> needed;
  for (auto [dim, size] : llvm::enumerate(input.getShape()))
    if (!llvm::is_contained(getDims(), static_cast<int64_t>(dim)))
      needed.push_back(size);
  if (failed(requireShape(*this, "result", getResult(), needed))) // C2
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap ReduceOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor input, result;
  for (auto [dim, size] : llvm::enumerate(typeOf(getInput()).getShape())) {
    bool reduced = llvm::is_contained(getDims(), static_cast<int64_t>(dim));
    int64_t factor =
        map.addFactor(size, reduced ? FactorKind::Reduction : FactorKind::Parallel, static_cast<Reduction>(getKind()));
    input.push_back(dimOf(factor));
    if (!reduced)
      result.push_back(dimOf(factor));
  }
  map.operands.push_back(input);
  map.results.push_back(result);
  return map;
}

bool ReduceOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  return kind == static_cast<Reduction>(getKind());
}

//===-- What they compute ---------------------------------------------------------------------------------------===//

namespace {
/// The operand with its letters in the given order, as one row per index before `summed`: packed only where its memory is
/// in another order.
template <typename Element>
const Element *inOrder(const std::vector<Element> &elements, const HostTensor &tensor, const std::string &letters,
                       const std::string &order, HostTensor &packed) {
  if (letters == order)
    return elements.data();
  std::vector<int64_t> shape, strides = stridesOf(tensor.shape);
  StridedView view;
  for (char letter : order) {
    size_t dim = letters.find(letter);
    shape.push_back(tensor.shape[dim]);
    view.strides.push_back(strides[dim]);
  }
  packed = HostTensor::zeros(tensor.type, shape);
  copyStrided(shape, tensor, view, packed, {0, stridesOf(shape)});
  if constexpr (std::is_same_v<Element, double>)
    return packed.floats.data();
  else
    return packed.ints.data();
}

typedef double Lanes __attribute__((vector_size(64)));
/// The same at any address: what memory is read as.
typedef double LanesInMemory __attribute__((vector_size(64), aligned(8)));

/// result[m, n] = sum over k of lhs[m, k] * rhs[n, k], in double. Four rows of lhs share each pass over rhs.
__attribute__((target_clones("avx512f", "avx2", "default"))) void multiply(const double *lhs, const double *rhs, double *result,
                                                                           int64_t rows, int64_t columns, int64_t depth) {
  constexpr int64_t lanes = 8, rowBlock = 4, columnBlock = 64;
  for (int64_t firstColumn = 0; firstColumn < columns; firstColumn += columnBlock)
    for (int64_t row = 0; row < rows; row += rowBlock) {
      int64_t count = std::min(rowBlock, rows - row);
      for (int64_t column = firstColumn; column < std::min(columns, firstColumn + columnBlock); ++column) {
        const double *b = rhs + column * depth;
        // Rows past the end repeat the last one and are not stored.
        const double *a[rowBlock];
        for (int64_t r = 0; r < rowBlock; ++r)
          a[r] = lhs + (row + std::min(r, count - 1)) * depth;
        Lanes sums[rowBlock] = {};
        int64_t k = 0;
        for (; k + lanes <= depth; k += lanes) {
          Lanes right = *reinterpret_cast<const LanesInMemory *>(b + k);
          for (int64_t r = 0; r < rowBlock; ++r)
            sums[r] += *reinterpret_cast<const LanesInMemory *>(a[r] + k) * right;
        }
        for (int64_t r = 0; r < count; ++r) {
          double sum = 0;
          for (int64_t lane = 0; lane < lanes; ++lane)
            sum += sums[r][lane];
          for (int64_t rest = k; rest < depth; ++rest)
            sum += a[r][rest] * b[rest];
          result[(row + r) * columns + column] = sum;
        }
      }
    }
}

void multiply(const int64_t *lhs, const int64_t *rhs, int64_t *result, int64_t rows, int64_t columns, int64_t depth) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      uint64_t sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += static_cast<uint64_t>(lhs[row * depth + k]) * static_cast<uint64_t>(rhs[column * depth + k]);
      result[row * columns + column] = static_cast<int64_t>(sum);
    }
}
} // namespace

LogicalResult ContractOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  std::string problem;
  Equation equation = *Equation::parse(getEquation(), problem);
  const HostTensor &lhs = operands[0], &rhs = operands[1];
  auto sizeOf = [&](char letter) {
    size_t dim = equation.lhs.find(letter);
    return dim != std::string::npos ? lhs.shape[dim] : rhs.shape[equation.rhs.find(letter)];
  };
  auto sizesOf = [&](const std::string &letters) {
    std::vector<int64_t> sizes;
    for (char letter : letters)
      sizes.push_back(sizeOf(letter));
    return sizes;
  };
  auto countOf = [&](const std::string &letters) {
    int64_t count = 1;
    for (char letter : letters)
      count *= sizeOf(letter);
    return count;
  };
  // Batches of lhs [rows, depth] times rhs [columns, depth] transposed; then the letters go where the result has them.
  std::string batch = equation.lettersOf(LetterRole::Batch), summed = equation.lettersOf(LetterRole::Summed);
  std::string left = equation.lettersOf(LetterRole::LhsFree), right = equation.lettersOf(LetterRole::RhsFree);
  int64_t rows = countOf(left), columns = countOf(right), depth = countOf(summed);
  std::string order = batch + left + right;
  HostTensor product = resultTensor(getResult(), sizesOf(order));
  auto compute = [&](auto &leftElements, auto &rightElements, auto &elements) {
    HostTensor packedLeft, packedRight;
    auto *a = inOrder(leftElements, lhs, equation.lhs, batch + left + summed, packedLeft);
    auto *b = inOrder(rightElements, rhs, equation.rhs, batch + right + summed, packedRight);
    for (int64_t i = 0, batches = countOf(batch); i < batches; ++i)
      multiply(a + i * rows * depth, b + i * columns * depth, elements.data() + i * rows * columns, rows, columns, depth);
  };
  if (lhs.isFloat())
    compute(lhs.floats, rhs.floats, product.floats);
  else
    compute(lhs.ints, rhs.ints, product.ints);
  product.round();
  if (order == equation.result) {
    results.push_back(std::move(product));
    return success();
  }
  std::vector<int64_t> strides = stridesOf(product.shape);
  StridedView view;
  for (char letter : equation.result)
    view.strides.push_back(strides[order.find(letter)]);
  std::vector<int64_t> shape = sizesOf(equation.result);
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  copyStrided(shape, product, view, result, {0, stridesOf(shape)});
  return success();
}

template <typename Element>
static void reduceInto(ReduceKind kind, const std::vector<Element> &input, std::vector<Element> &result,
                       const std::vector<int64_t> &shape, const StridedView &resultView) {
  int64_t step = shape.empty() ? 1 : resultView.strides.back();
  forEachRow(shape, {0, stridesOf(shape)}, resultView, [&](int64_t from, int64_t to, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      Element value = input[from + i], &total = result[to + i * step];
      total = kind == ReduceKind::Sum ? total + value : kind == ReduceKind::Max ? std::max(total, value) : std::min(total, value);
    }
  });
}

LogicalResult ReduceOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  const HostTensor &input = operands[0];
  std::vector<int64_t> shape;
  auto isReduced = [&](size_t dim) { return llvm::is_contained(getDims(), static_cast<int64_t>(dim)); };
  for (size_t dim = 0; dim < input.shape.size(); ++dim)
    if (!isReduced(dim))
      shape.push_back(input.shape[dim]);
  HostTensor &result = results.emplace_back(resultTensor(getResult(), shape));
  // A reduced dimension has stride 0 in the result.
  StridedView view{0, std::vector<int64_t>(input.shape.size(), 0)};
  std::vector<int64_t> strides = stridesOf(shape);
  for (size_t dim = 0, kept = 0; dim < input.shape.size(); ++dim)
    if (!isReduced(dim))
      view.strides[dim] = strides[kept++];
  if (getKind() != ReduceKind::Sum) {
    bool isMax = getKind() == ReduceKind::Max;
    double infinity = std::numeric_limits<double>::infinity();
    llvm::fill(result.floats, isMax ? -infinity : infinity);
    llvm::fill(result.ints, isMax ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max());
  }
  if (result.isFloat())
    reduceInto(getKind(), input.floats, result.floats, input.shape, view);
  else
    reduceInto(getKind(), input.ints, result.ints, input.shape, view);
  result.round();
  return success();
}

} // namespace tp::nn
