// The phase as a whole: the order of its steps, and the check that it is given what it needs.
#include "tp/Transforms/Partition.h"

#include "tp/Analysis/VerifyLayouts.h"

using namespace mlir;

namespace tp {

LogicalResult requireLaidOutForm(ModuleOp module, StringRef pass) {
  MeshOp mesh = findMesh(module);
  if (!mesh)
    return module.emitError() << pass << " needs a tp.mesh";
  auto refuse = [&](Operation *op, Type type) -> LogicalResult {
    return op->emitError() << pass << " needs the laid-out form: run --tp-propagate first (" << type << " has no layout)";
  };
  auto check = [&](Operation *op, TypeRange types) -> LogicalResult {
    for (Type type : types)
      if (isa<TensorType>(type) && !layoutOf(type))
        return refuse(op, type);
    return success();
  };
  for (Operation &op : *module.getBody()) {
    if (op.hasAttr(globalTypeAttrName))
      return op.emitError() << pass << " needs the laid-out form, and this program is in the local form already";
    if (auto parameter = dyn_cast<nn::ParameterOp>(op)) {
      if (failed(check(&op, parameter.getType())))
        return failure();
    } else if (auto state = dyn_cast<nn::StateOp>(op)) {
      if (failed(check(&op, state.getType())))
        return failure();
    } else if (auto function = dyn_cast<func::FuncOp>(op)) {
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (function.getArgAttr(i, globalTypeAttrName))
          return op.emitError() << pass << " needs the laid-out form, and this program is in the local form already";
      if (failed(check(&op, function.getArgumentTypes())) || failed(check(&op, function.getResultTypes())))
        return failure();
    }
  }
  return success();
}

#define GEN_PASS_DEF_PARTITION
#define GEN_PASS_DEF_SIMPLIFYRESHARDS
#define GEN_PASS_DEF_PLACEREDUCTIONS
#define GEN_PASS_DEF_CONVERTTOLOCAL
#include "tp/Transforms/Partition.h.inc"

namespace {

LogicalResult begin(ModuleOp module, StringRef pass) {
  return failure(failed(requireLaidOutForm(module, pass)) || failed(verifyLayouts(module)));
}

struct Partition : impl::PartitionBase<Partition> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(begin(module, "tp-partition")))
      return signalPassFailure();
    simplifyReshards(module);
    placeReductions(module);
    simplifyReshards(module);
    if (failed(convertToLocal(module)))
      signalPassFailure();
  }
};

struct SimplifyReshards : impl::SimplifyReshardsBase<SimplifyReshards> {
  void runOnOperation() override {
    if (failed(begin(getOperation(), "tp-simplify-reshards")))
      return signalPassFailure();
    simplifyReshards(getOperation());
  }
};

struct PlaceReductions : impl::PlaceReductionsBase<PlaceReductions> {
  void runOnOperation() override {
    if (failed(begin(getOperation(), "tp-place-reductions")))
      return signalPassFailure();
    placeReductions(getOperation());
  }
};

struct ConvertToLocal : impl::ConvertToLocalBase<ConvertToLocal> {
  void runOnOperation() override {
    if (failed(begin(getOperation(), "tp-convert-to-local")) || failed(convertToLocal(getOperation())))
      signalPassFailure();
  }
};

} // namespace

} // namespace tp
