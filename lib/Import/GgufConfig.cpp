// The metadata of a GGUF file. Arch "llama" stores the rows of q and k so that rotary pairs are neighbours; "qwen2" and "qwen3"
// keep the order of Hugging Face. Llama 3's scaling of frequencies is stored as a tensor of divisors, "rope_freqs.weight".
#include "ConfigKeys.h"
#include "LlamaConfig.h"

#include "tp/Support/Error.h"
#include "tp/Support/Gguf.h"

namespace tp {

namespace {

// The keys of one architecture: "llama.block_count", ...
struct Metadata {
  const GgufFile &gguf;
  std::string prefix, source;

  std::string key(const char *name) const { return prefix + "." + name; }
  int64_t positive(const char *name, int64_t most, std::optional<int64_t> fallback = {}) const {
    int64_t value = fallback ? gguf.intAt(key(name), *fallback) : gguf.intAt(key(name));
    checkSize(value, key(name), most, source);
    return value;
  }
};

void readRope(const Metadata &metadata, const WeightFile &file, LlamaConfig &model) {
  const GgufFile &gguf = metadata.gguf;
  RopeScaling scaling;
  scaling.kind = gguf.stringAt(metadata.key("rope.scaling.type"), "none");
  if (scaling.kind == "none")
    scaling.kind = "default";
  scaling.factor = gguf.numberAt(metadata.key("rope.scaling.factor"), 1);
  if (scaling.factor == 0)
    scaling.factor = 1;
  scaling.originalLength = gguf.numberAt(metadata.key("rope.scaling.original_context_length"), model.facts.maxSequence);
  scaling.betaFast = gguf.numberAt(metadata.key("rope.scaling.yarn_beta_fast"), scaling.betaFast);
  scaling.betaSlow = gguf.numberAt(metadata.key("rope.scaling.yarn_beta_slow"), scaling.betaSlow);
  if (scaling.kind == "default")
    scaling.factor = 1;
  int64_t rotated = metadata.positive("rope.dimension_count", mostHeads, model.headWidth);
  if (rotated > model.headWidth)
    throw Error(model.facts.source + ": \"" + metadata.key("rope.dimension_count") + "\" is " + std::to_string(rotated) +
                ", more than the " + std::to_string(model.headWidth) + " elements of a head");
  double base = gguf.numberAt(metadata.key("rope.freq_base"), 10000);
  model.rope = ropeFrequencies(base, rotated, scaling, model.facts.source);

  if (const StoredTensor *divisors = file.find("rope_freqs.weight")) {
    if (divisors->shape != std::vector<int64_t>{rotated / 2})
      throw Error(model.facts.source + ": \"rope_freqs.weight\" needs " + std::to_string(rotated / 2) + " elements");
    std::vector<float> values(rotated / 2);
    file.read("rope_freqs.weight", DType::F32, values.data());
    for (size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] > 0))
        throw Error(model.facts.source + ": element " + std::to_string(i) + " of \"rope_freqs.weight\" is not positive");
      model.rope.inverse[i] /= values[i];
    }
  }
}

} // namespace

LlamaConfig readGgufConfig(const WeightFile &file) {
  const GgufFile &gguf = *file.gguf();
  LlamaConfig model;
  model.facts.source = file.path();
  std::string architecture = gguf.stringAt("general.architecture");
  if (architecture != "llama" && architecture != "qwen2" && architecture != "qwen3")
    throw Error(model.facts.source + ": unknown architecture \"" + architecture + "\"; known are llama, qwen2, qwen3");
  Metadata metadata{gguf, architecture, model.facts.source};
  if (gguf.intAt(metadata.key("expert_count"), 0) > 0)
    throw Error(model.facts.source + ": the model has experts, which tp cannot do");

  model.hidden = metadata.positive("embedding_length", mostFeatures);
  model.feedForward = metadata.positive("feed_forward_length", mostFeatures);
  model.layers = metadata.positive("block_count", mostLayers);
  model.heads = metadata.positive("attention.head_count", mostHeads);
  model.keyHeads = metadata.positive("attention.head_count_kv", mostHeads, model.heads);
  model.facts.maxSequence = metadata.positive("context_length", mostRows);
  if (model.heads % model.keyHeads != 0)
    throw Error(model.facts.source + ": " + std::to_string(model.heads) + " query heads do not divide over " +
                std::to_string(model.keyHeads) + " key/value heads");
  bool hasWidth = gguf.has(metadata.key("attention.key_length"));
  if (!hasWidth && model.hidden % model.heads != 0)
    throw Error(model.facts.source + ": embedding length " + std::to_string(model.hidden) + " does not divide over " +
                std::to_string(model.heads) + " heads");
  model.headWidth = metadata.positive("attention.key_length", mostHeads, model.hidden / model.heads);
  if (metadata.positive("attention.value_length", mostHeads, model.headWidth) != model.headWidth)
    throw Error(model.facts.source + ": keys and values of different widths are something tp cannot do");
  model.epsilon = gguf.numberAt(metadata.key("attention.layer_norm_rms_epsilon"));
  model.facts.vocabulary = file.at("token_embd.weight").shape[0];
  // What the architecture leaves open is seen from the tensors that are there.
  model.tied = !file.find("output.weight");
  model.queryBias = file.find("blk.0.attn_q.bias");
  model.outputBias = file.find("blk.0.attn_output.bias");
  model.feedForwardBias = file.find("blk.0.ffn_down.bias");
  model.headNorms = architecture == "qwen3";
  model.windows.assign(model.layers, 0);
  model.interleaved = architecture == "llama";
  readRope(metadata, file, model);

  model.facts.beginToken = gguf.intAt("tokenizer.ggml.bos_token_id", -1);
  model.facts.addBeginToken = gguf.boolAt("tokenizer.ggml.add_bos_token", false);
  for (const char *key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    int64_t token = gguf.intAt(key, -1);
    if (token >= 0 && std::find(model.facts.endTokens.begin(), model.facts.endTokens.end(), token) == model.facts.endTokens.end())
      model.facts.endTokens.push_back(token);
  }
  return model;
}

} // namespace tp
