// Registration of the dialect `tprt`, and which of its functions work in place.
#include "dialects/tprt/Tprt.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "dialects/tprt/TprtDialect.cpp.inc"
#include "dialects/tprt/TprtInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/tprt/TprtOps.cpp.inc"

namespace tp::rt {

void TPRTDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/tprt/TprtOps.cpp.inc"
      >();
}

Value rootOf(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewOp>())
    buffer = view.getSource();
  return buffer;
}

using Pairs = llvm::SmallVector<std::pair<unsigned, unsigned>>;

static std::pair<unsigned, unsigned> pairOf(OpOperand &read, OpOperand &written) {
  return {read.getOperandNumber(), written.getOperandNumber()};
}

Pairs SoftmaxOp::getInPlacePairs() { return {pairOf(getXMutable(), getOutMutable())}; }
Pairs RmsNormOp::getInPlacePairs() { return {pairOf(getXMutable(), getOutMutable())}; }
Pairs LayerNormOp::getInPlacePairs() { return {pairOf(getXMutable(), getOutMutable())}; }
Pairs RopeOp::getInPlacePairs() { return {pairOf(getXMutable(), getOutMutable())}; }
Pairs AllReduceOp::getInPlacePairs() { return {pairOf(getSrcMutable(), getDstMutable())}; }
Pairs BroadcastOp::getInPlacePairs() { return {pairOf(getSrcMutable(), getDstMutable())}; }
Pairs ReduceToOp::getInPlacePairs() { return {pairOf(getSrcMutable(), getDstMutable())}; }

Pairs LaunchOp::getInPlacePairs() {
  Pairs pairs;
  unsigned reads = getReads().empty() ? 0 : getReads().getBeginOperandIndex();
  unsigned writes = getWrites().getBeginOperandIndex();
  for (size_t i = 0; i + 1 < getInPlace().size(); i += 2)
    pairs.push_back({reads + unsigned(getInPlace()[i]), writes + unsigned(getInPlace()[i + 1])});
  return pairs;
}

} // namespace tp::rt
