// What a compiled module says about itself: the JSON text inside a .tpm, read and checked before any of its code runs.
//
// The text stands in the file after a marker, so it is found without loading the file as a library; a module of another
// ABI version or for another processor is refused here, with both numbers.
#pragma once
#include "tp/Support/Dequantize.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Json.h"
#include "tp/Support/Layout.h"
#include "tp/Support/Mesh.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tprt {

/// Where a value comes from.
struct SourceInfo {
  /// A tensor of the weight file, or (`input`) what the user gives under that name.
  std::string tensor, input;
  /// The part of it that is used; empty: all.
  std::vector<int64_t> offsets, sizes;
  bool given() const { return !tensor.empty() || !input.empty(); }
};

/// A tensor with a place on the mesh. In `shape`, -1 is the dynamic extent n; in `localShape` -1 is n and -k (k >= 2) is
/// ceil(n / k).
struct TensorInfo {
  std::string name;
  std::vector<int64_t> shape;
  tp::DType type = tp::DType::F32;
  tp::Layout layout;
  std::vector<int64_t> localShape;
  /// Parameters, and inputs that are slices of what the user gives. Where the source is smaller than `shape` (a padded
  /// vocabulary), the rest is zero.
  SourceInfo source;
  /// A parameter that stays as its file stores it; `type` is what it means in the program. Rows (the last dimension) of the
  /// local shape are whole blocks.
  std::optional<tp::StoredFormat> stored;
};

struct CollectiveInfo {
  std::string kind, reduce, type, where, why;
  std::vector<std::string> axes;
  int64_t group = 0, groupSize = 1;
  std::vector<int64_t> operandShape;
};

/// One call that an entry makes: the ABI function without its prefix, where the op stands, and the kernel of a parallel_for.
struct CallInfo {
  std::string function, where, kernel;
};

struct EntryInfo {
  std::string name, symbol;
  /// The largest n; none: the entry has no dynamic extent.
  std::optional<int64_t> dynamicMax;
  int64_t tokens = 0;
  std::vector<TensorInfo> inputs, outputs;
  int64_t arenaBytes = 0;
  std::vector<CollectiveInfo> collectives;
  /// In the order of their execution; empty in a module that does not say.
  std::vector<CallInfo> calls;
};

struct ModelInfo {
  /// "graph", "language_model", "encoder"
  std::string kind = "graph";
  int64_t batch = 1, maxSequence = 0, vocabulary = 0, bos = -1;
  bool addBos = false;
  std::vector<int64_t> eos;
  std::string tokenizerFormat, tokenizerPath;
};

struct WeightsInfo {
  /// As written: relative to the module's folder, or absolute. Format "none": there are none.
  std::string path, format = "none", fingerprint;
};

struct Manifest {
  std::string version, target, isa;
  tp::Mesh mesh;
  ModelInfo model;
  WeightsInfo weights;
  std::vector<std::vector<tp::AxisPart>> groups;
  std::vector<TensorInfo> parameters, states;
  std::vector<EntryInfo> entries;

  /// Index of the entry called `name`, or -1.
  int64_t findEntry(const std::string &name) const;
};

/// The manifest's text in the file `path`. Throws Error if it is no module or is cut off.
std::string readManifestText(const std::string &path);
/// For every entry the list of its tensors with their bytes, as the manifest's text has it: only reports need it, and it is half of
/// the text. Throws Error.
std::vector<tp::Json> tensorsOfEntries(std::string_view text, const std::string &what);
/// Reads and checks a manifest's text; `what` names the file in errors. Throws Error, for another ABI version too.
Manifest parseManifest(const std::string &text, const std::string &what);

/// `shape` with its dynamic extents filled in for n.
std::vector<int64_t> resolveShape(std::vector<int64_t> shape, int64_t n);
/// What one rank holds of `tensor`, with n filled in.
int64_t localBytes(const TensorInfo &tensor, int64_t n);
/// Product of the extents.
int64_t countOf(const std::vector<int64_t> &shape);

} // namespace tprt
