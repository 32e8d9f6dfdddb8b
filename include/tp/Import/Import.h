// Reads a model from where people keep them into the global form: plain tensors, ops of `nn`, and wishes on parameters.
//
// Weights stay in their files: only names, shapes and types are read, and checked against what the model needs, so that
// what is missing is said here and not by a rank. Everything is whole tensors; the mesh is there for the wishes alone.
#pragma once
#include "tp/Support/HostTensor.h"
#include "tp/Support/Mesh.h"
#include "tp/Support/ShardWish.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <vector>

namespace tp {

struct ImportOptions {
  Mesh mesh;
  /// Element type of parameters, activations and caches: F32, F16 or BF16.
  DType type = DType::F32;
  int64_t batch = 1;
  /// Bound of the sequence; without it the smaller of the model's own and 2048.
  std::optional<int64_t> maxSequence;
  /// Whether parameters get the wishes of the known plan (column, row and vocabulary splits).
  bool plan = true;
  /// The user's wishes. They go before the plan's, and decide how the vocabulary is padded.
  std::vector<ShardWish> shards;
  /// A split vocabulary is padded to a multiple of the number of shards times this.
  int64_t vocabularyMultiple = 1;
  /// Whether matrices say how their file stores them (`stored` in their source), so that they may be kept like that.
  bool keepStored = true;
  /// Whether a Hugging Face folder must have weights beside its config.json. A GGUF file always has.
  bool needsWeights = true;
};

/// Whether `path` is something `importModel` reads: a folder, or a file whose name ends in ".gguf".
bool isModelPath(const std::string &path);

/// The module of the model at `path` with entries @prefill, @decode and @score. The module carries `tp.model` (what a
/// runtime must know of it: kind, batch, max_seq, vocab, eos, bos, add_bos, tokenizer) and `tp.weights` (path, format,
/// fingerprint). Throws Error.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, const std::string &path, const ImportOptions &options);

} // namespace tp
