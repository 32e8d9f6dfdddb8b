// Facts of rotary embedding and attention. Query heads are [key heads, group], so that a split of the heads splits the key
// heads first and, where there are fewer of those than ranks, the group of queries that share one.
#include "dialects/nn/Shapes.h"

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
  int64_t sequence = map.addFactor(query.getDimSize(1));
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

} // namespace tp::nn
