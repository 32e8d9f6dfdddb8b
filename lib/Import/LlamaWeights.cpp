// Names and shapes. A weight has two names: what Hugging Face calls it, which is the parameter's symbol and what --shard
// matches, and what the file calls it.
#include "LlamaWeights.h"

#include "tp/Support/Error.h"

namespace tp {

std::vector<LlamaWeight> llamaWeights(const LlamaConfig &config, bool isGguf) {
  std::vector<LlamaWeight> weights;
  auto add = [&](const std::string &name, const std::string &ggufName, std::vector<int64_t> shape, Split split = Split::Whole,
                 const char *unit = "", int64_t units = 0) {
    weights.push_back({name, isGguf ? ggufName : name, std::move(shape), split, unit, units});
  };
  auto addLinear = [&](const std::string &name, const std::string &ggufName, int64_t outputs, int64_t inputs, bool bias,
                       Split split, const char *unit, int64_t units) {
    add(name + ".weight", ggufName + ".weight", {outputs, inputs}, split, unit, units);
    // The bias of a row-parallel layer is added once, to the sum.
    if (bias)
      add(name + ".bias", ggufName + ".bias", {outputs}, split == Split::Inputs ? Split::Whole : split, unit, units);
  };
  int64_t hidden = config.hidden, queries = config.heads * config.headWidth, keys = config.keyHeads * config.headWidth;
  const char *heads = "query heads", *keyHeads = "key/value heads", *features = "feed-forward features";

  add("model.embed_tokens.weight", "token_embd.weight", {config.vocabulary, hidden}, Split::Vocabulary);
  for (int64_t i = 0; i < config.layers; ++i) {
    std::string layer = "model.layers." + std::to_string(i), block = "blk." + std::to_string(i);
    std::string attention = layer + ".self_attn", mlp = layer + ".mlp";
    add(layer + ".input_layernorm.weight", block + ".attn_norm.weight", {hidden});
    addLinear(attention + ".q_proj", block + ".attn_q", queries, hidden, config.queryBias, Split::Outputs, heads, config.heads);
    for (auto [name, ggufName] : {std::pair{".k_proj", ".attn_k"}, std::pair{".v_proj", ".attn_v"}})
      addLinear(attention + name, block + ggufName, keys, hidden, config.queryBias, Split::KeyOutputs, keyHeads, config.keyHeads);
    addLinear(attention + ".o_proj", block + ".attn_output", hidden, queries, config.outputBias, Split::Inputs, heads,
              config.heads);
    add(layer + ".post_attention_layernorm.weight", block + ".ffn_norm.weight", {hidden});
    for (auto [name, ggufName] : {std::pair{".gate_proj", ".ffn_gate"}, std::pair{".up_proj", ".ffn_up"}})
      addLinear(mlp + name, block + ggufName, config.feedForward, hidden, config.feedForwardBias, Split::Outputs, features,
                config.feedForward);
    addLinear(mlp + ".down_proj", block + ".ffn_down", hidden, config.feedForward, config.feedForwardBias, Split::Inputs,
              features, config.feedForward);
  }
  add("model.norm.weight", "output_norm.weight", {hidden});
  if (!config.tied)
    add("lm_head.weight", "output.weight", {config.vocabulary, hidden}, Split::Vocabulary);
  return weights;
}

static std::string textOf(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void checkWeights(const std::vector<LlamaWeight> &weights, const LlamaConfig &config, const WeightFile &file) {
  std::vector<std::string> missing;
  for (const LlamaWeight &weight : weights) {
    const StoredTensor *stored = file.find(weight.storedName);
    if (!stored) {
      missing.push_back(weight.storedName);
      continue;
    }
    if (stored->shape != weight.shape)
      throw Error(file.path() + ": weight \"" + weight.storedName + "\" has shape " + textOf(stored->shape) + ", needs " +
                  textOf(weight.shape) + " by " + config.source);
    if (!stored->type.isReadable() || !stored->type.isFloat())
      throw Error(file.path() + ": weight \"" + weight.storedName + "\" is stored as " + stored->type.name +
                  ", which cannot be read; F32, F16, BF16, Q8_0, Q4_0 and Q4_1 can");
  }
  if (missing.empty())
    return;
  std::string message = file.path() + ": weight \"" + missing[0] + "\" is missing";
  if (missing.size() > 1)
    message += ", and " + std::to_string(missing.size() - 1) + " more";
  throw Error(message, {"the model needs " + std::to_string(weights.size()) + " weights, the file has " +
                        std::to_string(file.tensors().size()) + " tensors"});
}

} // namespace tp
