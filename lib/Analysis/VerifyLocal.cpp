// The pass that every phase on the local form runs first.
#include "tp/Analysis/VerifyLocal.h"

#include "tp/Analysis/StateAnalysis.h"
#include "tp/Analysis/VerifyLayouts.h"

using namespace mlir;

namespace tp {

LogicalResult verifyLocal(ModuleOp module) {
  if (!findMesh(module))
    return module.emitError("a local program needs a tp.mesh");
  if (failed(verifyTensors(module)))
    return failure();
  bool good = true;
  module.walk([&](ReshardOp op) {
    op.emitOpError("has no place in the local form: run --tp-partition first");
    good = false;
  });
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!good)
      break;
    if (function.isExternal() || !function.getBody().hasOneBlock()) {
      function.emitOpError("needs one block, to be a local program");
      good = false;
      continue;
    }
    good &= StateAnalysis(function).isConsistent();
  }
  return success(good);
}

#define GEN_PASS_DEF_VERIFYLOCAL
#include "tp/Analysis/VerifyLocal.h.inc"

namespace {
struct VerifyLocal : impl::VerifyLocalBase<VerifyLocal> {
  void runOnOperation() override {
    if (failed(verifyLocal(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

} // namespace tp
