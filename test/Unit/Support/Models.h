// Files for the tests of weight readers: a writer of small GGUF files that can also lie, and the real model if it is
// there.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tp {

/// `value` as it lies in a little-endian file.
template <typename Number> std::string raw(Number value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

struct GgufBuilder {
  std::string values, tensors, data;
  uint64_t valueCount = 0, tensorCount = 0;

  static std::string text(const std::string &text) { return raw(uint64_t(text.size())) + text; }
  void value(const std::string &key, uint32_t type, const std::string &bytes) {
    values += text(key) + raw(type) + bytes;
    ++valueCount;
  }
  void u32(const std::string &key, uint32_t number) { value(key, 4, raw(number)); }
  void string(const std::string &key, const std::string &content) { value(key, 8, text(content)); }
  void boolean(const std::string &key, bool flag) { value(key, 7, raw(uint8_t(flag))); }
  void strings(const std::string &key, const std::vector<std::string> &contents) {
    std::string bytes = raw(uint32_t(8)) + raw(uint64_t(contents.size()));
    for (const std::string &content : contents)
      bytes += text(content);
    value(key, 9, bytes);
  }
  template <typename Number> void numbers(const std::string &key, uint32_t type, const std::vector<Number> &contents) {
    std::string bytes = raw(type) + raw(uint64_t(contents.size()));
    for (Number number : contents)
      bytes += raw(number);
    value(key, 9, bytes);
  }
  /// `dims` fastest first, as the file has them; `offset` into the data.
  void tensor(const std::string &name, const std::vector<uint64_t> &dims, uint32_t type, uint64_t offset) {
    tensors += text(name) + raw(uint32_t(dims.size()));
    for (uint64_t dim : dims)
      tensors += raw(dim);
    tensors += raw(type) + raw(offset);
    ++tensorCount;
  }
  std::string file(uint32_t version = 3) const {
    std::string bytes = "GGUF" + raw(version) + raw(tensorCount) + raw(valueCount) + values + tensors;
    bytes.resize((bytes.size() + 31) / 32 * 32);
    return bytes + data;
  }
};

/// Writes a file without waiting for the disk, for tests that write many.
inline void put(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// A safetensors file with this header.
inline std::string safetensors(const std::string &header, const std::string &data) {
  return raw(uint64_t(header.size())) + header + data;
}

/// The SmolLM2 model as GGUF: TP_SMOLLM2_GGUF, or what is in the cache; "" if neither is there.
inline std::string smolLm2() {
  if (const char *path = std::getenv("TP_SMOLLM2_GGUF"); path && *path)
    return path;
  const char *home = std::getenv("HOME");
  std::string path = std::string(home ? home : "") + "/.cache/tp/SmolLM2-135M-Instruct.Q4_1.gguf";
  return std::filesystem::exists(path) ? path : "";
}

} // namespace tp

/// Opens a test that needs the model.
#define TP_NEEDS_SMOLLM2(path)                                                                                                   \
  std::string path = tp::smolLm2();                                                                                              \
  if (path.empty())                                                                                                              \
  GTEST_SKIP() << "needs the SmolLM2 GGUF file: set TP_SMOLLM2_GGUF"
