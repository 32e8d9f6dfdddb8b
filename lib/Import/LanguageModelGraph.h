// The entries of a decoder that makes one token after another: @prefill, @decode and @score, from one description of a layer.
//
// They differ in two places only. prefill and decode write keys and values to the cache and attend over all of it: a token sees
// the cache rows up to its own position. score attends over its own keys and values and leaves the caches alone, so that it can be
// called between two steps of a generation. prefill computes logits of one token per sequence, score of all.
#pragma once
#include "GraphBuilder.h"

namespace tp {

/// What the entries must know of a decoder.
struct DecoderShape {
  int64_t layers = 0, hidden = 0, keyHeads = 0, headWidth = 0, vocabulary = 0;
  /// Names of the module that embeds, of the last norm, and of the table that makes logits.
  std::string embedding, norm, table;
};

class LanguageModelBuilder : public GraphBuilder {
public:
  LanguageModelBuilder(mlir::ModuleOp module, const ModelPlan &plan, const GraphOptions &options, DecoderShape shape)
      : GraphBuilder(module, plan, options), shape(std::move(shape)) {}
  virtual ~LanguageModelBuilder() = default;

  void build();

protected:
  /// [batch, sequence, hidden] of token ids; positions are -1 where there is no token.
  virtual mlir::Value embedTokens(mlir::Value tokens, mlir::Value positions) = 0;
  virtual mlir::Value decoderLayer(int64_t layer, mlir::Value x, mlir::Value positions) = 0;
  /// What comes after the last layer and before the logits, on [batch, hidden] or [batch, sequence, hidden].
  virtual mlir::Value finalNorm(mlir::Value x) = 0;

  /// Causal attention of heads [batch, sequence, heads, width] over what has been seen so far. `window` as nn.attention has it.
  mlir::Value attend(int64_t layer, mlir::Value q, mlir::Value k, mlir::Value v, mlir::Value positions, double scale,
                     int64_t window = 0);

private:
  enum class Entry { Prefill, Decode, Score };
  void buildEntry(const std::string &name, Entry kind);
  mlir::Value remember(const std::string &name, mlir::Value fresh, mlir::Value positions);
  mlir::Value logitsOf(mlir::Value x);

  DecoderShape shape;
  Entry entry = Entry::Prefill;
};

} // namespace tp
