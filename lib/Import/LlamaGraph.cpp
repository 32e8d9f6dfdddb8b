// One layer of a Llama-like decoder: norm, attention with rotary embedding, norm, gated feed-forward part.
#include "LanguageModelGraph.h"
#include "LlamaConfig.h"

#include <cmath>

using namespace mlir;

namespace tp {

namespace {

class LlamaBuilder : public LanguageModelBuilder {
public:
  LlamaBuilder(ModuleOp module, const LlamaConfig &config, const ModelPlan &plan, const GraphOptions &options)
      : LanguageModelBuilder(module, plan, options,
                             {.layers = config.layers,
                              .hidden = config.hidden,
                              .keyHeads = config.keyHeads,
                              .headWidth = config.headWidth,
                              .vocabulary = config.facts.vocabulary,
                              .embedding = "model.embed_tokens",
                              .norm = "model.norm",
                              .table = config.tied ? "model.embed_tokens.weight" : "lm_head.weight"}),
        config(config) {}

private:
  Value embedTokens(Value tokens, Value) override { return embed("model.embed_tokens.weight", tokens); }

  Value finalNorm(Value x) override { return rmsNorm("model.norm", x, config.epsilon); }

  Value rotate(Value x, Value positions) {
    return nn::RopeOp::create(builder, location, x.getType(), x, positions, builder.getDenseF32ArrayAttr(config.rope.inverse),
                              builder.getF64FloatAttr(config.rope.attentionFactor),
                              config.interleaved ? builder.getUnitAttr() : UnitAttr());
  }

  // Heads of queries or keys, normalised and rotated.
  Value rotatedHeads(const std::string &name, const char *which, Value x, int64_t heads, Value positions) {
    x = splitHeads(linear(name + "." + which + "_proj", x), heads);
    if (config.headNorms)
      x = rmsNorm(name + "." + which + "_norm", x, config.epsilon);
    return rotate(x, positions);
  }

  Value attention(int64_t layer, const std::string &name, Value x, Value positions) {
    Value q = rotatedHeads(name, "q", x, config.heads, positions);
    Value k = rotatedHeads(name, "k", x, config.keyHeads, positions);
    Value v = splitHeads(linear(name + ".v_proj", x), config.keyHeads);
    enter(name);
    double scale = 1 / std::sqrt(static_cast<double>(config.headWidth));
    return linear(name + ".o_proj", mergeHeads(attend(layer, q, k, v, positions, scale, config.windows[layer])));
  }

  // down(activation(gate(x)) * up(x)), rounded to the element type once.
  Value feedForward(const std::string &name, Value x) {
    Value gate = linear(name + ".gate_proj", x);
    Value up = linear(name + ".up_proj", x);
    enter(name);
    Value active = nn::MapOp::build(
        builder, location, typeOf(gate), {gate, up}, [&](OpBuilder &body, Location at, ValueRange scalars) -> Value {
          Value value = applyActivation(config.activation, body, at, widened(body, at, scalars[0]));
          return rounded(body, at, arith::MulFOp::create(body, at, value, widened(body, at, scalars[1])));
        });
    return linear(name + ".down_proj", active);
  }

  Value decoderLayer(int64_t layer, Value x, Value positions) override {
    std::string name = "model.layers." + std::to_string(layer);
    Value attended = attention(layer, name + ".self_attn", rmsNorm(name + ".input_layernorm", x, config.epsilon), positions);
    enter(name);
    x = add(x, attended);
    Value fed = feedForward(name + ".mlp", rmsNorm(name + ".post_attention_layernorm", x, config.epsilon));
    enter(name);
    return add(x, fed);
  }

  const LlamaConfig &config;
};

} // namespace

ModelFamily llamaFamily(LlamaConfig config, bool isGguf) {
  return {config.facts, llamaWeights(config, isGguf),
          [config](ModuleOp module, const ModelPlan &plan, const GraphOptions &options) {
            LlamaBuilder(module, config, plan, options).build();
          }};
}

} // namespace tp
