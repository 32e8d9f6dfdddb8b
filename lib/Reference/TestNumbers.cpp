// The pass `--tp-test-numbers`: a transform's numeric test in one line. It keeps a copy of the module, runs passes, and compares
// what every entry computes with what it computed before, on random inputs that both take by name.
#include "tp/Reference/Binding.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace tp::reference {

namespace {

struct TestNumbers : PassWrapper<TestNumbers, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestNumbers)

  TestNumbers() = default;
  TestNumbers(const TestNumbers &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "tp-test-numbers"; }
  StringRef getDescription() const override { return "fails where passes change what a program computes"; }

  void getDependentDialects(DialectRegistry &registry) const override {
    OpPassManager passes(ModuleOp::getOperationName());
    if (succeeded(parsePassPipeline(pipeline, passes, llvm::errs())))
      passes.getDependentDialects(registry);
  }

  void runOnOperation() override {
    OpPassManager passes(ModuleOp::getOperationName());
    if (failed(parsePassPipeline(pipeline, passes, llvm::errs())))
      return signalPassFailure();
    OwningOpRef<ModuleOp> original = cast<ModuleOp>(getOperation()->clone());
    if (failed(runPipeline(passes, getOperation())))
      return signalPassFailure();
    for (auto before : original->getOps<func::FuncOp>()) {
      if (before.isPrivate())
        continue;
      auto after = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(getOperation(), before.getSymNameAttr());
      if (!after) {
        before.emitError() << "is no longer there after the passes";
        return signalPassFailure();
      }
      if (failed(compare(before, after)))
        return signalPassFailure();
    }
  }

  LogicalResult compare(func::FuncOp before, func::FuncOp after) {
    NamedTensors tensors = randomTensors(before, seed, dynamicExtent);
    FailureOr<std::vector<HostTensor>> expected = evaluateWhole(before, tensors);
    if (failed(expected))
      return failure();
    FailureOr<std::vector<HostTensor>> found = evaluateWhole(after, tensors);
    if (failed(found))
      return failure();
    if (expected->size() != found->size())
      return before.emitError() << "has " << expected->size() << " results, and " << found->size() << " after the passes";
    for (auto [i, expectedResult, foundResult] : llvm::enumerate(*expected, *found)) {
      double difference = relativeDifference(expectedResult, foundResult);
      llvm::errs() << "@" << before.getSymName() << " result " << i
                   << (difference <= tolerance ? ": same numbers\n" : ": other numbers\n");
      if (difference > tolerance)
        return before.emitError() << "result " << i << " differs by " << difference
                                  << " of the largest magnitude after the passes, may differ by " << tolerance;
    }
    return success();
  }

  Option<std::string> pipeline{*this, "passes", llvm::cl::desc("passes that must keep the numbers")};
  Option<double> tolerance{*this, "tolerance", llvm::cl::desc("largest difference over largest magnitude"),
                           llvm::cl::init(1e-5)};
  Option<unsigned> seed{*this, "seed", llvm::cl::desc("of the random inputs"), llvm::cl::init(1)};
  Option<int64_t> dynamicExtent{*this, "dynamic-extent", llvm::cl::desc("size of dynamic extents"), llvm::cl::init(4)};
};

} // namespace

void registerTestNumbersPass() { PassRegistration<TestNumbers>(); }

} // namespace tp::reference
