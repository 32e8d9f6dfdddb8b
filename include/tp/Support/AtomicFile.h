// Files that are either written whole or not at all: the bytes go to a temporary name in the same folder, which takes
// the real name when everything has reached the disk. A name that is no regular file (a terminal, /dev/null, a pipe) is
// written in place, because renaming over it would replace the device.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace tp {

class AtomicFile {
public:
  /// Creates the temporary file. Throws Error if the folder cannot be written.
  explicit AtomicFile(const std::string &path);
  /// Removes the temporary file unless `commit` has succeeded.
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  /// Appends. Throws Error, for example on a full disk.
  void write(const void *bytes, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Where the bytes are until `commit`: for another program that is to write them, such as a linker.
  const std::string &temporaryPath() const { return temporary; }
  /// Flushes to the disk and takes the real name. Nothing may be written afterwards.
  void commit();

private:
  [[noreturn]] void fail(const std::string &verb, int error);
  std::string path;      // as the user wrote it
  std::string target;    // with links followed
  std::string temporary; // equal to target when written in place
  int file = -1;
};

/// Removes the temporary files of all AtomicFiles that exist: for a process that ends without destroying them.
void removeUnfinishedFiles();

/// Writes all of `text` to `path`, whole or not at all.
void writeFile(const std::string &path, std::string_view text);
/// What comes out of an open file, socket or pipe until its end. If it cannot be read, what came before that, with the reason in errno;
/// else errno is 0.
std::string readAll(int descriptor);
/// The contents of `path`, which need not be a regular file. Throws Error.
std::string readFile(const std::string &path);

} // namespace tp
