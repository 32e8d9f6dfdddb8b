// What a Llama-like decoder is, whatever file says so: sizes, which layers have biases, and its rotary embedding.
#pragma once
#include "RopeFrequencies.h"

#include "tp/Support/WeightFile.h"

#include <optional>
#include <string>
#include <vector>

namespace tp {

struct LlamaConfig {
  /// The file that says so, for errors.
  std::string source;
  int64_t hidden = 0, feedForward = 0, layers = 0, heads = 0, keyHeads = 0, headWidth = 0, vocabulary = 0;
  /// The longest sequence the model was made for.
  int64_t maxSequence = 0;
  /// Whether it may be exceeded: not with "dynamic" scaling, whose frequencies change beyond it.
  bool maxSequenceIsHard = false;
  double epsilon = 0;
  /// The output projection is the embedding table.
  bool tied = false;
  bool queryBias = false, outputBias = false, feedForwardBias = false;
  /// A token sees this many tokens, itself among them; 0: all before it.
  int64_t window = 0;
  RopeFrequencies rope;
  /// Pairs are (2i, 2i+1), as in GGUF files of arch "llama", whose q and k rows are stored in that order.
  bool interleaved = false;
  std::vector<int64_t> endTokens;
  int64_t beginToken = -1;
  bool addBeginToken = false;
};

/// Reads config.json (and generation_config.json, tokenizer_config.json where they are there) of a Hugging Face folder.
/// Throws Error, also for what the config asks for and tp cannot do.
LlamaConfig readHuggingFaceConfig(const std::string &folder);

/// Reads the metadata of a GGUF file of arch "llama" or "qwen2". Throws Error.
LlamaConfig readGgufConfig(const WeightFile &file);

} // namespace tp
