// A file mapped read-only: pages are read when they are touched, so a rank that needs a third of a weight file reads a
// third of it. Nothing is handed out without a check against the file's size; offsets in files are hostile until then.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tp {

class MappedFile {
public:
  /// Maps `path`. Throws Error if it cannot be opened or is no regular file.
  explicit MappedFile(const std::string &path);
  ~MappedFile();
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const std::string &path() const { return filePath; }
  uint64_t size() const { return byteCount; }
  /// The bytes [offset, offset + size). Throws Error if they do not lie in the file.
  const char *bytes(uint64_t offset, uint64_t size) const;
  /// The whole file.
  std::string_view text() const { return {data, static_cast<size_t>(byteCount)}; }

private:
  std::string filePath;
  const char *data = nullptr;
  uint64_t byteCount = 0;
};

} // namespace tp
