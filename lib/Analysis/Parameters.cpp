// Tells weights from activations: an activation has the batch (or whatever the first dimension of a result is) in it.
//
// Dimensions that share a factor are merged into one class, op by op. Of a dimension made of several factors only the major
// one counts: in [batch * sequence] that is the batch, which is what the first dimension of a flattened result means too.
#include "tp/Analysis/Parameters.h"

#include "llvm/ADT/EquivalenceClasses.h"

#include "tp/Support/Dequantize.h"

using namespace mlir;

namespace tp {

namespace {

using Dimension = std::pair<void *, int64_t>; // of a value

class SharedFactors {
public:
  explicit SharedFactors(func::FuncOp function) {
    function.walk([&](Operation *op) {
      if (auto rule = dyn_cast<ShardingRule>(op))
        mergeAlong(op, rule.getFactorMap());
      else if (isa<ConstrainOp, ReshardOp, Collective>(op)) // the same value, on other ranks
        for (int64_t dim = 0; dim < cast<RankedTensorType>(op->getResultTypes()[0]).getRank(); ++dim)
          merge(of(op->getOperand(0), dim), of(op->getResult(0), dim));
    });
  }

  bool share(Value a, int64_t dimOfA, Value b, int64_t dimOfB) {
    Dimension left = of(a, dimOfA), right = of(b, dimOfB);
    if (left == right)
      return true;
    return classes.contains(left) && classes.contains(right) && classes.isEquivalent(left, right);
  }

private:
  static Dimension of(Value value, int64_t dim) { return {value.getAsOpaquePointer(), dim}; }

  void merge(Dimension a, Dimension b) { classes.unionSets(a, b); }

  void mergeAlong(Operation *op, const FactorMap &map) {
    SmallVector<std::optional<Dimension>> firstWith(map.factors.size());
    auto add = [&](Value value, const FactorMap::Tensor &dims) {
      for (auto [dim, factors] : llvm::enumerate(dims)) {
        if (factors.empty())
          continue;
        std::optional<Dimension> &first = firstWith[factors.front()];
        if (first)
          merge(*first, of(value, dim));
        else
          first = of(value, dim);
      }
    };
    for (auto [operand, dims] : llvm::zip(op->getOperands(), map.operands))
      add(operand, dims);
    for (auto [result, dims] : llvm::zip(op->getResults(), map.results))
      add(result, dims);
  }

  llvm::EquivalenceClasses<Dimension> classes;
};

} // namespace

SmallVector<bool> parameterArguments(func::FuncOp function) {
  SmallVector<bool> isParameter;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(function.getArgument(i).getType());
    isParameter.push_back(type && isa<FloatType>(type.getElementType()));
  }
  if (function.isExternal())
    return isParameter;
  SharedFactors factors(function);
  // The first dimension of a result; where nothing shares it because it is of size 1 and was made on the spot, the next.
  auto markActivations = [&](Value result, int64_t dimOfResult) {
    bool found = false;
    for (BlockArgument argument : function.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      for (int64_t dim = 0; type && dim < type.getRank(); ++dim)
        if (factors.share(argument, dim, result, dimOfResult)) {
          found = true;
          isParameter[argument.getArgNumber()] = false;
        }
    }
    return found;
  };
  function.walk([&](func::ReturnOp results) {
    for (Value result : results.getOperands()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      for (int64_t dim = 0; type && dim < type.getRank(); ++dim)
        if (markActivations(result, dim) || type.getDimSize(dim) != 1)
          break;
    }
  });
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, parameterAttrName))
      isParameter[i] = true;
  return isParameter;
}

int64_t parameterBytes(Operation *parameter, RankedTensorType part) {
  auto name = parameter->getAttrOfType<StringAttr>(storedAttrName);
  std::optional<StoredFormat> format = name ? storedFormat(name.str()) : std::nullopt;
  if (!format)
    return bytesOf(part, 1);
  StoredType type = storedType(*format);
  return part.getNumElements() / type.blockElements * type.blockBytes;
}

bool isParameterArgument(func::FuncOp function, unsigned index) { return parameterArguments(function)[index]; }

} // namespace tp
