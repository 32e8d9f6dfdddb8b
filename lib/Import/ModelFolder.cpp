// From a Hugging Face folder to the family that reads it, and what the readers of config.json share.
#include "ConfigKeys.h"

#include "tp/Support/Error.h"

#include <filesystem>

namespace tp {

static constexpr Architecture architectures[] = {
    {"LlamaForCausalLM", "llama", readLlamaFolder}, {"MistralForCausalLM", "mistral", readLlamaFolder},
    {"Qwen2ForCausalLM", "qwen2", readLlamaFolder}, {"Qwen3ForCausalLM", "qwen3", readLlamaFolder},
    {"GPT2LMHeadModel", "gpt2", readGpt2Folder},    {"BertModel", "bert", readBertFolder},
    {"BertForMaskedLM", "", readBertFolder},        {"BertForPreTraining", "", readBertFolder},
};

ModelFolder openModelFolder(const std::string &path) {
  ModelFolder folder{path, path + "/config.json", {}, nullptr, nullptr};
  const std::string &what = folder.configPath;
  if (!std::filesystem::exists(what))
    throw Error(path + ": has no config.json, so it is no Hugging Face folder");
  folder.config = readJson(what);
  // By "architectures"; a config without it says at least what kind of model it is.
  std::vector<std::string> names;
  if (findKey(folder.config, "architectures"))
    names = stringsAt(folder.config, "architectures", what);
  std::string modelType = stringAt(folder.config, "model_type", what, ""), known;
  for (const Architecture &architecture : architectures) {
    if (names.empty() ? !modelType.empty() && modelType == architecture.modelType : names[0] == architecture.name) {
      folder.architecture = &architecture;
      return folder;
    }
    known += (known.empty() ? "" : ", ") + std::string(architecture.name);
  }
  throw Error(what + ": unknown architecture \"" + (names.empty() ? modelType : names[0]) + "\"; known are " + known);
}

//===-- Keys ----------------------------------------------------------------------------------------------------===//

void checkSize(int64_t value, const std::string &key, int64_t most, const std::string &what) {
  if (value < 1 || value > most)
    throw Error(what + ": \"" + key + "\" is " + std::to_string(value) + ", needs 1 to " + std::to_string(most));
}

int64_t positiveAt(const Json &config, const std::string &key, int64_t most, const std::string &what,
                   std::optional<int64_t> fallback) {
  int64_t value = fallback ? intAt(config, key, what, *fallback) : intAt(config, key, what);
  checkSize(value, key, most, what);
  return value;
}

int64_t positiveAt(const Json &config, std::initializer_list<const char *> keys, int64_t most, const std::string &what,
                   int64_t fallback) {
  for (const char *key : keys)
    if (findKey(config, key))
      return positiveAt(config, key, most, what);
  return fallback;
}

void refuseTrue(const Json &config, const std::string &key, const std::string &what) {
  if (boolAt(config, key, what, false))
    throw Error(what + ": \"" + key + "\" is true, which tp cannot do");
}

void refuseQuantised(const Json &config, const std::string &what) {
  if (findKey(config, "quantization_config"))
    throw Error(what + ": the weights are quantised (\"quantization_config\"); tp reads F32, F16 and BF16 from safetensors, "
                       "and Q8_0, Q4_0 and Q4_1 from GGUF");
}

void refusePruned(const Json &config, const std::string &what) {
  if (const Json *pruned = findKey(config, "pruned_heads"); pruned && !pruned->empty())
    throw Error(what + ": \"pruned_heads\" is not empty, which tp cannot do");
}

void checkHeads(int64_t hidden, const char *hiddenKey, int64_t heads, const std::string &what) {
  if (hidden % heads != 0)
    throw Error(what + ": \"" + hiddenKey + "\" " + std::to_string(hidden) + " does not divide over " + std::to_string(heads) +
                " heads");
}

// Token ids: an integer or a list of them.
static std::vector<int64_t> tokensAt(const Json &config, const char *key, const std::string &what) {
  const Json *value = findKey(config, key);
  if (!value)
    return {};
  return value->is_array() ? intsAt(config, key, what) : std::vector<int64_t>{intAt(config, key, what)};
}

void readTokens(const ModelFolder &folder, ModelFacts &facts) {
  facts.endTokens = tokensAt(folder.config, "eos_token_id", folder.configPath);
  std::vector<int64_t> begin = tokensAt(folder.config, "bos_token_id", folder.configPath);
  facts.beginToken = begin.empty() ? -1 : begin[0];
  std::string what = folder.path + "/generation_config.json";
  if (std::filesystem::exists(what)) {
    Json generation = readJson(what);
    if (findKey(generation, "eos_token_id"))
      facts.endTokens = tokensAt(generation, "eos_token_id", what);
  }
  what = folder.path + "/tokenizer_config.json";
  if (std::filesystem::exists(what))
    facts.addBeginToken = boolAt(readJson(what), "add_bos_token", what, false);
}

std::string prefixOf(const ModelFolder &folder, const std::string &prefix, const std::string &probe, bool preferred) {
  if (!folder.weights)
    return preferred ? prefix : "";
  if (folder.weights->find(prefix + probe))
    return prefix;
  // Where neither is there, the name that the architecture uses is the one to miss.
  return folder.weights->find(probe) || !preferred ? "" : prefix;
}

} // namespace tp
