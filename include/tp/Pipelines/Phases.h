// The phases in their order, for the tools and for tp-opt's --tp-pipeline. One list: what is not in it does not run.
#pragma once
#include "tp/Pipelines/FoldLayers.h"
#include "tp/Support/Mesh.h"
#include "tp/Support/ShardWish.h"

#include "mlir/Pass/PassManager.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tp {

struct PhaseOptions {
  std::optional<Mesh> mesh;
  std::vector<ShardWish> shards;
  /// "cpu", "cuda:sm_90" or "cuda:sm_80"
  std::string target = "cpu";
  /// Note on collectives from which wish, and through which ops, they came.
  bool explain = false;
  /// Set: equal layers are laid out and partitioned once. The module between the two phases is not the whole one then.
  std::shared_ptr<LayerFold> fold;
};

struct Phase {
  /// As in --tp-stop-after and in "compile_seconds".
  std::string name;
  std::function<void(mlir::OpPassManager &, const PhaseOptions &)> addPasses;
};

/// All phases on MLIR, from the global form on.
const std::vector<Phase> &phases();

/// Registers --tp-pipeline='mesh=dp=2,tp=4 target=cpu'.
void registerPipeline();

} // namespace tp
