// The two passes. Folding clones what is kept into the module and puts the whole program aside; unfolding clones local ops, so what a
// further layer costs is comparing and cloning, and no phase in between sees it.
#include "tp/Pipelines/FoldLayers.h"

#include "FoldedFunction.h"

#include "tp/Transforms/Partition.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

using namespace mlir;

namespace tp {

namespace {

struct FoldLayers : PassWrapper<FoldLayers, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FoldLayers)
  explicit FoldLayers(std::shared_ptr<LayerFold> fold) : fold(std::move(fold)) {}
  StringRef getName() const override { return "FoldLayers"; }
  void runOnOperation() override { fold->fold(getOperation()); }
  std::shared_ptr<LayerFold> fold;
};

struct UnfoldLayers : PassWrapper<UnfoldLayers, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(UnfoldLayers)
  UnfoldLayers(std::shared_ptr<LayerFold> fold, const PropagateOptions &propagate)
      : fold(std::move(fold)), propagate(propagate) {}
  StringRef getName() const override { return "UnfoldLayers"; }

  void runOnOperation() override {
    if (!fold->isFolded() || succeeded(fold->unfold(getOperation())))
      return;
    remark::missed(getOperation().getLoc(), remark::RemarkOpts::name("equal-layers").category("tp-shard"))
        << "equal layers are not partitioned alike: each is worked out by itself";
    fold->restore(getOperation());
    OpPassManager manager(ModuleOp::getOperationName());
    manager.addPass(createPropagate(propagate));
    manager.addPass(createPartition());
    if (failed(runPipeline(manager, getOperation())))
      signalPassFailure();
  }

  std::shared_ptr<LayerFold> fold;
  PropagateOptions propagate;
};

StringAttr nameOf(Operation &op) { return op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()); }

} // namespace

LayerFold::LayerFold() : folding(std::make_unique<Folding>()) {}
LayerFold::~LayerFold() = default;

void LayerFold::fold(ModuleOp module) {
  whole = nullptr;
  *folding = planFolding(module);
  if (folding->functions.empty())
    return;
  llvm::DenseMap<Operation *, const FoldedFunction *> foldedAs;
  for (const auto &each : folding->functions) {
    foldedAs[each->layers.function] = each.get();
    remark::passed(each->layers.function.getLoc(), remark::RemarkOpts::name("equal-layers").category("tp-shard"))
        << std::to_string(each->high - each->low) + " of " + std::to_string(each->layers.count) + " equal layers of " +
               std::to_string(each->layers.length) + " ops get what the others get";
  }
  whole = ModuleOp::create(module.getLoc());
  whole->getBodyRegion().takeBody(module.getBodyRegion());
  module.getBodyRegion().emplaceBlock();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  for (Operation &op : *whole->getBody())
    if (const FoldedFunction *folded = foldedAs.lookup(&op))
      folded->clone(builder);
    else if (!nameOf(op) || !folding->counterpart.contains(nameOf(op)))
      builder.clone(op);
}

LogicalResult LayerFold::unfold(ModuleOp module) {
  llvm::DenseMap<Attribute, Operation *> named;
  for (Operation &op : *module.getBody())
    named[nameOf(op)] = &op;
  std::vector<std::unique_ptr<Unfolder>> unfolders;
  for (const auto &each : folding->functions) {
    auto local = dyn_cast_or_null<func::FuncOp>(named.lookup(each->layers.function.getSymNameAttr()));
    if (!local || !local.getBody().hasOneBlock())
      return failure();
    unfolders.push_back(std::make_unique<Unfolder>(*each, local));
    if (!unfolders.back()->plan())
      return failure();
  }
  for (const auto &unfolder : unfolders)
    unfolder->run();
  // In the order of the whole program; what was left out is as its counterpart is.
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  for (Operation &op : *whole->getBody()) {
    StringAttr name = nameOf(op);
    if (Operation *kept = named.lookup(name)) {
      kept->moveBefore(module.getBody(), module.getBody()->end());
      continue;
    }
    Operation *model = named.lookup(folding->counterpart.lookup(name));
    Operation *made = builder.clone(op);
    made->removeAttr(layoutAttrName);
    made->setAttr("type", model->getAttr("type"));
    made->setAttr(globalTypeAttrName, model->getAttr(globalTypeAttrName));
  }
  *folding = Folding();
  // From the end, each op is done with when it is touched; a module that goes lets all ops drop their operands first.
  for (auto function : whole->getOps<func::FuncOp>())
    for (Block &block : llvm::reverse(function.getBody()))
      while (!block.empty() && block.back().use_empty())
        block.back().erase();
  whole = nullptr;
  return success();
}

void LayerFold::restore(ModuleOp module) {
  *folding = Folding();
  module.getBodyRegion().takeBody(whole->getBodyRegion());
  whole->getBodyRegion().emplaceBlock();
  whole = nullptr;
}

std::unique_ptr<Pass> createFoldLayers(std::shared_ptr<LayerFold> fold) { return std::make_unique<FoldLayers>(std::move(fold)); }

std::unique_ptr<Pass> createUnfoldLayers(std::shared_ptr<LayerFold> fold, const PropagateOptions &propagate) {
  return std::make_unique<UnfoldLayers>(std::move(fold), propagate);
}

namespace {
struct ShardOptions : PassPipelineOptions<ShardOptions> {
  Option<bool> fold{*this, "fold", llvm::cl::desc("work out equal layers once"), llvm::cl::init(true)};
};
} // namespace

void registerShardPipeline() {
  PassPipelineRegistration<ShardOptions>("tp-shard", "tp-propagate and tp-partition, equal layers once",
                                         [](OpPassManager &manager, const ShardOptions &options) {
                                           auto fold = options.fold ? std::make_shared<LayerFold>() : nullptr;
                                           if (fold)
                                             manager.addPass(createFoldLayers(fold));
                                           manager.addPass(createPropagate());
                                           manager.addPass(createPartition());
                                           if (fold)
                                             manager.addPass(createUnfoldLayers(fold, {}));
                                         });
}

} // namespace tp
