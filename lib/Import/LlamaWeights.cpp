// Names and shapes. A weight has two names: what Hugging Face calls it, which is the parameter's symbol and what --shard
// matches, and what the file calls it.
#include "LlamaConfig.h"

namespace tp {

std::vector<ModelWeight> llamaWeights(const LlamaConfig &config, bool isGguf) {
  std::vector<ModelWeight> weights;
  auto add = [&](const std::string &name, const std::string &ggufName, std::vector<int64_t> shape, Split split = Split::Whole,
                 int64_t dim = 0, const char *unit = "", int64_t units = 0) {
    weights.push_back({name, isGguf ? ggufName : name, std::move(shape), split, dim, unit, units});
  };
  auto addLinear = [&](const std::string &name, const std::string &ggufName, int64_t outputs, int64_t inputs, bool bias,
                       Split split, int64_t dim, const char *unit, int64_t units) {
    add(name + ".weight", ggufName + ".weight", {outputs, inputs}, split, dim, unit, units);
    // The bias of a row-parallel layer is added once, to the sum.
    if (bias)
      add(name + ".bias", ggufName + ".bias", {outputs}, dim == 1 ? Split::Whole : split, 0, unit, units);
  };
  int64_t hidden = config.hidden, queries = config.heads * config.headWidth, keys = config.keyHeads * config.headWidth;
  const char *heads = "query heads", *keyHeads = "key/value heads", *features = "feed-forward features";

  add("model.embed_tokens.weight", "token_embd.weight", {config.facts.vocabulary, hidden}, Split::Vocabulary);
  for (int64_t i = 0; i < config.layers; ++i) {
    std::string layer = "model.layers." + std::to_string(i), block = "blk." + std::to_string(i);
    std::string attention = layer + ".self_attn", mlp = layer + ".mlp";
    add(layer + ".input_layernorm.weight", block + ".attn_norm.weight", {hidden});
    addLinear(attention + ".q_proj", block + ".attn_q", queries, hidden, config.queryBias, Split::Even, 0, heads, config.heads);
    for (auto [name, ggufName] : {std::pair{".k_proj", ".attn_k"}, std::pair{".v_proj", ".attn_v"}})
      addLinear(attention + name, block + ggufName, keys, hidden, config.queryBias, Split::KeyHeads, 0, keyHeads,
                config.keyHeads);
    if (config.headNorms) {
      add(attention + ".q_norm.weight", block + ".attn_q_norm.weight", {config.headWidth});
      add(attention + ".k_norm.weight", block + ".attn_k_norm.weight", {config.headWidth});
    }
    addLinear(attention + ".o_proj", block + ".attn_output", hidden, queries, config.outputBias, Split::Even, 1, heads,
              config.heads);
    add(layer + ".post_attention_layernorm.weight", block + ".ffn_norm.weight", {hidden});
    for (auto [name, ggufName] : {std::pair{".gate_proj", ".ffn_gate"}, std::pair{".up_proj", ".ffn_up"}})
      addLinear(mlp + name, block + ggufName, config.feedForward, hidden, config.feedForwardBias, Split::Even, 0, features,
                config.feedForward);
    addLinear(mlp + ".down_proj", block + ".ffn_down", hidden, config.feedForward, config.feedForwardBias, Split::Even, 1,
              features, config.feedForward);
  }
  add("model.norm.weight", "output_norm.weight", {hidden});
  if (!config.tied)
    add("lm_head.weight", "output.weight", {config.facts.vocabulary, hidden}, Split::Vocabulary);
  return weights;
}

} // namespace tp
