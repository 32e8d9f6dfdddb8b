// GGUF files (versions 2 and 3): typed keys and values, then tensor descriptions, then the tensors' bytes.
//
// GGUF lists dimensions fastest first; here they are in row-major order, as a Hugging Face folder has them. Values stay
// where they are in the mapped file and are decoded when asked for: a vocabulary is not copied to read a layer count.
#pragma once
#include "tp/Support/Dequantize.h"
#include "tp/Support/MappedFile.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

struct GgufTensor {
  std::string name;
  StoredType type;
  /// Row-major: [out, in] for a linear layer.
  std::vector<int64_t> shape;
  /// Where its bytes lie in the file. 0 bytes for a type we know nothing about.
  uint64_t offset = 0;
  uint64_t byteCount = 0;
};

class GgufFile {
public:
  /// Opens and checks the header: every length, offset and size lies in the file. Throws Error.
  explicit GgufFile(const std::string &path);

  const MappedFile &file() const { return mapped; }
  uint32_t version() const { return formatVersion; }
  /// In the order of the file.
  const std::vector<GgufTensor> &tensors() const { return tensorList; }
  /// Everything before the tensors' bytes.
  uint64_t headerBytes() const { return dataStart; }

  /// Whether `key` is there.
  bool has(const std::string &key) const { return values.count(key) != 0; }
  /// The value of `key`. Throws Error if it is missing or of another kind; the overloads with a fallback give it where
  /// the key is missing.
  int64_t intAt(const std::string &key) const;
  int64_t intAt(const std::string &key, int64_t fallback) const;
  double numberAt(const std::string &key) const;
  double numberAt(const std::string &key, double fallback) const;
  bool boolAt(const std::string &key, bool fallback) const;
  std::string stringAt(const std::string &key) const;
  std::string stringAt(const std::string &key, const std::string &fallback) const;
  /// Arrays; a single value counts as an array of one. The texts point into the mapped file.
  std::vector<int64_t> intsAt(const std::string &key) const;
  std::vector<double> numbersAt(const std::string &key) const;
  std::vector<std::string_view> stringsAt(const std::string &key) const;

private:
  // A value as it lies in the file; its extent has been checked.
  struct Value {
    uint32_t type; // of the elements for an array
    bool isArray;
    uint64_t count;
    std::string_view bytes;
  };
  const Value *find(const std::string &key) const;
  const Value &get(const std::string &key) const;
  [[noreturn]] void failType(const std::string &key, const Value &value, const char *needed) const;
  int64_t decodeInt(const std::string &key, const Value &value, uint64_t index) const;
  double decodeNumber(const std::string &key, const Value &value, uint64_t index) const;

  MappedFile mapped;
  uint32_t formatVersion = 0;
  uint64_t dataStart = 0;
  std::map<std::string, Value> values;
  std::vector<GgufTensor> tensorList;
  friend struct GgufReader;
};

} // namespace tp
