// A file mapped read-only: pages are read when they are touched, so a rank that needs a third of a weight file reads a
// third of it. Nothing is handed out without a check against the file's size; offsets in files are hostile until then.
#pragma once
#include <atomic>
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
  /// Copies the bytes [offset, offset + size) without touching the mapping: its pages would count as this process's memory, and
  /// each costs an interrupt to bring in. Throws Error if they do not lie in the file or cannot be read.
  void read(uint64_t offset, uint64_t size, void *destination) const;
  /// The whole file.
  std::string_view text() const { return {data, static_cast<size_t>(byteCount)}; }

private:
  struct Mapping;
  static std::atomic<Mapping *> mappings;
  friend void endAtLostPages();

  std::string filePath;
  const char *data = nullptr;
  uint64_t byteCount = 0;
  Mapping *mapping = nullptr;
  int file = -1;
};

/// For the main of a tool: from now on, touching a page of a mapped file that has been cut short since (or that the disk
/// cannot read) ends the process with one error that names the file, and status 1; without this it is a bus error. Nothing
/// else can be done from there: the bytes are gone in the middle of whatever is being computed.
void endAtLostPages();

} // namespace tp
