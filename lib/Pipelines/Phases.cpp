// The list of phases; it reads as design and pipeline both.
#include "tp/Pipelines/Phases.h"

#include "tp/Analysis/VerifyLocal.h"
#include "tp/Conversion/Emit.h"
#include "tp/Conversion/KeepStored.h"
#include "tp/Conversion/Lower.h"
#include "tp/Transforms/Annotate.h"
#include "tp/Transforms/Memory.h"
#include "tp/Transforms/Normalize.h"
#include "tp/Transforms/Partition.h"
#include "tp/Transforms/Propagate.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace tp {

static AnnotateOptions annotateOptions(const PhaseOptions &options) {
  AnnotateOptions result;
  if (options.mesh)
    result.mesh = options.mesh->str();
  for (const ShardWish &wish : options.shards)
    result.shard += (result.shard.empty() ? "" : ";") + wish.text;
  return result;
}

static PropagateOptions propagateOptions(const PhaseOptions &options) {
  PropagateOptions result;
  result.explain = options.explain;
  return result;
}

const std::vector<Phase> &phases() {
  static const std::vector<Phase> list = {
      {"normalize", [](OpPassManager &pm, const PhaseOptions &) { pm.addPass(createNormalize()); }},
      {"annotate", [](OpPassManager &pm, const PhaseOptions &options) { pm.addPass(createAnnotate(annotateOptions(options))); }},
      {"propagate",
       [](OpPassManager &pm, const PhaseOptions &options) {
         if (options.fold)
           pm.addPass(createFoldLayers(options.fold));
         pm.addPass(createPropagate(propagateOptions(options)));
       }},
      {"partition",
       [](OpPassManager &pm, const PhaseOptions &options) {
         pm.addPass(createPartition());
         if (options.fold)
           pm.addPass(createUnfoldLayers(options.fold, propagateOptions(options)));
         pm.addPass(createVerifyLocal());
         pm.addPass(createKeepStored());
       }},
      {"lower", [](OpPassManager &pm, const PhaseOptions &) { pm.addPass(createLower()); }},
      {"memory", [](OpPassManager &pm, const PhaseOptions &) { pm.addPass(createMemory()); }},
      {"emit", [](OpPassManager &pm, const PhaseOptions &) { pm.addPass(createEmit()); }},
  };
  return list;
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> mesh{*this, "mesh", llvm::cl::desc("axes of the mesh, as in dp=2,tp=4")};
  Option<std::string> shard{*this, "shard", llvm::cl::desc("wishes PATTERN=[_,tp], separated by semicolons")};
  Option<std::string> target{*this, "target", llvm::cl::desc("cpu, cuda:sm_90 or cuda:sm_80"), llvm::cl::init("cpu")};
};
} // namespace

void registerPipeline() {
  PassPipelineRegistration<PipelineOptions>("tp-pipeline", "all phases of tp, in their order",
                                            [](OpPassManager &pm, const PipelineOptions &given) {
                                              PhaseOptions options;
                                              // A malformed value cannot be reported from here: the Annotate pass gets the text and does.
                                              AnnotateOptions annotate;
                                              annotate.mesh = given.mesh;
                                              annotate.shard = given.shard;
                                              options.target = given.target;
                                              options.fold = std::make_shared<LayerFold>();
                                              for (const Phase &phase : phases())
                                                if (phase.name == "annotate")
                                                  pm.addPass(createAnnotate(annotate));
                                                else
                                                  phase.addPasses(pm, options);
                                            });
}

} // namespace tp
