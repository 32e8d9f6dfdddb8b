// config.json of Llama, Mistral, Qwen2, Qwen3 and what shares their architecture (SmolLM). Where they differ, the key or its
// default does: biases, norms of heads, and which layers see a sliding window.
#include "ConfigKeys.h"
#include "LlamaConfig.h"

#include "tp/Support/Error.h"

namespace tp {

namespace {

// What the architectures differ in, and what transformers takes for a missing key.
struct Variant {
  std::string_view name;
  int64_t maxSequence;
  bool queryBias, headNorms, hasWindow, hasHeadWidth;
};

constexpr Variant variants[] = {
    {"LlamaForCausalLM", 2048, false, false, false, false},
    {"MistralForCausalLM", 131072, false, false, true, false},
    {"Qwen2ForCausalLM", 32768, true, false, true, false},
    {"Qwen3ForCausalLM", 32768, false, true, true, true},
};

const Variant &variantOf(const ModelFolder &folder) {
  for (const Variant &variant : variants)
    if (folder.architecture->name == variant.name)
      return variant;
  throw Error(folder.configPath + ": \"" + std::string(folder.architecture->name) + "\" is no relative of Llama");
}

// Newer files have "rope_parameters" with rope_theta inside, older ones "rope_scaling" beside "rope_theta"; the kind is
// called "rope_type", and "type" before that.
void readRope(const Json &config, LlamaConfig &model, const std::string &what) {
  const Json *table = findKey(config, "rope_parameters");
  if (!table)
    table = findKey(config, "rope_scaling");
  static const Json empty = Json::object();
  const Json &rope = table ? *table : empty;
  if (!rope.is_object())
    throw Error(what + ": the rope scaling is no object");
  if (numberAt(rope, "partial_rotary_factor", what, numberAt(config, "partial_rotary_factor", what, 1)) != 1)
    throw Error(what + ": \"partial_rotary_factor\" is not 1, which tp cannot do for this architecture");

  for (const auto &[key, value] : rope.items())
    if (value.is_object())
      throw Error(what + ": the rope parameters are given by kind of layer (\"" + key +
                  "\"), which tp cannot do for this architecture");

  RopeScaling scaling;
  scaling.kind = stringAt(rope, "rope_type", what, stringAt(rope, "type", what, "default"));
  if (scaling.kind == "linear" || scaling.kind == "llama3" || scaling.kind == "yarn")
    scaling.factor = numberAt(rope, "factor", what);
  scaling.originalLength =
      numberAt(rope, "original_max_position_embeddings", what,
               numberAt(config, "original_max_position_embeddings", what, scaling.kind == "yarn" ? model.facts.maxSequence : 0));
  scaling.lowFrequency = numberAt(rope, "low_freq_factor", what, scaling.lowFrequency);
  scaling.highFrequency = numberAt(rope, "high_freq_factor", what, scaling.highFrequency);
  scaling.betaFast = numberAt(rope, "beta_fast", what, scaling.betaFast);
  scaling.betaSlow = numberAt(rope, "beta_slow", what, scaling.betaSlow);
  scaling.truncate = boolAt(rope, "truncate", what, scaling.truncate);
  scaling.attentionFactor = numberAt(rope, "attention_factor", what, -1);
  scaling.mscale = numberAt(rope, "mscale", what, 0);
  scaling.mscaleAllDim = numberAt(rope, "mscale_all_dim", what, 0);
  double base = numberAt(rope, "rope_theta", what, numberAt(config, "rope_theta", what, 10000));
  model.rope = ropeFrequencies(base, model.headWidth, scaling, what);
  if (scaling.kind == "dynamic")
    model.facts.maxSequenceReason = "its dynamic rope scaling changes all frequencies beyond them, which tp cannot do";
}

// Mistral has one window for all layers. Qwen has it where "use_sliding_window" says so: in the layers that "layer_types" names,
// without that list in those from "max_window_layers" on.
void readWindows(const Json &config, const Variant &variant, LlamaConfig &model, const std::string &what) {
  model.windows.assign(model.layers, 0);
  std::vector<std::string> kinds;
  if (findKey(config, "layer_types")) {
    kinds = stringsAt(config, "layer_types", what);
    if (static_cast<int64_t>(kinds.size()) != model.layers)
      throw Error(what + ": \"layer_types\" has " + std::to_string(kinds.size()) + " entries, needs one for each of " +
                  std::to_string(model.layers) + " layers");
  }
  for (const std::string &kind : kinds)
    if (kind != "full_attention" && (kind != "sliding_attention" || !variant.hasWindow))
      throw Error(what + ": \"layer_types\" holds \"" + kind + "\", which tp cannot do for this architecture; it knows " +
                  (variant.hasWindow ? "full_attention, sliding_attention" : "full_attention"));
  bool isMistral = variant.name == "MistralForCausalLM";
  if (!variant.hasWindow || !findKey(config, "sliding_window") ||
      (!isMistral && !boolAt(config, "use_sliding_window", what, false)))
    return;
  int64_t window = positiveAt(config, "sliding_window", mostRows, what),
          unlimited = isMistral ? 0 : intAt(config, "max_window_layers", what, 28);
  for (int64_t layer = 0; layer < model.layers; ++layer)
    if (isMistral || kinds.empty() ? layer >= unlimited : kinds[layer] == "sliding_attention")
      model.windows[layer] = window;
}

} // namespace

ModelFamily readLlamaFolder(const ModelFolder &folder) {
  const Json &config = folder.config;
  const std::string &what = folder.configPath;
  const Variant &variant = variantOf(folder);
  bool isLlama = variant.name == "LlamaForCausalLM";
  LlamaConfig model;
  ModelFacts &facts = model.facts;
  facts.source = what;

  model.hidden = positiveAt(config, "hidden_size", mostFeatures, what);
  model.feedForward = positiveAt(config, "intermediate_size", mostFeatures, what);
  model.layers = positiveAt(config, "num_hidden_layers", mostLayers, what);
  model.heads = positiveAt(config, "num_attention_heads", mostHeads, what);
  model.keyHeads = positiveAt(config, "num_key_value_heads", mostHeads, what, model.heads);
  facts.vocabulary = positiveAt(config, "vocab_size", mostRows, what);
  facts.maxSequence = positiveAt(config, "max_position_embeddings", mostRows, what, variant.maxSequence);
  if (model.heads % model.keyHeads != 0)
    throw Error(what + ": " + std::to_string(model.heads) + " query heads do not divide over " + std::to_string(model.keyHeads) +
                " key/value heads");
  if (!findKey(config, "head_dim") && !variant.hasHeadWidth && model.hidden % model.heads != 0)
    throw Error(what + ": \"hidden_size\" " + std::to_string(model.hidden) + " does not divide over " +
                std::to_string(model.heads) + " heads, and there is no \"head_dim\"");
  model.headWidth = positiveAt(config, "head_dim", mostHeads, what, variant.hasHeadWidth ? 128 : model.hidden / model.heads);
  model.epsilon = numberAt(config, "rms_norm_eps", what, 1e-6);
  model.tied = boolAt(config, "tie_word_embeddings", what, false);
  model.headNorms = variant.headNorms;
  // Qwen3 knows "attention_bias" too, and Qwen2 has its biases on q, k and v alone.
  bool attentionBias = (isLlama || variant.headNorms) && boolAt(config, "attention_bias", what, false);
  model.queryBias = attentionBias || variant.queryBias;
  model.outputBias = attentionBias;
  model.feedForwardBias = isLlama && boolAt(config, "mlp_bias", what, false);
  model.activation = activationCalled(stringAt(config, "hidden_act", what, "silu"), "hidden_act", what);
  refuseQuantised(config, what);
  readRope(config, model, what);
  readWindows(config, variant, model, what);
  readTokens(folder, facts);
  return llamaFamily(model, /*isGguf=*/false);
}

} // namespace tp
