// Works out the layouts of a few equal layers and gives them to all.
//
// Between Annotate and Propagate a module loses the middle ones of its equal layers; what Partition then makes of those that are
// left is looked at: if it, too, is the same ops again and again, it is repeated for the layers that are missing. If not (a first
// or last layer changes what the others do), or if nothing is equal, the whole program goes through both phases.
#pragma once
#include "tp/Transforms/Propagate.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>

namespace tp {

struct Folding;

/// What the two passes below know of one module between them.
class LayerFold {
public:
  LayerFold();
  ~LayerFold();

  /// Leaves in `module` the first layers and the last, where there are enough equal ones. Keeps the whole program.
  void fold(mlir::ModuleOp module);
  /// Repeats what Partition made of the layers that were left. Fails, without a diagnostic, where that differs among them.
  llvm::LogicalResult unfold(mlir::ModuleOp module);
  /// Puts the whole program back, as it was before `fold`.
  void restore(mlir::ModuleOp module);
  bool isFolded() const { return !!whole; }

private:
  mlir::OwningOpRef<mlir::ModuleOp> whole;
  std::unique_ptr<Folding> folding;
};

/// Before tp-propagate.
std::unique_ptr<mlir::Pass> createFoldLayers(std::shared_ptr<LayerFold> fold);
/// After tp-partition; runs both phases on the whole program where the layers that were left differ.
std::unique_ptr<mlir::Pass> createUnfoldLayers(std::shared_ptr<LayerFold> fold, const PropagateOptions &propagate);

/// Registers the pipeline --tp-shard: tp-propagate and tp-partition, equal layers once; --tp-shard=fold=false, each layer.
void registerShardPipeline();

} // namespace tp
