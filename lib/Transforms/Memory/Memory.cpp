// The pass: join, then plan. Sizes are planned for the largest number of tokens, so offsets are constants.
#include "tp/Transforms/Memory.h"

#include "Joining.h"
#include "dialects/nn/Nn.h"
#include "tp/Planning/PlanArena.h"

using namespace mlir;

namespace tp {
namespace memory {

/// Largest value of an i64 that Lower made of numbers and token counts; nothing for any other.
static std::optional<int64_t> boundOf(Value value, int64_t maxTokens) {
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    return cast<IntegerAttr>(constant.getValue()).getInt();
  if (auto tokens = value.getDefiningOp<rt::TokensOp>())
    return (maxTokens + tokens.getSplit() - 1) / tokens.getSplit();
  if (auto product = value.getDefiningOp<arith::MulIOp>()) {
    auto left = boundOf(product.getLhs(), maxTokens), right = boundOf(product.getRhs(), maxTokens);
    if (left && right)
      return *left * *right;
  }
  return std::nullopt;
}

static LogicalResult planFunction(func::FuncOp function) {
  constexpr int64_t alignment = 64; // a cache line, and the width of the widest vector
  int64_t maxTokens = nn::maxDynamicOf(function);
  auto accesses = accessesOf(function);
  SmallVector<rt::BufferOp> unused, buffers;
  std::vector<ArenaBuffer> lives;
  for (auto buffer : function.front().getOps<rt::BufferOp>()) {
    auto found = accesses.find(buffer.getResult());
    if (found == accesses.end()) {
      unused.push_back(buffer);
      continue;
    }
    auto type = cast<MemRefType>(buffer.getType());
    int64_t bytes = std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
    for (int64_t extent : type.getShape())
      bytes *= ShapedType::isDynamic(extent) ? 1 : extent;
    for (Value size : buffer.getSizes()) {
      std::optional<int64_t> bound = boundOf(size, maxTokens);
      if (!bound)
        return buffer.emitOpError("has a size that is neither a number nor a number of tokens");
      bytes *= *bound;
    }
    bytes = (bytes + alignment - 1) / alignment * alignment;
    lives.push_back({found->second.front().time, found->second.back().time + 1, bytes});
    buffers.push_back(buffer);
  }
  for (rt::BufferOp buffer : unused)
    if (buffer->use_empty())
      buffer.erase();
  ArenaPlan plan = planArena(lives);
  for (auto [buffer, offset] : llvm::zip_equal(buffers, plan.offsets))
    buffer.setOffset(offset);
  function->setAttr(rt::arenaBytesAttrName, OpBuilder(function).getI64IntegerAttr(plan.bytes));
  return success();
}

} // namespace memory

#define GEN_PASS_DEF_MEMORY
#include "tp/Transforms/Memory.h.inc"

namespace {
struct Memory : impl::MemoryBase<Memory> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      memory::joinBuffers(function);
      if (failed(memory::planFunction(function)))
        return signalPassFailure();
    }
  }
};
} // namespace

} // namespace tp
