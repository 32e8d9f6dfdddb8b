// The pass looks at each parameter's part on a rank, then at its uses through f (tp.copy), which moves nothing.
#include "tp/Conversion/KeepStored.h"

#include "dialects/nn/Equation.h"
#include "dialects/nn/Nn.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Support/Dequantize.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tp {

#define GEN_PASS_DEF_KEEPSTORED
#include "tp/Conversion/KeepStored.h.inc"

/// Whether the weight, operand `index` of `op`, is [outputs, inputs] of a linear layer, and the other side no parameter.
static bool isLinear(nn::ContractOp op, unsigned index) {
  std::string problem;
  nn::Equation equation = *nn::Equation::parse(op.getEquation(), problem);
  const std::string &weight = index == 0 ? equation.lhs : equation.rhs;
  Value other = op->getOperand(1 - index);
  while (auto copy = other.getDefiningOp<CopyOp>())
    other = copy->getOperand(0);
  return weight.size() == 2 && equation.roleOf(weight[0]) == (index == 0 ? nn::LetterRole::LhsFree : nn::LetterRole::RhsFree) &&
         equation.roleOf(weight[1]) == nn::LetterRole::Summed && equation.lettersOf(nn::LetterRole::Summed).size() == 1 &&
         !other.getDefiningOp<nn::GetOp>();
}

/// Why `value` cannot be kept as blocks; empty if all its uses can do with them.
static std::string problemWithUses(Value value) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isa<CopyOp>(user)) {
      if (std::string problem = problemWithUses(user->getResult(0)); !problem.empty())
        return problem;
      continue;
    }
    auto contract = dyn_cast<nn::ContractOp>(user);
    auto embedding = dyn_cast<nn::EmbeddingOp>(user);
    if ((contract && isLinear(contract, use.getOperandNumber())) || (embedding && embedding.getTable() == value))
      continue;
    return "'" + user->getName().getStringRef().str() +
           "' reads it otherwise than as [outputs, inputs] of a product or as a table";
  }
  return "";
}

static std::string problemWithPart(nn::ParameterOp parameter, const StoredType &type) {
  auto local = cast<RankedTensorType>(parameter.getType());
  if (local.getRank() != 2 || !local.getElementType().isF32())
    return "it is no matrix of f32";
  auto cutsBlock = [&](int64_t elements) { return elements % type.blockElements != 0; };
  bool cuts = cutsBlock(local.getDimSize(1));
  for (StringRef box : {"offsets", "sizes"})
    if (auto list = parameter.getSourceAttr().getAs<DenseI64ArrayAttr>(box))
      cuts |= list.size() != 2 || cutsBlock(list[1]);
  if (cuts)
    return "a rank's part of a row (" + std::to_string(local.getDimSize(1)) + " elements) cuts blocks of " +
           std::to_string(type.blockElements);
  return "";
}

namespace {
struct KeepStored : impl::KeepStoredBase<KeepStored> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::StringMap<SmallVector<nn::GetOp>> gets;
    module.walk([&](nn::GetOp get) { gets[get.getName()].push_back(get); });
    for (auto parameter : module.getOps<nn::ParameterOp>()) {
      NamedAttrList source(parameter.getSourceAttr());
      auto name = dyn_cast_or_null<StringAttr>(source.get("stored"));
      if (!name)
        continue;
      std::string problem;
      std::optional<StoredFormat> format = storedFormat(name.str());
      if (!format)
        problem = "blocks of that type are not computed with";
      else
        problem = problemWithPart(parameter, storedType(*format));
      for (nn::GetOp get : gets.lookup(parameter.getSymName()))
        if (problem.empty())
          problem = problemWithUses(get.getResult());
      source.erase("stored");
      parameter.setSourceAttr(source.getDictionary(&getContext()));
      if (problem.empty())
        parameter->setAttr(storedAttrName, name);
      else
        remark::missed(parameter.getLoc(), remark::RemarkOpts::name("expanded").category("tp-keep-stored"))
            << (parameter.getSymName() + " is stored as " + name.getValue() + " and expanded to f32: " + problem).str();
    }
  }
};
} // namespace

} // namespace tp
