// The weights of a Llama-like decoder, in one list: name, stored name, shape, how the known plan splits it, and what must
// divide for that. The graph, the plan and the check against the file all go by this list.
#pragma once
#include "LlamaConfig.h"

#include "tp/Import/Import.h"

namespace tp {

/// Which dimension of a [out, in] weight the known plan splits: column-parallel layers by their outputs, row-parallel ones by
/// their inputs (Shoeybi et al. 2019).
enum class Split {
  Whole,
  Outputs,
  /// Outputs that are heads of keys and values: by the major part of the axis where there are fewer heads than ranks.
  KeyOutputs,
  Inputs,
  /// Rows of a table, padded to divide.
  Vocabulary
};

struct LlamaWeight {
  /// As a Hugging Face folder calls it, whatever the file is.
  std::string name;
  std::string storedName;
  /// As stored.
  std::vector<int64_t> shape;
  Split split = Split::Whole;
  /// What the split dimension counts, and how many: "query heads", 9.
  const char *unit = "";
  int64_t units = 0;
};

/// All weights of the model, in the order of the forward pass.
std::vector<LlamaWeight> llamaWeights(const LlamaConfig &config, bool isGguf);

/// Throws Error if `file` lacks one of `weights`, or has it in another shape or in a type that cannot be read.
void checkWeights(const std::vector<LlamaWeight> &weights, const LlamaConfig &config, const WeightFile &file);

/// A parameter of the program: the weight with its wish, and its shape with the padding that the wish needs.
struct LlamaParameter {
  LlamaWeight weight;
  std::optional<Layout> wish;
  std::vector<int64_t> paddedShape;
};

struct LlamaPlan {
  std::vector<LlamaParameter> parameters;
  /// Splits the batch of tokens and positions.
  std::vector<AxisPart> batchAxes;
};

/// Wishes and padding for `weights` as `options` says. Throws Error that lists everything that does not divide.
LlamaPlan planLlama(const std::vector<LlamaWeight> &weights, const ImportOptions &options);

} // namespace tp
