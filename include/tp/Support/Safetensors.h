// The safetensors format: eight bytes with the length of a JSON header, the header, and the tensors' bytes.
//
// Every number in the header is checked against the file before anything uses it: ranges inside the data, ranges that
// do not overlap, and shapes whose product is the size of their range.
#pragma once
#include "tp/Support/Dequantize.h"
#include "tp/Support/MappedFile.h"

#include <string>
#include <vector>

namespace tp {

struct SafetensorsTensor {
  std::string name;
  StoredType type;
  std::vector<int64_t> shape;
  /// Where its bytes lie in the file.
  uint64_t offset = 0;
  uint64_t byteCount = 0;
};

struct SafetensorsFile {
  MappedFile file;
  /// In the order of their bytes.
  std::vector<SafetensorsTensor> tensors;
  /// Length field and JSON: everything before the tensors' bytes.
  uint64_t headerBytes = 0;

  /// Opens one .safetensors file. Throws Error.
  static SafetensorsFile open(const std::string &path);
};

/// The .safetensors files of a Hugging Face folder: those that model.safetensors.index.json names, or the one that is
/// there; sorted. Throws Error (none, several without an index, an index that names a file outside the folder).
std::vector<std::string> safetensorsFilesOf(const std::string &folder);

} // namespace tp
