// What a Llama-like decoder is, whatever file says so: sizes, which layers have biases, and its rotary embedding.
#pragma once
#include "Activation.h"
#include "ModelFamily.h"
#include "RopeFrequencies.h"

namespace tp {

struct LlamaConfig {
  ModelFacts facts;
  int64_t hidden = 0, feedForward = 0, layers = 0, heads = 0, keyHeads = 0, headWidth = 0;
  double epsilon = 0;
  Activation activation = Activation::Silu;
  /// The output projection is the embedding table.
  bool tied = false;
  bool queryBias = false, outputBias = false, feedForwardBias = false;
  /// Each head of queries and keys is normalised before it is rotated (Qwen3).
  bool headNorms = false;
  /// By layer: a token sees this many tokens, itself among them; 0: all before it.
  std::vector<int64_t> windows;
  RopeFrequencies rope;
  /// Pairs are (2i, 2i+1), as in GGUF files of arch "llama", whose q and k rows are stored in that order.
  bool interleaved = false;
};

/// Reads the metadata of a GGUF file of arch "llama", "qwen2" or "qwen3". Throws Error.
LlamaConfig readGgufConfig(const WeightFile &file);

/// All weights of the model, in the order of the forward pass.
std::vector<ModelWeight> llamaWeights(const LlamaConfig &config, bool isGguf);

/// The family member that `config` describes.
ModelFamily llamaFamily(LlamaConfig config, bool isGguf);

} // namespace tp
