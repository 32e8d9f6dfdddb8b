// BERT: an encoder. Words, positions and token types are added; norms come after each part; every token sees every token that the
// mask lets it. Its one entry, @main, gives the hidden states, and what the pooler makes of the first of them where there is one.
#include "ConfigKeys.h"
#include "GraphBuilder.h"

#include "tp/Support/Error.h"

#include <cmath>

using namespace mlir;

namespace tp {

namespace {

struct BertConfig {
  ModelFacts facts;
  int64_t hidden = 0, feedForward = 0, layers = 0, heads = 0, tokenTypes = 0;
  double epsilon = 0;
  Activation activation = Activation::GeluErf;
  bool pooled = false;
  std::string prefix;

  std::string layer(int64_t index) const { return prefix + "encoder.layer." + std::to_string(index); }
};

std::vector<ModelWeight> bertWeights(const BertConfig &config, const WeightFile *file) {
  std::vector<ModelWeight> weights;
  auto add = [&](const std::string &name, std::vector<int64_t> shape, Split split = Split::Whole, int64_t dim = 0,
                 const char *unit = "",
                 int64_t units = 0) { weights.push_back({name, name, std::move(shape), split, dim, unit, units}); };
  auto addNorm = [&](const std::string &name) {
    for (auto [part, older] : {std::pair{".weight", ".gamma"}, std::pair{".bias", ".beta"}}) {
      add(name + part, {config.hidden});
      // What the first checkpoints call it.
      if (file && !file->find(name + part) && file->find(name + older))
        weights.back().storedName = name + older;
    }
  };
  // The bias of a row-parallel layer is added once, to the sum.
  auto addLinear = [&](const std::string &name, int64_t outputs, int64_t inputs, int64_t dim, const char *unit, int64_t units) {
    add(name + ".weight", {outputs, inputs}, Split::Even, dim, unit, units);
    add(name + ".bias", {outputs}, dim == 0 ? Split::Even : Split::Whole, 0, unit, units);
  };
  int64_t hidden = config.hidden;
  const char *heads = "heads", *features = "feed-forward features";
  std::string embeddings = config.prefix + "embeddings";
  add(embeddings + ".word_embeddings.weight", {config.facts.vocabulary, hidden}, Split::Vocabulary);
  add(embeddings + ".position_embeddings.weight", {config.facts.maxSequence, hidden});
  add(embeddings + ".token_type_embeddings.weight", {config.tokenTypes, hidden});
  addNorm(embeddings + ".LayerNorm");
  for (int64_t i = 0; i < config.layers; ++i) {
    std::string layer = config.layer(i);
    for (const char *name : {".attention.self.query", ".attention.self.key", ".attention.self.value"})
      addLinear(layer + name, hidden, hidden, 0, heads, config.heads);
    addLinear(layer + ".attention.output.dense", hidden, hidden, 1, heads, config.heads);
    addNorm(layer + ".attention.output.LayerNorm");
    addLinear(layer + ".intermediate.dense", config.feedForward, hidden, 0, features, config.feedForward);
    addLinear(layer + ".output.dense", hidden, config.feedForward, 1, features, config.feedForward);
    addNorm(layer + ".output.LayerNorm");
  }
  if (config.pooled) {
    add(config.prefix + "pooler.dense.weight", {hidden, hidden});
    add(config.prefix + "pooler.dense.bias", {hidden});
  }
  return weights;
}

class BertBuilder : public GraphBuilder {
public:
  BertBuilder(ModuleOp module, const BertConfig &config, const ModelPlan &plan, const GraphOptions &options)
      : GraphBuilder(module, plan, options), config(config) {}

  void build() {
    declareParameters();
    auto ids = RankedTensorType::get({options.batch, ShapedType::kDynamic}, builder.getI32Type());
    auto f32 = [&](ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, builder.getF32Type()); };
    SmallVector<NamedType> results{{"hidden", f32({options.batch, ShapedType::kDynamic, config.hidden})}};
    if (config.pooled)
      results.push_back({"pooled", f32({options.batch, config.hidden})});
    func::FuncOp function = startFunction("main", {{"tokens", ids}, {"attention_mask", ids}, {"token_types", ids}}, results);

    Value x = embedTokens(function.getArgument(0), function.getArgument(2));
    for (int64_t layer = 0; layer < config.layers; ++layer)
      x = encoderLayer(layer, x, function.getArgument(1));
    enter(config.prefix + "encoder");
    SmallVector<Value> outputs{toF32(whole(x))};
    if (config.pooled)
      outputs.push_back(toF32(pool(x)));
    func::ReturnOp::create(builder, location, outputs);
  }

private:
  Value embedTokens(Value tokens, Value tokenTypes) {
    std::string name = config.prefix + "embeddings";
    enter(name + ".word_embeddings");
    Value words = embed(name + ".word_embeddings.weight", tokens);
    enter(name + ".position_embeddings");
    Value positions = nn::IotaOp::create(builder, location, tokens.getType(), builder.getI64IntegerAttr(1), tokens, Value());
    Value places = embed(name + ".position_embeddings.weight", positions);
    enter(name + ".token_type_embeddings");
    Value types = embed(name + ".token_type_embeddings.weight", tokenTypes);
    enter(name);
    return layerNorm(name + ".LayerNorm", add(add(words, types), places), config.epsilon);
  }

  Value encoderLayer(int64_t layer, Value x, Value mask) {
    std::string name = config.layer(layer), attention = name + ".attention";
    auto heads = [&](const char *which) { return splitHeads(linear(attention + ".self." + which, x), config.heads); };
    Value q = heads("query"), k = heads("key"), v = heads("value");
    enter(attention + ".self");
    double scale = 1 / std::sqrt(static_cast<double>(config.hidden / config.heads));
    Value seen = nn::AttentionOp::create(builder, location, q.getType(), q, k, v, Value(), mask, builder.getF64FloatAttr(scale),
                                         UnitAttr(), builder.getI64IntegerAttr(0));
    Value attended = linear(attention + ".output.dense", mergeHeads(seen));
    enter(attention + ".output");
    x = layerNorm(attention + ".output.LayerNorm", add(attended, x), config.epsilon);
    Value inner = linear(name + ".intermediate.dense", x);
    enter(name + ".intermediate");
    Value fed = linear(name + ".output.dense", activate(config.activation, inner));
    enter(name + ".output");
    return layerNorm(name + ".output.LayerNorm", add(fed, x), config.epsilon);
  }

  // tanh of a linear layer on the first token, [batch, hidden].
  Value pool(Value x) {
    std::string name = config.prefix + "pooler";
    enter(name);
    Value zeros = arith::ConstantOp::create(
        builder, location, DenseIntElementsAttr::get(RankedTensorType::get({options.batch}, builder.getI32Type()), int32_t(0)));
    Value first =
        nn::GatherOp::create(builder, location, tensor({options.batch, config.hidden}), x, zeros, /*axis=*/1, /*batch=*/1);
    Value dense = linear(name + ".dense", first);
    enter(name);
    return activate(Activation::Tanh, dense);
  }

  const BertConfig &config;
};

} // namespace

ModelFamily readBertFolder(const ModelFolder &folder) {
  const Json &json = folder.config;
  const std::string &what = folder.configPath;
  BertConfig config;
  ModelFacts &facts = config.facts;
  facts.source = what;
  facts.kind = "encoder";
  config.hidden = positiveAt(json, "hidden_size", mostFeatures, what, 768);
  config.layers = positiveAt(json, "num_hidden_layers", mostLayers, what, 12);
  config.heads = positiveAt(json, "num_attention_heads", mostHeads, what, 12);
  config.feedForward = positiveAt(json, "intermediate_size", mostFeatures, what, 3072);
  config.tokenTypes = positiveAt(json, "type_vocab_size", mostRows, what, 2);
  facts.vocabulary = positiveAt(json, "vocab_size", mostRows, what, 30522);
  facts.maxSequence = positiveAt(json, "max_position_embeddings", mostRows, what, 512);
  facts.maxSequenceReason = "it has learned no others";
  checkHeads(config.hidden, "hidden_size", config.heads, what);
  config.epsilon = numberAt(json, "layer_norm_eps", what, 1e-12);
  config.activation = activationCalled(stringAt(json, "hidden_act", what, "gelu"), "hidden_act", what);
  if (std::string kind = stringAt(json, "position_embedding_type", what, "absolute"); kind != "absolute")
    throw Error(what + ": \"position_embedding_type\" is \"" + kind + "\", needs \"absolute\"");
  for (const char *key : {"is_decoder", "add_cross_attention"})
    refuseTrue(json, key, what);
  refusePruned(json, what);
  refuseQuantised(json, what);
  bool isModel = folder.architecture->name == "BertModel";
  config.prefix = prefixOf(folder, "bert.", "embeddings.word_embeddings.weight", /*preferred=*/!isModel);
  config.pooled = folder.weights ? folder.weights->find(config.prefix + "pooler.dense.weight") != nullptr : isModel;
  return {facts, bertWeights(config, folder.weights),
          [config](ModuleOp module, const ModelPlan &plan, const GraphOptions &options) {
            BertBuilder(module, config, plan, options).build();
          }};
}

} // namespace tp
