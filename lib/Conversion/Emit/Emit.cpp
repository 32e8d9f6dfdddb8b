// The pass: entries, then kernels, and nothing but LLVM is left.
#include "tp/Conversion/Emit.h"

#include "Entries.h"
#include "dialects/nn/Nn.h"
#include "dialects/tprt/Tprt.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tp {

#define GEN_PASS_DEF_EMIT
#include "tp/Conversion/Emit.h.inc"

namespace {
struct Emit : impl::EmitBase<Emit> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(emit::convertEntries(module)))
      return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
      if (isa<MeshOp, nn::ParameterOp, nn::StateOp>(op))
        op.erase();
    for (NamedAttribute attribute : llvm::to_vector(module->getDiscardableAttrs()))
      module->removeDiscardableAttr(attribute.getName());
    if (failed(emit::convertKernels(module)))
      return signalPassFailure();
  }
};
} // namespace

} // namespace tp
