// mmap with the errors a user can act on.
#include "tp/Support/MappedFile.h"

#include "tp/Support/Error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tp {

MappedFile::MappedFile(const std::string &path) : filePath(path) {
  // A fifo would block the open for ever; a regular file takes no notice of O_NONBLOCK.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    throw Error("cannot open \"" + path + "\": " + std::strerror(errno));
  struct stat facts;
  if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(file);
    throw Error("cannot read \"" + path + "\": it is " + (S_ISDIR(facts.st_mode) ? "a folder" : "no regular file") +
                ", a file is needed");
  }
  byteCount = static_cast<uint64_t>(facts.st_size);
  if (byteCount > 0) {
    void *mapping = ::mmap(nullptr, byteCount, PROT_READ, MAP_PRIVATE, file, 0);
    int error = errno;
    ::close(file);
    if (mapping == MAP_FAILED)
      throw Error("cannot map \"" + path + "\" (" + std::to_string(byteCount) + " bytes): " + std::strerror(error));
    data = static_cast<const char *>(mapping);
  } else {
    ::close(file);
  }
}

MappedFile::~MappedFile() {
  if (data)
    ::munmap(const_cast<char *>(data), byteCount);
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : filePath(std::move(other.filePath)), data(std::exchange(other.data, nullptr)),
      byteCount(std::exchange(other.byteCount, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(filePath, other.filePath);
  std::swap(data, other.data);
  std::swap(byteCount, other.byteCount);
  return *this;
}

const char *MappedFile::bytes(uint64_t offset, uint64_t size) const {
  if (offset > byteCount || size > byteCount - offset)
    throw Error("\"" + filePath + "\" ends at byte " + std::to_string(byteCount) + ", but " + std::to_string(size) +
                " bytes from byte " + std::to_string(offset) + " on are needed: it is cut short or damaged");
  return data + offset;
}

} // namespace tp
