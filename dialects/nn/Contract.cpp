// Facts of nn.contract and nn.reduce: the two ops that sum over dimensions, and so the two whose results become partial
// when such a dimension is split.
#include "dialects/nn/Equation.h"
#include "dialects/nn/Shapes.h"

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
      return emitOpError() << what << " has " << type.getRank() << " dimensions, but the equation names "
                           << letters.size() << " (\"" << letters << "\")";
    for (auto [letter, size] : llvm::zip(letters, type.getShape())) {
      auto [known, isNew] = sizes.try_emplace(letter, size);
      if (!isNew && known->second != size) // C3
        return emitOpError() << "'" << Twine(letter) << "' has size " << shapeText(known->second)
                             << " in one tensor and " << shapeText(size) << " in the " << what;
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
        found->second = map.addFactor(
            size, equation.roleOf(letter) == LetterRole::Summed ? FactorKind::Reduction : FactorKind::Parallel);
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
    int64_t factor = map.addFactor(size, reduced ? FactorKind::Reduction : FactorKind::Parallel,
                                   static_cast<Reduction>(getKind()));
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

} // namespace tp::nn
