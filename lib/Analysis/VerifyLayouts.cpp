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
    if (failed(verifyTypes(op)))
      return failure();
    if (isa<ReshardOp, func::CallOp, func::ReturnOp>(op) || isa<nn::GetOp, nn::SetOp>(op))
      return success(); // their own verifiers compare types
    if (auto rule = dyn_cast<ShardingRule>(op))
      return success(succeeded(verifyLaidOut(op, rule, mesh)));
    return verifyWhole(op);
  }

private:
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

LogicalResult verifyLayouts(ModuleOp module) {
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
