// arith and math inside LLVM functions become LLVM.
//
// LLVM does not vectorise a call of expf, so exp, log, tanh, erf and their like become polynomials first (accurate to a few
// units in the last place of f32); what is left calls libm. Conversions to and from bf16 become integer arithmetic, because
// processors without AVX512_BF16 would call a function of the compiler's own library.
#include "Entries.h"

#include "dialects/tprt/Tprt.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace tp::emit {

// The loads and stores of all loops of a kernel are one access group: no iteration of a parallel loop touches what another
// one does.
static void markParallelLoops(LLVM::LLVMFuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  SmallVector<LLVM::BrOp> backEdges;
  kernel.walk([&](LLVM::BrOp branch) {
    if (branch->removeAttr("tprt.parallel"))
      backEdges.push_back(branch);
  });
  if (backEdges.empty())
    return;
  auto group = LLVM::AccessGroupAttr::get(context);
  ArrayAttr groups = ArrayAttr::get(context, {group});
  for (Block &block : llvm::drop_begin(kernel.getBody()))
    for (Operation &op : block) {
      if (auto load = dyn_cast<LLVM::LoadOp>(op))
        load.setAccessGroupsAttr(groups);
      if (auto store = dyn_cast<LLVM::StoreOp>(op))
        store.setAccessGroupsAttr(groups);
    }
  for (LLVM::BrOp branch : backEdges)
    branch.setLoopAnnotationAttr(
        LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {group}));
}

LogicalResult convertKernels(ModuleOp module) {
  MLIRContext *context = module.getContext();
  RewritePatternSet expansions(context);
  populateMathPolynomialApproximationPatterns(expansions, [](StringRef name) {
    return llvm::is_contained({"math.exp", "math.expm1", "math.log", "math.log1p", "math.log2", "math.tanh", "math.erf"}, name);
  });
  // Not sinh, asinh and atanh: as exponentials and logarithms they lose all digits of small numbers.
  math::populateExpansionPatterns(expansions, {"rsqrt", "exp2", "cosh", "acosh", "clampf"});
  arith::populateExpandBFloat16Patterns(expansions);
  arith::populateCeilFloorDivExpandOpsPatterns(expansions);
  if (failed(applyPatternsGreedily(module, std::move(expansions))))
    return failure();

  LLVMTypeConverter types(context);
  RewritePatternSet patterns(context);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false, /*benefit=*/2);
  populateMathToLibmConversionPatterns(patterns);
  ConversionTarget target(*context);
  target.addLegalDialect<LLVM::LLVMDialect>();
  target.addLegalOp<ModuleOp>();
  target.addIllegalDialect<arith::ArithDialect, math::MathDialect>();
  target.addLegalOp<func::FuncOp, func::CallOp>();
  if (failed(applyPartialConversion(module, target, std::move(patterns))))
    return failure();
  // Calls of libm were made as calls of func.
  RewritePatternSet calls(context);
  populateFuncToLLVMConversionPatterns(types, calls);
  ConversionTarget llvmOnly(*context);
  llvmOnly.addLegalDialect<LLVM::LLVMDialect>();
  llvmOnly.addIllegalDialect<func::FuncDialect>();
  if (failed(applyPartialConversion(module, llvmOnly, std::move(calls))))
    return failure();
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>())
    if (kernel->removeAttr(rt::kernelAttrName))
      markParallelLoops(kernel);
  return success();
}

} // namespace tp::emit
