// The one list of dialects and passes of tp's tools.
#include "tp/InitAll.h"

#include "dialects/tprt/Tprt.h"
#include "tp/Analysis/VerifyLayouts.h"
#include "tp/Analysis/VerifyLocal.h"
#include "tp/Conversion/Emit.h"
#include "tp/Conversion/KeepStored.h"
#include "tp/Conversion/Lower.h"
#include "tp/Pipelines/FoldLayers.h"
#include "tp/Pipelines/Phases.h"
#include "tp/Reference/TestNumbers.h"
#include "tp/Transforms/Annotate.h"
#include "tp/Transforms/Memory.h"
#include "tp/Transforms/Normalize.h"
#include "tp/Transforms/Partition.h"
#include "tp/Transforms/Propagate.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"

namespace tp {

void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<TPDialect, nn::NNDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::math::MathDialect,
                  mlir::linalg::LinalgDialect, mlir::tensor::TensorDialect, mlir::cf::ControlFlowDialect, mlir::scf::SCFDialect,
                  mlir::memref::MemRefDialect, mlir::ml_program::MLProgramDialect, mlir::LLVM::LLVMDialect, rt::TPRTDialect>();
  registerUpstreamShardingRules(registry);
}

void registerAllPasses() {
  reference::registerTestNumbersPass();
  registerVerifyLayoutsPasses();
  registerEmitPasses();
  registerMemoryPasses();
  registerKeepStoredPasses();
  registerLowerPasses();
  registerNormalizePasses();
  registerVerifyLocalPasses();
  registerAnnotatePasses();
  registerPartitionPasses();
  registerPropagatePasses();
  registerPipeline();
  registerShardPipeline();
}

} // namespace tp
