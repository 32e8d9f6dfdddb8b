// The dialect itself, and what all its compute ops share: in the laid-out form every one checks its layouts against its
// factor map.
#include "dialects/nn/Nn.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace tp::nn;

#include "dialects/nn/NnDialect.cpp.inc"
#include "dialects/nn/NnEnums.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/nn/NnOps.cpp.inc"

void NNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/NnOps.cpp.inc"
      >();
}

LogicalResult NNDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != maxDynamicAttrName)
    return success();
  auto bound = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!isa<FunctionOpInterface>(op) || !bound || !bound.getType().isInteger(64) || bound.getInt() < 1)
    return op->emitOpError() << "has " << maxDynamicAttrName << " = " << attribute.getValue()
                             << ", needs a positive i64, on a function";
  return success();
}

int64_t tp::nn::maxDynamicOf(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto bound = op->getAttrOfType<IntegerAttr>(maxDynamicAttrName))
      return bound.getInt();
  return 1;
}

#define NN_COMPUTE_OP(Op)                                                                                                        \
  LogicalResult Op::verifySymbolUses(SymbolTableCollection &) { return verifyComputeOpLayouts(*this); }
NN_COMPUTE_OP(ContractOp)
NN_COMPUTE_OP(MapOp)
NN_COMPUTE_OP(ReduceOp)
NN_COMPUTE_OP(BroadcastOp)
NN_COMPUTE_OP(ReshapeOp)
NN_COMPUTE_OP(TransposeOp)
NN_COMPUTE_OP(SliceOp)
NN_COMPUTE_OP(ConcatOp)
NN_COMPUTE_OP(PadOp)
NN_COMPUTE_OP(IotaOp)
NN_COMPUTE_OP(EmbeddingOp)
NN_COMPUTE_OP(GatherOp)
NN_COMPUTE_OP(SoftmaxOp)
NN_COMPUTE_OP(RmsNormOp)
NN_COMPUTE_OP(LayerNormOp)
NN_COMPUTE_OP(RopeOp)
NN_COMPUTE_OP(CacheUpdateOp)
NN_COMPUTE_OP(AttentionOp)
#undef NN_COMPUTE_OP
