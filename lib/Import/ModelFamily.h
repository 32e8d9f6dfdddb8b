// What importing needs to know of a family of models: facts for the runtime, the weights, and a function that builds the
// graph. Adding a family is one file that reads its config.json and one that builds its graph.
#pragma once
#include "ModelWeights.h"

#include "tp/Support/Json.h"

#include <functional>

namespace tp {

struct ModelFacts {
  /// The file that says so, for errors.
  std::string source;
  /// "language_model" or "encoder".
  std::string kind = "language_model";
  int64_t vocabulary = 0;
  /// The longest sequence the model was made for.
  int64_t maxSequence = 0;
  /// Why it may not be exceeded, to go on from "positions of FILE; "; "": it may.
  std::string maxSequenceReason;
  std::vector<int64_t> endTokens;
  int64_t beginToken = -1;
  bool addBeginToken = false;
};

struct GraphOptions {
  DType type = DType::F32;
  int64_t batch = 1;
  int64_t maxSequence = 1;
};

struct ModelFamily {
  ModelFacts facts;
  /// In the order of the forward pass.
  std::vector<ModelWeight> weights;
  /// Adds everything but the mesh, which `module` has, to `module`.
  std::function<void(mlir::ModuleOp module, const ModelPlan &plan, const GraphOptions &options)> build;
};

struct Architecture;

/// A Hugging Face folder: its config.json, and its weights where it has any.
struct ModelFolder {
  std::string path;
  /// PATH/config.json, for errors.
  std::string configPath;
  Json config;
  const Architecture *architecture = nullptr;
  const WeightFile *weights = nullptr;
};

/// One architecture that is read: what config.json calls it, and who reads it. `read` throws Error for what the config asks for
/// and tp cannot do.
struct Architecture {
  std::string_view name, modelType;
  ModelFamily (*read)(const ModelFolder &folder);
};

/// Reads the folder's config.json and finds the architecture that it names. Throws Error that lists those there are.
ModelFolder openModelFolder(const std::string &path);

ModelFamily readLlamaFolder(const ModelFolder &folder);
ModelFamily readGpt2Folder(const ModelFolder &folder);
ModelFamily readBertFolder(const ModelFolder &folder);

} // namespace tp
