// A model's weights, wherever they are stored: one interface over safetensors files and GGUF.
//
// Tensors are read by slices and converted on the way, so a rank reads its own shard and little else, and holds nothing of
// the file itself. Names and shapes are the file's, shapes in the order of a Hugging Face folder.
#pragma once
#include "tp/Support/Dequantize.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tp {

class GgufFile;
class MappedFile;

struct StoredTensor {
  std::string name;
  std::vector<int64_t> shape;
  StoredType type;
  /// Where its bytes are; rows (the last dimension) are whole blocks.
  const MappedFile *file = nullptr;
  uint64_t offset = 0, byteCount = 0;
};

class WeightFile {
public:
  /// `path`: a .gguf file, a .safetensors file, or a Hugging Face folder (one file, or shards with their index).
  /// Throws Error.
  static WeightFile open(const std::string &path);
  ~WeightFile();
  WeightFile(WeightFile &&) noexcept;
  WeightFile &operator=(WeightFile &&) noexcept;

  const std::string &path() const;
  /// "gguf" or "safetensors"
  const std::string &format() const;
  /// Sorted by name.
  const std::vector<StoredTensor> &tensors() const;
  /// The tensor called `name`, or nullptr.
  const StoredTensor *find(const std::string &name) const;
  /// The same; throws Error with names that are there.
  const StoredTensor &at(const std::string &name) const;
  /// The GGUF file with its keys and values; nullptr for safetensors.
  const GgufFile *gguf() const;

  /// Reads the elements [offsets, offsets + sizes) of tensor `name` into `destination`, packed row-major, as `to`.
  /// Throws Error: an unknown tensor, a range outside it, a type that cannot be read, a float type as integers or the
  /// reverse. May be called from several threads.
  void readSlice(const std::string &name, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes, DType to,
                 void *destination) const;
  /// The same elements as they are stored: row after row, each a number of whole blocks. Throws Error if `offsets` or `sizes`
  /// cut a block.
  void readStored(const std::string &name, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes,
                  void *destination) const;
  /// The whole tensor.
  void read(const std::string &name, DType to, void *destination) const;

  /// 16 hex digits over the headers of all files: another model, a re-quantised one, or other shapes give another text.
  std::string fingerprint() const;

private:
  struct Contents;
  /// Throws Error if the slice is not inside the tensor; whether it holds any elements.
  bool checkSlice(const StoredTensor &tensor, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes) const;
  explicit WeightFile(std::unique_ptr<Contents> contents);
  std::unique_ptr<Contents> contents;
};

} // namespace tp
