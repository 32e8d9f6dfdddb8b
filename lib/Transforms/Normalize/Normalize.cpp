// The phase Normalize: the list of its steps.
#include "tp/Transforms/Normalize.h"

#include "lib/Transforms/Normalize/Steps.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/VerifyLayouts.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tp {

#define GEN_PASS_DEF_NORMALIZE
#include "tp/Transforms/Normalize.h.inc"

// Attributes of all arguments are set at once: setting one copies the list of all.
void normalize::nameArgumentsAndResults(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  auto named = [&](DictionaryAttr attributes, const Twine &name) {
    NamedAttrList list(attributes);
    if (!list.get(nameAttrName))
      list.set(nameAttrName, StringAttr::get(context, name));
    return list.getDictionary(context);
  };
  SmallVector<DictionaryAttr> arguments, results;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    arguments.push_back(named(function.getArgAttrDict(i), "arg" + Twine(i)));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    results.push_back(named(function.getResultAttrDict(i), "result" + Twine(i)));
  function.setAllArgAttrs(arguments);
  function.setAllResultAttrs(results);
}

static LogicalResult refuseLaidOut(ModuleOp module) {
  WalkResult found = module.walk([](Operation *op) -> WalkResult {
    for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
      if (layoutOf(type))
        return op->emitOpError() << "has a layout in a type; Normalize needs the global form, before Propagate";
    return WalkResult::advance();
  });
  return failure(found.wasInterrupted());
}

// Upstream's patterns and CSE. Safe here and not after Propagate: no type has a layout yet, and tp.constrain has an effect.
static void canonicalise(ModuleOp module) {
  MLIRContext *context = module.getContext();
  RewritePatternSet patterns(context);
  for (Dialect *dialect : context->getLoadedDialects())
    dialect->getCanonicalizationPatterns(patterns);
  for (RegisteredOperationName name : context->getRegisteredOperations())
    name.getCanonicalizationPatterns(patterns, context);
  (void)applyPatternsGreedily(module, std::move(patterns)); // not converging is no error: the program is right at every step
  IRRewriter rewriter(context);
  DominanceInfo dominance(module);
  eliminateCommonSubExpressions(rewriter, dominance, module);
}

// What front ends declare beside the functions and nothing here uses, such as the seed of random numbers.
static void eraseUnusedGlobals(ModuleOp module) {
  for (auto global : llvm::make_early_inc_range(module.getOps<ml_program::GlobalOp>()))
    if (global.isPrivate() && SymbolTable::symbolKnownUseEmpty(global, module))
      global.erase();
}

static void markParameters(func::FuncOp function) {
  SmallVector<DictionaryAttr> arguments;
  for (auto [i, isParameter] : llvm::enumerate(parameterArguments(function))) {
    NamedAttrList list(function.getArgAttrDict(i));
    if (isParameter)
      list.set(parameterAttrName, UnitAttr::get(function.getContext()));
    arguments.push_back(list.getDictionary(function.getContext()));
  }
  function.setAllArgAttrs(arguments);
}

// What stays whole in every dimension, and so may cost a gather.
static void remarkOnOpsWithoutRule(func::FuncOp function) {
  function.walk([](Operation *op) {
    if (isa<ShardingRule>(op) || isa<ConstrainOp, func::ReturnOp, func::CallOp, nn::GetOp, nn::SetOp>(op))
      return;
    if (llvm::any_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
      normalize::remarkOn(op, "no-rule",
                          "'" + op->getName().getStringRef() + "' has no sharding rule: it stays whole in every dimension");
  });
}

namespace {
struct Normalize : impl::NormalizeBase<Normalize> {
  void runOnOperation() override {
    using namespace tp::normalize;
    ModuleOp module = getOperation();
    if (failed(verifyTensors(module)) || failed(refuseLaidOut(module)) || failed(inlinePrivateCalls(module)))
      return signalPassFailure();
    eraseUnusedGlobals(module);
    canonicalise(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      nameArgumentsAndResults(function);
      raise(function);
      simplify(function);
    }
    canonicalise(module); // equal pieces become one, by which they are recognised
    for (auto function : module.getOps<func::FuncOp>()) {
      recogniseRows(function);
      pullSlicesToParameters(function);
      splitSlicedArguments(function);
    }
    splitSlicedParameters(module);
    simplify(module);
    canonicalise(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      markParameters(function);
      remarkOnOpsWithoutRule(function);
    }
  }
};
} // namespace

} // namespace tp
