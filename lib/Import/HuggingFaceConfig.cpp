// config.json of Llama, Mistral, Qwen2 and what shares their architecture (SmolLM). A key that is missing has the value that
// transformers gives it, which differs between the architectures. What would change the numbers and is not known is refused.
#include "LlamaConfig.h"

#include "tp/Support/Error.h"
#include "tp/Support/Json.h"

#include <filesystem>

namespace tp {

namespace {

struct Architecture {
  const char *name, *modelType;
  int64_t maxSequence;
  double epsilon;
  bool queryBias;
};

constexpr Architecture architectures[] = {
    {"LlamaForCausalLM", "llama", 2048, 1e-6, false},
    {"MistralForCausalLM", "mistral", 131072, 1e-6, false},
    {"Qwen2ForCausalLM", "qwen2", 32768, 1e-6, true},
};

// By "architectures"; a config without it says at least what kind of model it is.
const Architecture &architectureOf(const Json &config, const std::string &what) {
  std::vector<std::string> names;
  if (findKey(config, "architectures"))
    names = stringsAt(config, "architectures", what);
  std::string name = names.empty() ? "" : names[0], modelType = stringAt(config, "model_type", what, ""), known;
  for (const Architecture &architecture : architectures) {
    if (names.empty() ? modelType == architecture.modelType : name == architecture.name)
      return architecture;
    known += (known.empty() ? "" : ", ") + std::string(architecture.name);
  }
  throw Error(what + ": unknown architecture \"" + (names.empty() ? modelType : name) + "\"; known are " + known);
}

int64_t positiveAt(const Json &config, const char *key, const std::string &what, std::optional<int64_t> fallback = {}) {
  int64_t value = fallback ? intAt(config, key, what, *fallback) : intAt(config, key, what);
  if (value < 1 || value > int64_t(1) << 31)
    throw Error(what + ": \"" + key + "\" is " + std::to_string(value) + ", needs 1 to 2147483648");
  return value;
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

  RopeScaling scaling;
  scaling.kind = stringAt(rope, "rope_type", what, stringAt(rope, "type", what, "default"));
  if (scaling.kind == "linear" || scaling.kind == "llama3" || scaling.kind == "yarn")
    scaling.factor = numberAt(rope, "factor", what);
  scaling.originalLength =
      numberAt(rope, "original_max_position_embeddings", what,
               numberAt(config, "original_max_position_embeddings", what, scaling.kind == "yarn" ? model.maxSequence : 0));
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
  model.maxSequenceIsHard = scaling.kind == "dynamic";
}

void readWindow(const Json &config, const std::string &architecture, LlamaConfig &model, const std::string &what) {
  if (architecture == "LlamaForCausalLM" || !findKey(config, "sliding_window"))
    return;
  bool used = architecture == "MistralForCausalLM" || boolAt(config, "use_sliding_window", what, false);
  if (!used)
    return;
  // Of Qwen2, only the layers from max_window_layers on have it: all or none is what the layers' common form allows.
  int64_t unlimited = architecture == "Qwen2ForCausalLM" ? intAt(config, "max_window_layers", what, 28) : 0;
  if (unlimited >= model.layers)
    return;
  if (unlimited > 0)
    throw Error(what + ": \"sliding_window\" in some layers only (\"max_window_layers\" is " + std::to_string(unlimited) +
                " of " + std::to_string(model.layers) + ") is something tp cannot do");
  model.window = positiveAt(config, "sliding_window", what);
}

// Token ids: an integer or a list of them.
std::vector<int64_t> tokensAt(const Json &config, const char *key, const std::string &what) {
  const Json *value = findKey(config, key);
  if (!value)
    return {};
  return value->is_array() ? intsAt(config, key, what) : std::vector<int64_t>{intAt(config, key, what)};
}

void readTokens(const Json &config, const std::string &folder, LlamaConfig &model) {
  std::string what = folder + "/generation_config.json";
  model.endTokens = tokensAt(config, "eos_token_id", model.source);
  std::vector<int64_t> begin = tokensAt(config, "bos_token_id", model.source);
  if (std::filesystem::exists(what)) {
    Json generation = readJson(what);
    if (findKey(generation, "eos_token_id"))
      model.endTokens = tokensAt(generation, "eos_token_id", what);
  }
  model.beginToken = begin.empty() ? -1 : begin[0];
  what = folder + "/tokenizer_config.json";
  if (std::filesystem::exists(what))
    model.addBeginToken = boolAt(readJson(what), "add_bos_token", what, false);
}

} // namespace

LlamaConfig readHuggingFaceConfig(const std::string &folder) {
  LlamaConfig model;
  model.source = folder + "/config.json";
  const std::string &what = model.source;
  if (!std::filesystem::exists(what))
    throw Error(folder + ": has no config.json, so it is no Hugging Face folder");
  Json config = readJson(what);
  const Architecture &architecture = architectureOf(config, what);
  bool isLlama = std::string(architecture.name) == "LlamaForCausalLM";

  model.hidden = positiveAt(config, "hidden_size", what);
  model.feedForward = positiveAt(config, "intermediate_size", what);
  model.layers = positiveAt(config, "num_hidden_layers", what);
  model.heads = positiveAt(config, "num_attention_heads", what);
  model.keyHeads = positiveAt(config, "num_key_value_heads", what, model.heads);
  model.vocabulary = positiveAt(config, "vocab_size", what);
  model.maxSequence = positiveAt(config, "max_position_embeddings", what, architecture.maxSequence);
  if (model.heads % model.keyHeads != 0)
    throw Error(what + ": " + std::to_string(model.heads) + " query heads do not divide over " + std::to_string(model.keyHeads) +
                " key/value heads");
  if (!findKey(config, "head_dim") && model.hidden % model.heads != 0)
    throw Error(what + ": \"hidden_size\" " + std::to_string(model.hidden) + " does not divide over " +
                std::to_string(model.heads) + " heads, and there is no \"head_dim\"");
  model.headWidth = positiveAt(config, "head_dim", what, model.hidden / model.heads);
  model.epsilon = numberAt(config, "rms_norm_eps", what, architecture.epsilon);
  model.tied = boolAt(config, "tie_word_embeddings", what, false);
  bool attentionBias = isLlama && boolAt(config, "attention_bias", what, false);
  model.queryBias = architecture.queryBias || attentionBias;
  model.outputBias = attentionBias;
  model.feedForwardBias = isLlama && boolAt(config, "mlp_bias", what, false);

  std::string activation = stringAt(config, "hidden_act", what, "silu");
  if (activation != "silu" && activation != "swish")
    throw Error(what + ": \"hidden_act\" is \"" + activation + "\", needs \"silu\"");
  if (findKey(config, "quantization_config"))
    throw Error(what + ": the weights are quantised (\"quantization_config\"); tp reads F32, F16 and BF16 from safetensors, "
                       "and Q8_0, Q4_0 and Q4_1 from GGUF");
  readRope(config, model, what);
  readWindow(config, architecture.name, model, what);
  readTokens(config, folder, model);
  return model;
}

} // namespace tp
