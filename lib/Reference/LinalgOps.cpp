// Structured ops from their definition: for every point of the iteration space, the body of the op on the elements that the
// indexing maps name.
//
// The lanes of the body's program are points along the parallel iterators; the reduction iterators are the loop around it, in
// order. So partial sums stay in double until the op is done, and no lane waits for another.
#include "Ops.h"

#include "dialects/nn/ScalarProgram.h"
#include "dialects/nn/Strided.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineMap.h"

#include <cmath>

using namespace mlir;

namespace tp::reference {

using nn::ScalarProgram;
using nn::stridesOf;

namespace {
int64_t valueOf(AffineExpr expression, ArrayRef<int64_t> point) {
  if (auto dim = dyn_cast<AffineDimExpr>(expression))
    return point[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return constant.getValue();
  auto binary = cast<AffineBinaryOpExpr>(expression);
  int64_t lhs = valueOf(binary.getLHS(), point), rhs = valueOf(binary.getRHS(), point);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::Mod:
    return ((lhs % rhs) + rhs) % rhs;
  case AffineExprKind::FloorDiv:
    return (lhs - (((lhs % rhs) + rhs) % rhs)) / rhs;
  default:
    return -((-lhs - (((-lhs % rhs) + rhs) % rhs)) / rhs);
  }
}

/// Where an operand's element for a point lies: a linear function of the point where the map is (nearly always), else worked
/// out each time.
struct Access {
  AffineMap map;
  std::vector<int64_t> strides;
  SmallVector<int64_t> coefficients;
  int64_t base = 0;
  bool isLinear = true;

  Access(AffineMap map, const std::vector<int64_t> &shape) : map(map), strides(stridesOf(shape)) {
    SmallVector<int64_t> point(map.getNumDims(), 0);
    base = slow(point);
    map.walkExprs([&](AffineExpr expression) {
      isLinear &= expression.getKind() != AffineExprKind::Mod && expression.getKind() != AffineExprKind::FloorDiv &&
                  expression.getKind() != AffineExprKind::CeilDiv;
    });
    for (unsigned dim = 0; dim < map.getNumDims(); ++dim) {
      point[dim] = 1;
      coefficients.push_back(slow(point) - base);
      point[dim] = 0;
    }
  }
  int64_t slow(ArrayRef<int64_t> point) const {
    int64_t at = 0;
    for (auto [expression, stride] : llvm::zip_equal(map.getResults(), strides))
      at += valueOf(expression, point) * stride;
    return at;
  }
  int64_t at(ArrayRef<int64_t> point) const {
    if (!isLinear)
      return slow(point);
    int64_t at = base;
    for (auto [coefficient, index] : llvm::zip_equal(coefficients, point))
      at += coefficient * index;
    return at;
  }
};

/// Sizes of the iteration space, from the operands' sizes; a size that no operand gives directly stays -1.
SmallVector<int64_t> loopSizes(linalg::LinalgOp op, const Lookup &lookup) {
  SmallVector<int64_t> sizes(op.getNumLoops(), -1);
  for (OpOperand &operand : op->getOpOperands())
    for (auto [i, expression] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expression))
        sizes[dim.getPosition()] = lookup(operand.get()).shape[i];
  return sizes;
}

/// Counts `point` up over `dims` (last one fastest); false when it wraps around to the start.
bool advance(SmallVectorImpl<int64_t> &point, ArrayRef<unsigned> dims, ArrayRef<int64_t> sizes) {
  for (unsigned dim : llvm::reverse(dims)) {
    if (++point[dim] < sizes[dim])
      return true;
    point[dim] = 0;
  }
  return false;
}

class StructuredOp {
public:
  StructuredOp(linalg::LinalgOp op, const Lookup &lookup, Results &results) : op(op), lookup(lookup), results(results) {}

  LogicalResult run() {
    sizes = loopSizes(op, lookup);
    for (auto [dim, size] : llvm::enumerate(sizes))
      if (size < 0)
        return op->emitOpError() << "does not tell the size of iterator " << dim << " by any operand";
    FailureOr<ScalarProgram> compiled = ScalarProgram::compile(*op.getBlock(), /*takesExternals=*/true);
    if (failed(compiled))
      return failure();
    program = &*compiled;
    for (Value captured : program->captures())
      fill((*program)[captured], lookup(captured));
    for (int64_t i = 0; i < op.getNumDpsInits(); ++i)
      results.push_back(lookup(op.getDpsInitOperand(i)->get()));
    for (OpOperand &operand : op->getOpOperands()) {
      accesses.emplace_back(op.getMatchingIndexingMap(&operand), lookup(operand.get()).shape);
      bool isInit = op.isDpsInit(&operand);
      tensors.push_back(isInit ? &results[operand.getOperandNumber() - op.getNumDpsInputs()] : &lookup(operand.get()));
    }
    op.getParallelDims(parallel);
    for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
      if (!llvm::is_contained(parallel, dim))
        sequential.push_back(dim);
    if (llvm::is_contained(sizes, 0))
      return success();
    if (failed(runAll()))
      return failure();
    for (HostTensor &result : results)
      result.round();
    return success();
  }

private:
  linalg::LinalgOp op;
  const Lookup &lookup;
  Results &results;
  ScalarProgram *program = nullptr;
  SmallVector<int64_t> sizes;
  SmallVector<unsigned> parallel, sequential;
  SmallVector<Access> accesses;
  SmallVector<const HostTensor *> tensors;
  /// The points of the present lanes.
  std::vector<SmallVector<int64_t>> points;

  static void fill(ScalarProgram::Register &lanes, const HostTensor &scalar) {
    for (int64_t i = 0; i < ScalarProgram::laneCount; ++i)
      if (scalar.isFloat())
        lanes.floats[i] = scalar.floats[0];
      else
        lanes.ints[i] = scalar.ints[0];
  }

  LogicalResult runAll() {
    SmallVector<int64_t> point(op.getNumLoops(), 0);
    for (bool more = true; more;) {
      points.clear();
      while (more && points.size() < static_cast<size_t>(ScalarProgram::laneCount)) {
        points.push_back(point);
        more = advance(point, parallel, sizes);
      }
      if (failed(runLanes()))
        return failure();
    }
    return success();
  }

  /// All reduction steps of the present lanes.
  LogicalResult runLanes() {
    Block &block = *op.getBlock();
    auto external = [&](Operation *nested, ScalarProgram &, int64_t lanes) { return evaluateExternal(nested, lanes); };
    // Per operand, each lane's place at the first step, where a step moves all lanes alike.
    std::vector<std::vector<int64_t>> places(tensors.size());
    for (auto [access, place] : llvm::zip_equal(accesses, places))
      for (const auto &point : points)
        place.push_back(access.at(point));
    SmallVector<int64_t> step(op.getNumLoops(), 0);
    do {
      for (auto &point : points)
        for (unsigned dim : sequential)
          point[dim] = step[dim];
      SmallVector<int64_t> moved;
      for (const Access &access : accesses)
        moved.push_back(access.isLinear ? access.at(step) - access.base : 0);
      auto placeOf = [&](unsigned operand, size_t lane) {
        return accesses[operand].isLinear ? places[operand][lane] + moved[operand] : accesses[operand].slow(points[lane]);
      };
      for (unsigned operand = 0; operand < tensors.size(); ++operand) {
        if (operand >= block.getNumArguments() || block.getArgument(operand).use_empty())
          continue;
        ScalarProgram::Register &lanes = (*program)[block.getArgument(operand)];
        for (size_t i = 0; i < points.size(); ++i)
          if (tensors[operand]->isFloat())
            lanes.floats[i] = tensors[operand]->floats[placeOf(operand, i)];
          else
            lanes.ints[i] = tensors[operand]->ints[placeOf(operand, i)];
      }
      if (failed(program->run(points.size(), external)))
        return failure();
      for (auto [i, yielded] : llvm::enumerate(block.getTerminator()->getOperands())) {
        ScalarProgram::Register &lanes = (*program)[yielded];
        unsigned operand = op.getNumDpsInputs() + i;
        for (size_t lane = 0; lane < points.size(); ++lane)
          if (results[i].isFloat())
            results[i].floats[placeOf(operand, lane)] = lanes.floats[lane];
          else
            results[i].ints[placeOf(operand, lane)] = lanes.ints[lane];
      }
    } while (advance(step, sequential, sizes));
    return success();
  }

  LogicalResult evaluateExternal(Operation *nested, int64_t lanes) {
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      for (int64_t i = 0; i < lanes; ++i)
        (*program)[index].ints[i] = points[i][index.getDim()];
      return success();
    }
    if (auto assertion = dyn_cast<cf::AssertOp>(nested)) {
      for (int64_t i = 0; i < lanes; ++i)
        if (!(*program)[assertion.getArg()].ints[i])
          return assertion.emitOpError() << "does not hold: " << assertion.getMsg();
      return success();
    }
    auto extract = dyn_cast<tensor::ExtractOp>(nested);
    if (!extract)
      return nested->emitOpError() << "cannot be evaluated by the reference interpreter inside a structured op";
    const HostTensor &tensor = lookup(extract.getTensor());
    std::vector<int64_t> strides = stridesOf(tensor.shape);
    for (int64_t i = 0; i < lanes; ++i) {
      int64_t at = 0;
      for (auto [dim, index] : llvm::enumerate(extract.getIndices())) {
        int64_t position = (*program)[index].ints[i];
        if (position < 0 || position >= tensor.shape[dim])
          return extract.emitOpError() << "reads element " << position << " of dimension " << dim << " of size "
                                       << tensor.shape[dim];
        at += position * strides[dim];
      }
      if (tensor.isFloat())
        (*program)[extract].floats[i] = tensor.floats[at];
      else
        (*program)[extract].ints[i] = tensor.ints[at];
    }
    return success();
  }
};

LogicalResult evaluateSoftmax(linalg::SoftmaxOp op, const Lookup &lookup, Results &results) {
  HostTensor &result = results.emplace_back(lookup(op.getInput()));
  int64_t size = result.shape[op.getDimension()], step = stridesOf(result.shape)[op.getDimension()];
  for (int64_t at = 0, count = result.count(); at < count; ++at) {
    if (at / step % size != 0)
      continue; // not the first element of a line
    double *line = result.floats.data() + at;
    double maximum = line[0], sum = 0;
    for (int64_t i = 1; i < size; ++i)
      maximum = std::max(maximum, line[i * step]);
    for (int64_t i = 0; i < size; ++i)
      sum += line[i * step] = std::exp(line[i * step] - maximum);
    for (int64_t i = 0; i < size; ++i)
      line[i * step] /= sum;
  }
  result.round();
  return success();
}
} // namespace

LogicalResult evaluateLinalg(Operation *op, const Lookup &lookup, Results &results) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return StructuredOp(structured, lookup, results).run();
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
    return evaluateSoftmax(softmax, lookup, results);
  return op->emitOpError() << "cannot be evaluated by the reference interpreter";
}

} // namespace tp::reference
