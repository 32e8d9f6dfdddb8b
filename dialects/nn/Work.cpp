// Floating-point operations of every op: what tp-plan prints and what decides whether communication can hide. Ops that only
// move elements count none; a multiply-add is 2, an exponential counts as 1.
#include "dialects/nn/Equation.h"
#include "dialects/nn/Shapes.h"

using namespace mlir;

namespace tp::nn {

int64_t ContractOp::getFlops(int64_t dynamicExtent) {
  std::string problem;
  Equation equation = *Equation::parse(getEquation(), problem);
  int64_t flops = 2 * elementsOf(getResult(), dynamicExtent);
  for (auto [letter, size] : llvm::zip(equation.lhs, typeOf(getLhs()).getShape()))
    if (equation.roleOf(letter) == LetterRole::Summed)
      flops *= ShapedType::isDynamic(size) ? dynamicExtent : size;
  return flops;
}

int64_t MapOp::getFlops(int64_t dynamicExtent) {
  int64_t perElement = 0;
  for (Operation &op : getBody().front().without_terminator())
    perElement += !op.hasTrait<OpTrait::ConstantLike>();
  return perElement * elementsOf(getResult(), dynamicExtent);
}

int64_t AttentionOp::getFlops(int64_t dynamicExtent) {
  auto size = [&](Value value, int64_t dim) {
    int64_t known = typeOf(value).getDimSize(dim);
    return ShapedType::isDynamic(known) ? dynamicExtent : known;
  };
  // Scores, softmax (scale, maximum, difference, exponential, sum) and the weighted sum of the values, for all keys.
  int64_t pairs = size(getQuery(), 0) * size(getQuery(), 1) * size(getQuery(), 2) * size(getKey(), 1);
  return pairs * (2 * size(getQuery(), 3) + 5 + 2 * size(getValue(), 3));
}

int64_t ReduceOp::getFlops(int64_t dynamicExtent) { return elementsOf(getInput(), dynamicExtent); }
int64_t SoftmaxOp::getFlops(int64_t dynamicExtent) { return 5 * elementsOf(getInput(), dynamicExtent); }
int64_t RmsNormOp::getFlops(int64_t dynamicExtent) { return 4 * elementsOf(getInput(), dynamicExtent); }
int64_t LayerNormOp::getFlops(int64_t dynamicExtent) { return 7 * elementsOf(getInput(), dynamicExtent); }
int64_t RopeOp::getFlops(int64_t dynamicExtent) { return 3 * elementsOf(getInput(), dynamicExtent); }

int64_t BroadcastOp::getFlops(int64_t) { return 0; }
int64_t ReshapeOp::getFlops(int64_t) { return 0; }
int64_t TransposeOp::getFlops(int64_t) { return 0; }
int64_t SliceOp::getFlops(int64_t) { return 0; }
int64_t ConcatOp::getFlops(int64_t) { return 0; }
int64_t PadOp::getFlops(int64_t) { return 0; }
int64_t IotaOp::getFlops(int64_t) { return 0; }
int64_t EmbeddingOp::getFlops(int64_t) { return 0; }
int64_t GatherOp::getFlops(int64_t) { return 0; }
int64_t CacheUpdateOp::getFlops(int64_t) { return 0; }

} // namespace tp::nn
