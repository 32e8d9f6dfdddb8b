// Facts of rotary embedding and attention. Query heads are [key heads, group], so that a split of the heads splits the key
// heads first and, where there are fewer of those than ranks, the group of queries that share one.
#include "dialects/nn/Shapes.h"

#include <cmath>

using namespace mlir;

namespace tp::nn {

//===-- rope ----------------------------------------------------------------------------------------------------===//

LogicalResult RopeOp::verify() {
  if (failed(requireRank(*this, "operand", getInput(), 4)) || failed(requireFloats(*this, "operand", getInput()))) // C1
    return failure();
  RankedTensorType input = typeOf(getInput());
  if (failed(requireShape(*this, "positions", getPositions(), input.getShape().take_front(2))) ||
      failed(requireIntegers(*this, "positions", getPositions())))
    return failure();
  int64_t rotated = 2 * getInverseFrequencies().size();
  if (rotated > input.getDimSize(3)) // C2
    return emitOpError() << "rotates " << rotated << " elements (2 per frequency) of heads of width " << input.getDimSize(3);
  if (failed(requireShape(*this, "result", getResult(), input.getShape())))
    return failure();
  return requireElementType(*this, "result", getResult(), input.getElementType());
}

FactorMap RopeOp::getFactorMap() {
  FactorMap map;
  FactorMap::Tensor input = map.addFactorsFor(typeOf(getInput()));
  map.factors[input[3][0]].kind = FactorKind::Whole;
  map.operands = {input, {input[0], input[1]}};
  map.results.push_back(input);
  return map;
}

bool RopeOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  return kind == Reduction::Sum && partialOperands[0] && !partialOperands[1];
}

LogicalResult RopeOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  HostTensor &result = results.emplace_back(operands[0]);
  int64_t tokens = result.shape[0] * result.shape[1], heads = result.shape[2], width = result.shape[3];
  int64_t pairs = getInverseFrequencies().size();
  double factor = getAttentionFactor().convertToDouble();
  for (int64_t token = 0; token < tokens; ++token)
    for (int64_t pair = 0; pair < pairs; ++pair) {
      double angle = roundTo(DType::F32, static_cast<double>(operands[1].ints[token]) * getInverseFrequencies()[pair]);
      double cosine = factor * std::cos(angle), sine = factor * std::sin(angle);
      int64_t first = getInterleaved() ? 2 * pair : pair, second = getInterleaved() ? 2 * pair + 1 : pair + pairs;
      for (int64_t head = 0; head < heads; ++head) {
        double *row = result.floats.data() + (token * heads + head) * width;
        double x = row[first], y = row[second];
        row[first] = x * cosine - y * sine;
        row[second] = y * cosine + x * sine;
      }
    }
  result.round();
  return success();
}

//===-- attention -----------------------------------------------------------------------------------------------===//

LogicalResult AttentionOp::verify() {
  for (auto [what, value] : {std::pair<StringRef, Value>("query", getQuery()), {"key", getKey()}, {"value", getValue()}})
    if (failed(requireRank(*this, what, value, 4)) || failed(requireFloats(*this, what, value))) // C1
      return failure();
  RankedTensorType query = typeOf(getQuery()), key = typeOf(getKey()), value = typeOf(getValue());
  int64_t batch = query.getDimSize(0), sequence = query.getDimSize(1), heads = query.getDimSize(2);
  int64_t keys = key.getDimSize(1), keyHeads = key.getDimSize(2);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(keyHeads) || keyHeads == 0 || heads % keyHeads != 0)
    return emitOpError() << shapeText(heads) << " query heads are not a multiple of " << shapeText(keyHeads) << " key heads";
  if (failed(requireShape(*this, "key", getKey(), {batch, keys, keyHeads, query.getDimSize(3)})) ||
      failed(requireShape(*this, "value", getValue(), {batch, keys, keyHeads, value.getDimSize(3)})) ||
      failed(requireShape(*this, "result", getResult(), {batch, sequence, heads, value.getDimSize(3)})))
    return failure();
  for (auto [what, each] : {std::pair<StringRef, Value>("key", getKey()), {"value", getValue()}, {"result", getResult()}})
    if (failed(requireElementType(*this, what, each, query.getElementType())))
      return failure();
  if (getPositions() && (failed(requireShape(*this, "positions", getPositions(), {batch, sequence})) ||
                         failed(requireIntegers(*this, "positions", getPositions()))))
    return failure();
  if (getKeyMask() && (failed(requireShape(*this, "key mask", getKeyMask(), {batch, keys})) ||
                       failed(requireIntegers(*this, "key mask", getKeyMask()))))
    return failure();
  if (getWindow() < 0)
    return emitOpError() << "has a window of " << getWindow() << ", needs 0 (none) or more";
  if (getWindow() > 0 && !getPositions()) // C2
    return emitOpError() << "has a window of " << getWindow() << ", which needs positions";
  if (getCausal() && getPositions())
    return emitOpError() << "has both `causal` and positions; positions alone say which keys a query sees";
  return success();
}

FactorMap AttentionOp::getFactorMap() {
  RankedTensorType query = typeOf(getQuery()), key = typeOf(getKey()), value = typeOf(getValue());
  FactorMap map;
  int64_t batch = map.addFactor(query.getDimSize(0));
  // What `causal` lets a query see depends on where in the sequence it stands; without sizes that cannot be worked out.
  bool isPlaced = !getCausal() || (query.hasStaticShape() && key.hasStaticShape());
  int64_t sequence = map.addFactor(query.getDimSize(1), isPlaced ? FactorKind::Parallel : FactorKind::Whole);
  int64_t keyHeads = map.addFactor(key.getDimSize(2));
  int64_t group = map.addFactor(query.getDimSize(2) / key.getDimSize(2));
  int64_t width = map.addFactor(query.getDimSize(3), FactorKind::Whole);
  int64_t keys = map.addFactor(key.getDimSize(1), FactorKind::Whole);
  int64_t valueWidth = map.addFactor(value.getDimSize(3));
  FactorMap::Dim heads{keyHeads, group};
  map.operands = {{dimOf(batch), dimOf(sequence), heads, dimOf(width)},
                  {dimOf(batch), dimOf(keys), dimOf(keyHeads), dimOf(width)},
                  {dimOf(batch), dimOf(keys), dimOf(keyHeads), dimOf(valueWidth)}};
  if (getPositions())
    map.operands.push_back({dimOf(batch), dimOf(sequence)});
  if (getKeyMask())
    map.operands.push_back({dimOf(batch), dimOf(keys)});
  map.results.push_back({dimOf(batch), dimOf(sequence), heads, dimOf(valueWidth)});
  return map;
}

bool AttentionOp::preservesPartial(Reduction kind, ArrayRef<bool> partialOperands) {
  // A weighted sum of the values: linear in them, and in nothing else.
  return kind == Reduction::Sum && partialOperands[2] && llvm::count(partialOperands, true) == 1;
}

Operation *AttentionOp::buildLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes, LocalContext &context) {
  int64_t sequence = getFactorMap().operands[0][1][0];
  Value offset = getCausal() ? context.offsetOf(builder, getLoc(), sequence) : Value();
  if (!offset)
    return cloneLocal(*this, builder, operands, resultTypes);
  // Query i of the whole sequence sees the keys up to i + t - s; this rank's queries begin at `offset`.
  int64_t shift = typeOf(getKey()).getDimSize(1) - typeOf(getQuery()).getDimSize(1);
  if (shift)
    offset = arith::AddIOp::create(builder, getLoc(), offset, arith::ConstantIndexOp::create(builder, getLoc(), shift));
  auto shape = cast<RankedTensorType>(resultTypes[0]).getShape().take_front(2);
  auto positionsType = RankedTensorType::get(shape, builder.getI32Type());
  Value positions = IotaOp::create(builder, getLoc(), positionsType, /*dim=*/1, /*like=*/Value(), offset);
  return AttentionOp::create(builder, getLoc(), resultTypes[0], operands[0], operands[1], operands[2], positions,
                             getKeyMask() ? operands[3] : Value(), getScale(), /*causal=*/false, /*window=*/0);
}

LogicalResult AttentionOp::evaluate(ArrayRef<HostTensor> operands, SmallVectorImpl<HostTensor> &results) {
  const HostTensor &query = operands[0], &key = operands[1], &value = operands[2];
  const HostTensor *positions = getPositions() ? &operands[3] : nullptr;
  const HostTensor *mask = getKeyMask() ? &operands.back() : nullptr;
  int64_t batches = query.shape[0], sequence = query.shape[1], heads = query.shape[2], width = query.shape[3];
  int64_t keys = key.shape[1], keyHeads = key.shape[2], valueWidth = value.shape[3];
  double scale = getScale().convertToDouble();
  int64_t window = getWindow();
  HostTensor &result = results.emplace_back(resultTensor(getResult(), {batches, sequence, heads, valueWidth}));

  auto isVisible = [&](int64_t b, int64_t i, int64_t j) {
    if (positions) {
      int64_t position = positions->ints[b * sequence + i];
      if (j > position || (window > 0 && j <= position - window))
        return false;
    }
    if (getCausal() && j > i + keys - sequence)
      return false;
    return !mask || mask->ints[b * keys + j] != 0;
  };

  std::vector<int64_t> visible;
  std::vector<double> weights;
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t i = 0; i < sequence; ++i) {
      visible.clear();
      for (int64_t j = 0; j < keys; ++j)
        if (isVisible(b, i, j))
          visible.push_back(j);
      if (visible.empty())
        continue;
      for (int64_t head = 0; head < heads; ++head) {
        int64_t keyHead = head / (heads / keyHeads);
        const double *q = query.floats.data() + ((b * sequence + i) * heads + head) * width;
        double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
        weights.clear();
        for (int64_t j : visible) {
          const double *k = key.floats.data() + ((b * keys + j) * keyHeads + keyHead) * width;
          double score = 0;
          for (int64_t d = 0; d < width; ++d)
            score += q[d] * k[d];
          weights.push_back(score * scale);
          maximum = std::max(maximum, weights.back());
        }
        for (double &weight : weights)
          sum += weight = std::exp(weight - maximum);
        double *out = result.floats.data() + ((b * sequence + i) * heads + head) * valueWidth;
        for (auto [j, weight] : llvm::zip_equal(visible, weights)) {
          const double *v = value.floats.data() + ((b * keys + j) * keyHeads + keyHead) * valueWidth;
          for (int64_t d = 0; d < valueWidth; ++d)
            out[d] += weight / sum * v[d];
        }
      }
    }
  result.round();
  return success();
}

} // namespace tp::nn
