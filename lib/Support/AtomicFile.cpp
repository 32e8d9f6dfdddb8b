// Write, fsync, rename, fsync of the folder: after a crash the name holds the old bytes or the new ones.
#include "tp/Support/AtomicFile.h"

#include "tp/Support/Error.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace tp {

// The umask can only be read by setting it; once, before any thread that could create a file in between matters.
static mode_t modeOfNewFiles() {
  static const mode_t mode = [] {
    mode_t mask = ::umask(0);
    ::umask(mask);
    return mode_t(0666) & ~mask;
  }();
  return mode;
}

namespace {
// Temporary files that exist now, for a process that must end without returning from where it is.
struct Unfinished {
  static std::mutex &lock() {
    static std::mutex mutex;
    return mutex;
  }
  static std::set<std::string> &paths() {
    static std::set<std::string> set;
    return set;
  }
  static void add(const std::string &path) {
    std::lock_guard guard(lock());
    paths().insert(path);
  }
  static void remove(const std::string &path) {
    std::lock_guard guard(lock());
    paths().erase(path);
  }
};
} // namespace

AtomicFile::AtomicFile(const std::string &path) : path(path), target(path) {
  if (path.empty())
    throw Error("cannot write a file without a name");
  struct stat facts;
  bool exists = ::stat(path.c_str(), &facts) == 0;
  if (exists && S_ISDIR(facts.st_mode))
    throw Error("cannot write \"" + path + "\": it is a folder");
  if (exists && !S_ISREG(facts.st_mode)) {
    temporary = target;
    file = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0)
      fail("write", errno);
    return;
  }
  if (exists)
    if (char *resolved = ::realpath(path.c_str(), nullptr)) {
      target = resolved;
      std::free(resolved);
    }
  temporary = target + ".XXXXXX";
  file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) {
    int error = errno;
    temporary.clear();
    fail("create a file beside", error);
  }
  Unfinished::add(temporary);
  ::fchmod(file, exists ? facts.st_mode & 07777 : modeOfNewFiles());
}

AtomicFile::~AtomicFile() {
  if (file >= 0)
    ::close(file);
  if (!temporary.empty() && temporary != target) {
    ::unlink(temporary.c_str());
    Unfinished::remove(temporary);
  }
}

void removeUnfinishedFiles() {
  std::lock_guard guard(Unfinished::lock());
  for (const std::string &path : Unfinished::paths())
    ::unlink(path.c_str());
}

void AtomicFile::fail(const std::string &verb, int error) {
  throw Error("cannot " + verb + " \"" + path + "\": " + std::strerror(error));
}

void AtomicFile::write(const void *bytes, size_t size) {
  const char *from = static_cast<const char *>(bytes);
  while (size > 0) {
    ssize_t written = ::write(file, from, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      fail("write", errno);
    from += written;
    size -= static_cast<size_t>(written);
  }
}

void AtomicFile::commit() {
  bool inPlace = temporary == target;
  // Another program may have replaced the temporary file (linkers do): flush what has the name now.
  if (!inPlace) {
    int now = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
    if (now < 0)
      fail("write", errno);
    int result = ::fsync(now), error = errno;
    ::close(now);
    if (result != 0 && error != EINVAL)
      fail("write", error);
  }
  int result = ::close(file), error = errno;
  file = -1;
  if (result != 0)
    fail("write", error);
  if (inPlace)
    return;
  if (::rename(temporary.c_str(), target.c_str()) != 0)
    fail("write", errno);
  Unfinished::remove(temporary);
  temporary.clear();
  size_t slash = target.rfind('/');
  std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : target.substr(0, slash);
  if (int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); handle >= 0) {
    ::fsync(handle); // not every file system can; the data itself is safe by now
    ::close(handle);
  }
}

void writeFile(const std::string &path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string readAll(int descriptor) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return text;
    if (count == 0)
      break;
    text.append(buffer, static_cast<size_t>(count));
  }
  errno = 0;
  return text;
}

std::string readFile(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    throw Error("cannot open \"" + path + "\": " + std::strerror(errno));
  std::string text = readAll(file);
  int error = errno;
  ::close(file);
  if (error != 0)
    throw Error("cannot read \"" + path + "\": " + (error == EISDIR ? "it is a folder" : std::strerror(error)));
  return text;
}

} // namespace tp
