// Placeholder until each op's evaluation lands beside it.
#include "dialects/nn/Nn.h"
using namespace mlir;
#define NN_COMPUTE_OP(Op)                                                                                              \
  LogicalResult tp::nn::Op::evaluate(ArrayRef<HostTensor>, SmallVectorImpl<HostTensor> &) { return emitOpError() << "cannot be evaluated yet"; }
NN_COMPUTE_OP(ContractOp) NN_COMPUTE_OP(MapOp) NN_COMPUTE_OP(ReduceOp) NN_COMPUTE_OP(BroadcastOp) NN_COMPUTE_OP(ReshapeOp)
NN_COMPUTE_OP(TransposeOp) NN_COMPUTE_OP(SliceOp) NN_COMPUTE_OP(ConcatOp) NN_COMPUTE_OP(PadOp) NN_COMPUTE_OP(IotaOp)
NN_COMPUTE_OP(EmbeddingOp) NN_COMPUTE_OP(GatherOp) NN_COMPUTE_OP(SoftmaxOp) NN_COMPUTE_OP(RmsNormOp) NN_COMPUTE_OP(LayerNormOp)
NN_COMPUTE_OP(RopeOp) NN_COMPUTE_OP(CacheUpdateOp) NN_COMPUTE_OP(AttentionOp)
