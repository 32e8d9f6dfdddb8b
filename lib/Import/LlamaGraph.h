// The program of a Llama-like decoder: parameters, caches, and the entries @prefill, @decode and @score.
#pragma once
#include "LlamaWeights.h"

namespace tp {

struct LlamaGraphOptions {
  DType type = DType::F32;
  int64_t batch = 1;
  int64_t maxSequence = 1;
};

/// Adds everything but the mesh, which `module` has, to `module`.
void buildLlama(mlir::ModuleOp module, const LlamaConfig &config, const LlamaPlan &plan, const LlamaGraphOptions &options);

} // namespace tp
