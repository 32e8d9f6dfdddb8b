// Holds the list of weights against what a file has.
#include "ModelWeights.h"

#include "tp/Support/Error.h"

namespace tp {

static std::string textOf(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void checkWeights(const std::vector<ModelWeight> &weights, const std::string &source, const WeightFile &file) {
  std::vector<std::string> missing;
  for (const ModelWeight &weight : weights) {
    const StoredTensor *stored = file.find(weight.storedName);
    if (!stored) {
      missing.push_back(weight.storedName);
      continue;
    }
    if (stored->shape != weight.shape)
      throw Error(file.path() + ": weight \"" + weight.storedName + "\" has shape " + textOf(stored->shape) + ", needs " +
                  textOf(weight.shape) + " by " + source);
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
