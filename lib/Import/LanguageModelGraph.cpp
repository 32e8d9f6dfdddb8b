// Logits are made whole before the padding of the vocabulary is cut off and before they are widened to f32: a gather of padded,
// narrow numbers is the cheapest.
#include "LanguageModelGraph.h"

using namespace mlir;

namespace tp {

static std::string cacheName(int64_t layer, const char *which) { return "cache." + std::to_string(layer) + "." + which; }

void LanguageModelBuilder::build() {
  declareParameters();
  for (int64_t layer = 0; layer < shape.layers; ++layer)
    for (const char *which : {"k", "v"})
      declareState(cacheName(layer, which), {options.batch, options.maxSequence, shape.keyHeads, shape.headWidth});
  buildEntry("prefill", Entry::Prefill);
  buildEntry("decode", Entry::Decode);
  buildEntry("score", Entry::Score);
}

// Writes fresh keys or values to their cache; the cache with them.
Value LanguageModelBuilder::remember(const std::string &name, Value fresh, Value positions) {
  Value cache = get(name);
  Value updated = nn::CacheUpdateOp::create(builder, location, cache.getType(), cache, fresh, positions);
  nn::SetOp::create(builder, location, name, updated);
  return updated;
}

Value LanguageModelBuilder::attend(int64_t layer, Value q, Value k, Value v, Value positions, double scale, int64_t window) {
  if (entry != Entry::Score) {
    k = remember(cacheName(layer, "k"), k, positions);
    v = remember(cacheName(layer, "v"), v, positions);
  }
  return nn::AttentionOp::create(builder, location, q.getType(), q, k, v, positions, Value(), builder.getF64FloatAttr(scale),
                                 UnitAttr(), builder.getI64IntegerAttr(window < options.maxSequence ? window : 0));
}

Value LanguageModelBuilder::logitsOf(Value x) {
  x = finalNorm(x);
  enter("lm_head");
  Value table = get(shape.table);
  SmallVector<int64_t> size(typeOf(x).getShape());
  size.back() = typeOf(table).getDimSize(0);
  Value logits = whole(contract(size.size() == 2 ? "bh,vh->bv" : "bsh,vh->bsv", x, table, tensor(size)));
  if (size.back() != shape.vocabulary)
    logits = sliceLast(logits, 0, shape.vocabulary);
  return toF32(logits);
}

void LanguageModelBuilder::buildEntry(const std::string &name, Entry kind) {
  entry = kind;
  int64_t length = entry == Entry::Decode ? 1 : ShapedType::kDynamic;
  auto ids = RankedTensorType::get({options.batch, length}, builder.getI32Type());
  SmallVector<NamedType> arguments{{"tokens", ids}, {"positions", ids}};
  if (entry == Entry::Prefill)
    arguments.push_back({"last", RankedTensorType::get({options.batch}, builder.getI32Type())});
  SmallVector<int64_t> size{options.batch, shape.vocabulary};
  if (entry == Entry::Score)
    size.insert(size.begin() + 1, ShapedType::kDynamic);
  func::FuncOp function = startFunction(name, arguments, NamedType{"logits", RankedTensorType::get(size, builder.getF32Type())});

  Value tokens = function.getArgument(0), positions = function.getArgument(1);
  enter(shape.embedding);
  Value x = embedTokens(tokens, positions);
  for (int64_t layer = 0; layer < shape.layers; ++layer)
    x = decoderLayer(layer, x, positions);
  enter(shape.norm);
  if (entry == Entry::Prefill)
    x = nn::GatherOp::create(builder, location, tensor({options.batch, shape.hidden}), x, function.getArgument(2),
                             /*axis=*/1, /*batch=*/1);
  else if (entry == Entry::Decode)
    x = reshape(x, {options.batch, shape.hidden});
  func::ReturnOp::create(builder, location, logitsOf(x));
}

} // namespace tp
