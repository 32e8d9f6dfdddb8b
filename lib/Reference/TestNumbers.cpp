// The pass `--tp-test-numbers`: a transform's numeric test in one line. It keeps a copy of the module, runs passes, and compares
// what every entry computes with what it computed before, on random inputs that both take by name.
#include "tp/Reference/TestNumbers.h"

#include "tp/Reference/Check.h"
#include "tp/Support/Error.h"

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
    OwningOpRef<ModuleOp> before = cast<ModuleOp>(getOperation()->clone());
    if (failed(runPipeline(passes, getOperation())))
      return signalPassFailure();
    try {
      CheckOptions options;
      options.seed = seed;
      CheckCase check = makeCase(*before, options);
      for (const Difference &difference : differences(runProgram(*before, check), runProgram(getOperation(), check))) {
        bool isSame = difference.value <= tolerance;
        llvm::errs() << "@" << difference.entry << " " << difference.output << (isSame ? ": same" : ": other") << " numbers\n";
        if (isSame)
          continue;
        getOperation().emitError() << "@" << difference.entry << " " << difference.output << " differs by " << difference.value
                                   << " of the largest magnitude after the passes, may differ by " << tolerance;
        signalPassFailure();
      }
    } catch (const Error &error) {
      getOperation().emitError() << error.what();
      signalPassFailure();
    }
  }

  Option<std::string> pipeline{*this, "passes", llvm::cl::desc("passes that must keep the numbers")};
  Option<double> tolerance{*this, "tolerance", llvm::cl::desc("largest difference over largest magnitude"), llvm::cl::init(1e-5)};
  Option<unsigned> seed{*this, "seed", llvm::cl::desc("of the random inputs"), llvm::cl::init(1)};
};

} // namespace

void registerTestNumbersPass() { PassRegistration<TestNumbers>(); }

} // namespace tp::reference
