// The weights of a model in one list: name, stored name, shape, how the known plan splits each, and what must divide for
// that. The graph, the plan and the check against the file all go by this list.
#pragma once
#include "tp/Import/Import.h"
#include "tp/Support/WeightFile.h"

namespace tp {

/// How the known plan splits one dimension of a weight (Shoeybi et al. 2019): column-parallel layers by their outputs,
/// row-parallel ones by their inputs, attention by heads.
enum class Split {
  Whole,
  Even,
  /// Heads of keys and values: by the major part of the axis where there are fewer heads than ranks.
  KeyHeads,
  /// Rows of a table, padded to divide.
  Vocabulary
};

struct ModelWeight {
  /// As a Hugging Face folder calls it, whatever the file is.
  std::string name;
  std::string storedName;
  /// As stored.
  std::vector<int64_t> shape;
  Split split = Split::Whole;
  /// The dimension that is split. A packed q|k|v is split within each of its parts.
  int64_t dim = 0;
  /// What the split dimension counts, and how many: "query heads", 9.
  const char *unit = "";
  int64_t units = 0;
};

/// Throws Error if `file` lacks one of `weights`, or has it in another shape or in a type that cannot be read. `source` is
/// the file that asks for those shapes.
void checkWeights(const std::vector<ModelWeight> &weights, const std::string &source, const WeightFile &file);

/// A parameter of the program: the weight with its wish, and its shape with the padding that the wish needs.
struct ModelParameter {
  ModelWeight weight;
  std::optional<Layout> wish;
  std::vector<int64_t> paddedShape;
};

struct ModelPlan {
  std::vector<ModelParameter> parameters;
  /// Splits the batch of tokens and positions.
  std::vector<AxisPart> batchAxes;
};

/// Wishes and padding for `weights` as `options` says. Throws Error that lists everything that does not divide.
ModelPlan planModel(const std::vector<ModelWeight> &weights, const ImportOptions &options);

} // namespace tp
