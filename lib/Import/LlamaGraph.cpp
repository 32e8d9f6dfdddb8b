// Builds the three entries from one description of a layer.
//
// They differ in two places only. prefill and decode write keys and values to the cache and attend over all of it: a token sees
// the cache rows up to its own position. score attends over its own keys and values and leaves the caches alone, so that it can be
// called between two steps of a generation. prefill computes logits of one token per sequence, score of all.
// Every op has the name of its Hugging Face module as location: that is where a collective says it comes from.
#include "LlamaGraph.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

using namespace mlir;

namespace tp {

namespace {

enum class Entry { Prefill, Decode, Score };

Type elementTypeOf(MLIRContext *context, DType type) {
  Builder builder(context);
  return type == DType::F16    ? Type(builder.getF16Type())
         : type == DType::BF16 ? Type(builder.getBF16Type())
                               : Type(builder.getF32Type());
}

class LlamaBuilder {
public:
  LlamaBuilder(ModuleOp module, const LlamaConfig &config, const LlamaPlan &plan, const LlamaGraphOptions &options)
      : module(module), config(config), plan(plan), options(options), builder(module.getContext()),
        elementType(elementTypeOf(module.getContext(), options.type)) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  void build() {
    declareParameters();
    declareCaches();
    buildEntry("prefill", Entry::Prefill);
    buildEntry("decode", Entry::Decode);
    buildEntry("score", Entry::Score);
  }

private:
  //===-- Declarations ------------------------------------------------------------------------------------------===//

  Location named(const std::string &name) { return NameLoc::get(builder.getStringAttr(name)); }

  LayoutAttr layoutAttr(const Layout &layout) {
    MeshOp mesh = findMesh(module);
    return LayoutAttr::get(builder.getContext(), FlatSymbolRefAttr::get(mesh.getSymNameAttr()), layout);
  }

  RankedTensorType tensor(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, elementType); }

  void declareParameters() {
    for (const LlamaParameter &parameter : plan.parameters) {
      const LlamaWeight &weight = parameter.weight;
      SmallVector<NamedAttribute> source{builder.getNamedAttr("tensor", builder.getStringAttr(weight.storedName))};
      if (parameter.paddedShape != weight.shape)
        source.push_back(builder.getNamedAttr("pad_to", builder.getDenseI64ArrayAttr(parameter.paddedShape)));
      auto op =
          nn::ParameterOp::create(builder, named(weight.name), builder.getStringAttr(weight.name),
                                  TypeAttr::get(tensor(parameter.paddedShape)), builder.getDictionaryAttr(source), StringAttr());
      if (parameter.wish)
        op->setAttr(layoutAttrName, layoutAttr(*parameter.wish));
      types[weight.name] = tensor(parameter.paddedShape);
    }
  }

  std::string cacheName(int64_t layer, const char *which) { return "cache." + std::to_string(layer) + "." + which; }

  void declareCaches() {
    RankedTensorType type = tensor({options.batch, options.maxSequence, config.keyHeads, config.headWidth});
    for (int64_t layer = 0; layer < config.layers; ++layer)
      for (const char *which : {"k", "v"}) {
        std::string name = cacheName(layer, which);
        nn::StateOp::create(builder, named(name), builder.getStringAttr(name), TypeAttr::get(type), StringAttr());
        types[name] = type;
      }
  }

  //===-- Ops ---------------------------------------------------------------------------------------------------===//

  // Ops take the location of the module they belong to.
  void enter(const std::string &name) { location = named(name); }

  Value get(const std::string &name) { return nn::GetOp::create(builder, location, types.at(name), name); }

  RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

  Value contract(StringRef equation, Value lhs, Value rhs, RankedTensorType type) {
    return nn::ContractOp::create(builder, location, type, equation, lhs, rhs);
  }

  Value addElements(Value left, Value right) {
    return nn::MapOp::build(builder, location, typeOf(left), {left, right},
                            [](OpBuilder &body, Location at, ValueRange scalars) -> Value {
                              return arith::AddFOp::create(body, at, scalars[0], scalars[1]);
                            });
  }

  // y = x W' (+ b) on [batch, sequence, features].
  Value linear(const std::string &name, Value x) {
    enter(name);
    Value weight = get(name + ".weight");
    RankedTensorType input = typeOf(x);
    RankedTensorType type = tensor({input.getDimSize(0), input.getDimSize(1), typeOf(weight).getDimSize(0)});
    Value y = contract("bsh,fh->bsf", x, weight, type);
    if (!types.contains(name + ".bias"))
      return y;
    Value bias = get(name + ".bias");
    Value like = type.hasStaticShape() ? Value() : y;
    return addElements(y, nn::BroadcastOp::create(builder, location, type, bias, ArrayRef<int64_t>{2}, like));
  }

  Value norm(const std::string &name, Value x) {
    enter(name);
    return nn::RmsNormOp::create(builder, location, x.getType(), x, get(name + ".weight"),
                                 builder.getF64FloatAttr(config.epsilon));
  }

  Value reshape(Value x, ArrayRef<int64_t> shape) { return nn::ReshapeOp::create(builder, location, tensor(shape), x); }

  // [batch, sequence, heads * width] as [batch, sequence, heads, width].
  Value splitHeads(Value x, int64_t heads) {
    RankedTensorType type = typeOf(x);
    return reshape(x, {type.getDimSize(0), type.getDimSize(1), heads, config.headWidth});
  }

  Value rotate(Value x, Value positions) {
    return nn::RopeOp::create(builder, location, x.getType(), x, positions, builder.getDenseF32ArrayAttr(config.rope.inverse),
                              builder.getF64FloatAttr(config.rope.attentionFactor),
                              config.interleaved ? builder.getUnitAttr() : UnitAttr());
  }

  // Writes fresh keys or values to their cache; the cache with them.
  Value remember(const std::string &name, Value fresh, Value positions) {
    Value cache = get(name);
    Value updated = nn::CacheUpdateOp::create(builder, location, cache.getType(), cache, fresh, positions);
    nn::SetOp::create(builder, location, name, updated);
    return updated;
  }

  //===-- The model ---------------------------------------------------------------------------------------------===//

  Value attention(int64_t layer, const std::string &name, Value x, Value positions, Entry entry) {
    Value q = splitHeads(linear(name + ".q_proj", x), config.heads);
    q = rotate(q, positions);
    Value k = splitHeads(linear(name + ".k_proj", x), config.keyHeads);
    k = rotate(k, positions);
    Value v = splitHeads(linear(name + ".v_proj", x), config.keyHeads);
    enter(name);
    if (entry != Entry::Score) {
      k = remember(cacheName(layer, "k"), k, positions);
      v = remember(cacheName(layer, "v"), v, positions);
    }
    int64_t window = config.window < options.maxSequence ? config.window : 0;
    Value seen = nn::AttentionOp::create(builder, location, q.getType(), q, k, v, positions, Value(),
                                         builder.getF64FloatAttr(1 / std::sqrt(static_cast<double>(config.headWidth))),
                                         UnitAttr(), builder.getI64IntegerAttr(window));
    RankedTensorType type = typeOf(seen);
    Value merged = reshape(seen, {type.getDimSize(0), type.getDimSize(1), config.heads * config.headWidth});
    return linear(name + ".o_proj", merged);
  }

  Value widened(OpBuilder &body, Location at, Value scalar) {
    return elementType.isF32() ? scalar : arith::ExtFOp::create(body, at, body.getF32Type(), scalar);
  }

  // down(silu(gate(x)) * up(x)), rounded to the element type once.
  Value feedForward(const std::string &name, Value x) {
    Value gate = linear(name + ".gate_proj", x);
    Value up = linear(name + ".up_proj", x);
    enter(name);
    Value active = nn::MapOp::build(
        builder, location, typeOf(gate), {gate, up}, [&](OpBuilder &body, Location at, ValueRange scalars) -> Value {
          Value one = arith::ConstantOp::create(body, at, body.getF32FloatAttr(1));
          Value x = widened(body, at, scalars[0]);
          Value exponential = math::ExpOp::create(body, at, arith::NegFOp::create(body, at, x));
          Value silu = arith::DivFOp::create(body, at, x, arith::AddFOp::create(body, at, exponential, one));
          Value product = arith::MulFOp::create(body, at, silu, widened(body, at, scalars[1]));
          return elementType.isF32() ? product : arith::TruncFOp::create(body, at, elementType, product);
        });
    return linear(name + ".down_proj", active);
  }

  Value decoderLayer(int64_t layer, Value x, Value positions, Entry entry) {
    std::string name = "model.layers." + std::to_string(layer);
    Value attended = attention(layer, name + ".self_attn", norm(name + ".input_layernorm", x), positions, entry);
    enter(name);
    x = addElements(x, attended);
    Value fed = feedForward(name + ".mlp", norm(name + ".post_attention_layernorm", x));
    enter(name);
    return addElements(x, fed);
  }

  // Logits in f32 and without the padding of the vocabulary. They are made whole before they are widened and cut.
  Value logitsOf(Value x) {
    x = norm("model.norm", x);
    enter("lm_head");
    Value table = get(config.tied ? "model.embed_tokens.weight" : "lm_head.weight");
    SmallVector<int64_t> shape(typeOf(x).getShape());
    shape.back() = typeOf(table).getDimSize(0);
    Value logits = contract(shape.size() == 2 ? "bh,vh->bv" : "bsh,vh->bsv", x, table, tensor(shape));
    logits = ConstrainOp::create(builder, location, logits.getType(), logits, layoutAttr(Layout::whole(shape.size())));
    if (shape.back() != config.vocabulary) {
      shape.back() = config.vocabulary;
      SmallVector<int64_t> zeros(shape.size(), 0), ones(shape.size(), 1), sizes(shape);
      for (int64_t &size : sizes)
        size = ShapedType::isDynamic(size) ? -1 : size;
      logits = nn::SliceOp::create(builder, location, tensor(shape), logits, zeros, sizes, ones);
    }
    if (elementType.isF32())
      return logits;
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    return nn::MapOp::build(builder, location, type, {logits},
                            [&](OpBuilder &body, Location at, ValueRange scalars) { return widened(body, at, scalars[0]); });
  }

  //===-- Entries -----------------------------------------------------------------------------------------------===//

  void buildEntry(const std::string &name, Entry entry) {
    int64_t length = entry == Entry::Decode ? 1 : ShapedType::kDynamic;
    auto ids = RankedTensorType::get({options.batch, length}, builder.getI32Type());
    SmallVector<Type> inputs{ids, ids};
    SmallVector<StringRef> names{"tokens", "positions"};
    if (entry == Entry::Prefill) {
      inputs.push_back(RankedTensorType::get({options.batch}, builder.getI32Type()));
      names.push_back("last");
    }
    SmallVector<int64_t> shape{options.batch, config.vocabulary};
    if (entry == Entry::Score)
      shape.insert(shape.begin() + 1, ShapedType::kDynamic);
    auto output = RankedTensorType::get(shape, builder.getF32Type());
    auto function = func::FuncOp::create(builder, named(name), name, builder.getFunctionType(inputs, output));
    if (entry != Entry::Decode)
      function->setAttr(nn::maxDynamicAttrName, builder.getI64IntegerAttr(options.maxSequence));
    for (auto [i, argument] : llvm::enumerate(names)) {
      function.setArgAttr(i, "nn.name", builder.getStringAttr(argument));
      if (plan.batchAxes.empty())
        continue;
      Layout wish = Layout::whole(cast<RankedTensorType>(inputs[i]).getRank());
      wish.dims[0].axes = plan.batchAxes;
      function.setArgAttr(i, layoutAttrName, layoutAttr(wish));
    }
    function.setResultAttr(0, "nn.name", builder.getStringAttr("logits"));
    function.setResultAttr(0, layoutAttrName, layoutAttr(Layout::whole(shape.size())));

    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(function.addEntryBlock());
    Value tokens = function.getArgument(0), positions = function.getArgument(1);
    enter("model.embed_tokens");
    Value x = nn::EmbeddingOp::create(builder, location, tensor({options.batch, length, config.hidden}), tokens,
                                      get("model.embed_tokens.weight"), Value());
    for (int64_t layer = 0; layer < config.layers; ++layer)
      x = decoderLayer(layer, x, positions, entry);
    enter("model.norm");
    if (entry == Entry::Prefill)
      x = nn::GatherOp::create(builder, location, tensor({options.batch, config.hidden}), x, function.getArgument(2),
                               /*axis=*/1, /*batch=*/1);
    else if (entry == Entry::Decode)
      x = reshape(x, {options.batch, config.hidden});
    func::ReturnOp::create(builder, location, logitsOf(x));
  }

  ModuleOp module;
  const LlamaConfig &config;
  const LlamaPlan &plan;
  const LlamaGraphOptions &options;
  OpBuilder builder;
  Type elementType;
  Location location = UnknownLoc::get(builder.getContext());
  llvm::StringMap<RankedTensorType> types; // of parameters and states
};

} // namespace

void buildLlama(ModuleOp module, const LlamaConfig &config, const LlamaPlan &plan, const LlamaGraphOptions &options) {
  LlamaBuilder(module, config, plan, options).build();
}

} // namespace tp
