// GPT-2: learned positions, norms before each part, and a packed q|k|v. Its linear layers ("Conv1D") store weights as [in, out].
//
// The weight of q|k|v is one parameter whose three parts are each split by heads: the program cuts q, k and v out of the product,
// and Normalize makes three parameters of it.
#include "ConfigKeys.h"
#include "LanguageModelGraph.h"

#include <cmath>

using namespace mlir;

namespace tp {

namespace {

struct Gpt2Config {
  ModelFacts facts;
  int64_t hidden = 0, inner = 0, layers = 0, heads = 0;
  double epsilon = 0;
  Activation activation = Activation::GeluTanh;
  bool tied = true, scaled = true, scaledByLayer = false;
  /// Of every name but the output projection's.
  std::string prefix;

  std::string layer(int64_t index) const { return prefix + "h." + std::to_string(index); }
};

std::vector<ModelWeight> gpt2Weights(const Gpt2Config &config) {
  std::vector<ModelWeight> weights;
  auto add = [&](const std::string &name, std::vector<int64_t> shape, Split split = Split::Whole, int64_t dim = 0,
                 const char *unit = "",
                 int64_t units = 0) { weights.push_back({name, name, std::move(shape), split, dim, unit, units}); };
  auto addNorm = [&](const std::string &name) {
    add(name + ".weight", {config.hidden});
    add(name + ".bias", {config.hidden});
  };
  // The bias of a row-parallel layer is added once, to the sum.
  auto addLinear = [&](const std::string &name, int64_t inputs, int64_t outputs, int64_t dim, const char *unit, int64_t units) {
    add(name + ".weight", {inputs, outputs}, Split::Even, dim, unit, units);
    add(name + ".bias", {outputs}, dim == 1 ? Split::Even : Split::Whole, 0, unit, units);
  };
  int64_t hidden = config.hidden;
  const char *heads = "heads", *features = "feed-forward features";
  add(config.prefix + "wte.weight", {config.facts.vocabulary, hidden}, Split::Vocabulary);
  add(config.prefix + "wpe.weight", {config.facts.maxSequence, hidden});
  for (int64_t i = 0; i < config.layers; ++i) {
    std::string layer = config.layer(i);
    addNorm(layer + ".ln_1");
    addLinear(layer + ".attn.c_attn", hidden, 3 * hidden, 1, heads, config.heads);
    addLinear(layer + ".attn.c_proj", hidden, hidden, 0, heads, config.heads);
    addNorm(layer + ".ln_2");
    addLinear(layer + ".mlp.c_fc", hidden, config.inner, 1, features, config.inner);
    addLinear(layer + ".mlp.c_proj", config.inner, hidden, 0, features, config.inner);
  }
  addNorm(config.prefix + "ln_f");
  if (!config.tied)
    add("lm_head.weight", {config.facts.vocabulary, hidden}, Split::Vocabulary);
  return weights;
}

class Gpt2Builder : public LanguageModelBuilder {
public:
  Gpt2Builder(ModuleOp module, const Gpt2Config &config, const ModelPlan &plan, const GraphOptions &options)
      : LanguageModelBuilder(module, plan, options,
                             {.layers = config.layers,
                              .hidden = config.hidden,
                              .keyHeads = config.heads,
                              .headWidth = config.hidden / config.heads,
                              .vocabulary = config.facts.vocabulary,
                              .embedding = config.prefix + "wte",
                              .norm = config.prefix + "ln_f",
                              .table = config.tied ? config.prefix + "wte.weight" : "lm_head.weight"}),
        config(config) {}

private:
  Value embedTokens(Value tokens, Value positions) override {
    Value x = embed(config.prefix + "wte.weight", tokens);
    enter(config.prefix + "wpe");
    // Padding has position -1, and the table no row for it: nobody reads what comes of the first row.
    Value rows = nn::MapOp::build(builder, location, typeOf(positions), {positions},
                                  [](OpBuilder &body, Location at, ValueRange scalars) -> Value {
                                    Value zero = arith::ConstantOp::create(body, at, body.getI32IntegerAttr(0));
                                    return arith::MaxSIOp::create(body, at, scalars[0], zero);
                                  });
    return add(x, embed(config.prefix + "wpe.weight", rows));
  }

  Value finalNorm(Value x) override { return layerNorm(config.prefix + "ln_f", x, config.epsilon); }

  Value decoderLayer(int64_t layer, Value x, Value positions) override {
    std::string name = config.layer(layer);
    Value packed = linear(name + ".attn.c_attn", layerNorm(name + ".ln_1", x, config.epsilon), Stored::InOut);
    enter(name + ".attn");
    auto heads = [&](int64_t part) { return splitHeads(sliceLast(packed, part * config.hidden, config.hidden), config.heads); };
    Value q = heads(0), k = heads(1), v = heads(2);
    double scale = config.scaled ? 1 / std::sqrt(static_cast<double>(config.hidden / config.heads)) : 1;
    if (config.scaledByLayer)
      scale /= static_cast<double>(layer + 1);
    Value attended = linear(name + ".attn.c_proj", mergeHeads(attend(layer, q, k, v, positions, scale)), Stored::InOut);
    enter(name);
    x = add(x, attended);
    Value inner = linear(name + ".mlp.c_fc", layerNorm(name + ".ln_2", x, config.epsilon), Stored::InOut);
    enter(name + ".mlp");
    Value fed = linear(name + ".mlp.c_proj", activate(config.activation, inner), Stored::InOut);
    enter(name);
    return add(x, fed);
  }

  const Gpt2Config &config;
};

} // namespace

ModelFamily readGpt2Folder(const ModelFolder &folder) {
  const Json &json = folder.config;
  const std::string &what = folder.configPath;
  Gpt2Config config;
  ModelFacts &facts = config.facts;
  facts.source = what;
  config.hidden = positiveAt(json, {"n_embd", "hidden_size"}, mostFeatures, what, 768);
  config.layers = positiveAt(json, {"n_layer", "num_hidden_layers"}, mostLayers, what, 12);
  config.heads = positiveAt(json, {"n_head", "num_attention_heads"}, mostHeads, what, 12);
  config.inner = positiveAt(json, "n_inner", mostFeatures, what, 4 * config.hidden);
  facts.vocabulary = positiveAt(json, "vocab_size", mostRows, what, 50257);
  facts.maxSequence = positiveAt(json, {"n_positions", "max_position_embeddings"}, mostRows, what, 1024);
  facts.maxSequenceReason = "it has learned no others";
  checkHeads(config.hidden, "n_embd", config.heads, what);
  config.epsilon = numberAt(json, "layer_norm_epsilon", what, 1e-5);
  config.activation = activationCalled(stringAt(json, "activation_function", what, "gelu_new"), "activation_function", what);
  config.tied = boolAt(json, "tie_word_embeddings", what, true);
  config.scaled = boolAt(json, "scale_attn_weights", what, true);
  config.scaledByLayer = boolAt(json, "scale_attn_by_inverse_layer_idx", what, false);
  refuseTrue(json, "add_cross_attention", what);
  refusePruned(json, what);
  refuseQuantised(json, what);
  readTokens(folder, facts);
  config.prefix = prefixOf(folder, "transformer.", "wte.weight", /*preferred=*/true);
  return {facts, gpt2Weights(config), [config](ModuleOp module, const ModelPlan &plan, const GraphOptions &options) {
            Gpt2Builder(module, config, plan, options).build();
          }};
}

} // namespace tp
