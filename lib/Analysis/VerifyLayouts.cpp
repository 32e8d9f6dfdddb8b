// Refuses laid-out programs whose layouts do not fit. Each distinct tensor type is checked once; each op by its own factor map.
#include "tp/Analysis/VerifyLayouts.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tp {

namespace {

bool hasLayout(Operation *op) {
  auto laidOut = [](Type type) { return !!layoutOf(type); };
  return llvm::any_of(op->getOperandTypes(), laidOut) || llvm::any_of(op->getResultTypes(), laidOut);
}

// An op without a sharding rule: every tensor of it must be whole.
LogicalResult verifyWhole(Operation *op) {
  auto check = [&](Type type, StringRef what, size_t i) -> LogicalResult {
    LayoutAttr layout = layoutOf(type);
    if (layout && !layout.getLayout().isWhole())
      return op->emitOpError() << "has no sharding rule, so it needs whole tensors, but its " << what << " " << i
                               << " has layout " << layout.getLayout().str();
    return success();
  };
  for (auto [i, type] : llvm::enumerate(op->getOperandTypes()))
    if (failed(check(type, "operand", i)))
      return failure();
  for (auto [i, type] : llvm::enumerate(op->getResultTypes()))
    if (failed(check(type, "result", i)))
      return failure();
  return success();
}

class LayoutVerifier {
public:
  explicit LayoutVerifier(const Mesh &mesh) : mesh(mesh) {}

  LogicalResult verify(Operation *op) {
    if (auto function = dyn_cast<func::FuncOp>(op))
      return verifyFunction(function);
    if (isa<ConstrainOp>(op))
      return op->emitOpError("is a wish: a laid-out program has none, Propagate has turned it into a layout");
    if (!hasLayout(op))
      return success();
    if (failed(verifyTypes(op)) || failed(verifyBody(op)))
      return failure();
    if (isa<ReshardOp, func::CallOp, func::ReturnOp>(op) || isa<nn::GetOp, nn::SetOp>(op))
      return success(); // their own verifiers compare types
    if (auto rule = dyn_cast<ShardingRule>(op))
      return success(succeeded(verifyLaidOut(op, rule, mesh)));
    return verifyWhole(op);
  }

private:
  // A body is copied to where its op goes, alone.
  LogicalResult verifyBody(Operation *op) {
    WalkResult found = op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (inner != op && !op->isAncestor(operand.getParentBlock()->getParentOp()))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (found.wasInterrupted())
      return op->emitOpError("uses a value from outside its body: run --tp-normalize first, which moves it in");
    return success();
  }

  LogicalResult verifyTypes(Operation *op) {
    auto all = llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()), SmallVector<Type>(op->getResultTypes()));
    for (Type type : all) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || seen.contains(type))
        continue;
      LayoutAttr layout = layoutOf(tensor);
      if (!layout)
        return op->emitOpError() << "has a tensor without a layout, " << type << ", beside tensors with one";
      if (failed(verifyLayout(op, layout, tensor, /*isWish=*/false, "")))
        return failure();
      seen.insert(type);
    }
    return success();
  }

  LogicalResult verifyFunction(func::FuncOp function) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (layoutOf(function.getArgumentTypes()[i]) && function.getArgAttr(i, layoutAttrName))
        return function.emitOpError() << "argument " << i << " has both a layout and a wish";
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (layoutOf(function.getResultTypes()[i]) && function.getResultAttr(i, layoutAttrName))
        return function.emitOpError() << "result " << i << " has both a layout and a wish";
    return success();
  }

  const Mesh &mesh;
  llvm::DenseSet<Type> seen;
};

} // namespace

LogicalResult verifyTensors(ModuleOp module) {
  constexpr int64_t most = int64_t(1) << 48;
  llvm::DenseSet<Type> seen;
  auto check = [&](Operation *op, Type type) -> LogicalResult {
    if (!seen.insert(type).second)
      return success();
    constexpr const char *known = "f16, bf16, f32, f64, index, i1, i8, si8, ui8, i16, i32 and i64";
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor && dtypeOf(type))
      return success();
    if (!tensor)
      return op->emitOpError() << "has a value of type " << type << "; known are tensors of known rank, and numbers of " << known;
    if (!dtypeOf(tensor.getElementType()))
      return op->emitOpError() << "has a tensor of element type " << tensor.getElementType() << "; known are " << known;
    // A zero hides nothing: whoever multiplies may meet it last.
    int64_t count = 1;
    for (int64_t size : tensor.getShape())
      if (!ShapedType::isDynamic(size) && size != 0 && (__builtin_mul_overflow(count, size, &count) || count > most))
        return op->emitOpError() << "has a tensor of more than 2^48 elements, " << type;
    return success();
  };
  WalkResult found = module.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (failed(check(op, type)))
        return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Type type : block.getArgumentTypes())
          if (failed(check(op, type)))
            return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(found.wasInterrupted());
}

LogicalResult verifyLayouts(ModuleOp module) {
  if (failed(verifyTensors(module)))
    return failure();
  MeshOp meshOp = findMesh(module);
  if (!meshOp) {
    WalkResult found = module.walk([](Operation *op) { return hasLayout(op) ? WalkResult::interrupt() : WalkResult::advance(); });
    if (found.wasInterrupted())
      return module.emitError("the program has layouts, but no tp.mesh");
    return success();
  }
  Mesh mesh = meshOp.getMesh();
  bool laidOut =
      module.walk([](Operation *op) { return hasLayout(op) ? WalkResult::interrupt() : WalkResult::advance(); }).wasInterrupted();
  if (!laidOut)
    return success();
  LayoutVerifier verifier(mesh);
  bool good = true;
  // One error per mistake: an op nested in a refused op is not looked at.
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (succeeded(verifier.verify(op)))
      return WalkResult::advance();
    good = false;
    return WalkResult::skip();
  });
  return success(good);
}

#define GEN_PASS_DEF_VERIFYLAYOUTS
#include "tp/Analysis/VerifyLayouts.h.inc"

namespace {
struct VerifyLayouts : impl::VerifyLayoutsBase<VerifyLayouts> {
  void runOnOperation() override {
    if (failed(verifyLayouts(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

} // namespace tp
