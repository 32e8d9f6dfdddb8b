// mmap with the errors a user can act on.
//
// What is mapped is kept in a list that a signal handler may walk: entries are only ever added, and used again.
#include "tp/Support/MappedFile.h"

#include "tp/Support/Error.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tp {

struct MappedFile::Mapping {
  std::atomic<bool> taken{true};
  std::string path; // changes only while `begin` is null
  std::atomic<const char *> begin{nullptr};
  std::atomic<uint64_t> size{0};
  Mapping *next = nullptr;

  /// An entry nobody uses, or a new one.
  static Mapping *take() {
    for (Mapping *each = mappings; each; each = each->next)
      if (!each->taken.exchange(true))
        return each;
    auto *fresh = new Mapping;
    fresh->next = mappings;
    while (!mappings.compare_exchange_weak(fresh->next, fresh))
      ;
    return fresh;
  }
};

std::atomic<MappedFile::Mapping *> MappedFile::mappings{nullptr};

MappedFile::MappedFile(const std::string &path) : filePath(path) {
  // A fifo would block the open for ever; a regular file takes no notice of O_NONBLOCK.
  file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
    void *address = ::mmap(nullptr, byteCount, PROT_READ, MAP_PRIVATE, file, 0);
    int error = errno;
    if (address == MAP_FAILED) {
      ::close(file);
      throw Error("cannot map \"" + path + "\" (" + std::to_string(byteCount) + " bytes): " + std::strerror(error));
    }
    data = static_cast<const char *>(address);
    mapping = Mapping::take();
    mapping->path = path;
    mapping->size = byteCount;
    mapping->begin = data;
  }
}

MappedFile::~MappedFile() {
  if (file >= 0)
    ::close(file);
  if (!data)
    return;
  mapping->begin = nullptr;
  ::munmap(const_cast<char *>(data), byteCount);
  mapping->taken = false;
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : filePath(std::move(other.filePath)), data(std::exchange(other.data, nullptr)), byteCount(std::exchange(other.byteCount, 0)),
      mapping(std::exchange(other.mapping, nullptr)), file(std::exchange(other.file, -1)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(filePath, other.filePath);
  std::swap(data, other.data);
  std::swap(byteCount, other.byteCount);
  std::swap(mapping, other.mapping);
  std::swap(file, other.file);
  return *this;
}

const char *MappedFile::bytes(uint64_t offset, uint64_t size) const {
  if (offset > byteCount || size > byteCount - offset)
    throw Error("\"" + filePath + "\" ends at byte " + std::to_string(byteCount) + ", but " + std::to_string(size) +
                " bytes from byte " + std::to_string(offset) + " on are needed: it is cut short or damaged");
  return data + offset;
}

void MappedFile::read(uint64_t offset, uint64_t size, void *destination) const {
  bytes(offset, size);
  char *to = static_cast<char *>(destination);
  while (size > 0) {
    ssize_t count = ::pread(file, to, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      throw Error("cannot read \"" + filePath + "\": " + std::strerror(errno));
    if (count == 0)
      throw Error("\"" + filePath + "\" was cut short while it was being read; put it back and run this again");
    to += count;
    offset += static_cast<uint64_t>(count);
    size -= static_cast<uint64_t>(count);
  }
}

void endAtLostPages() {
  // Only what is allowed in a signal handler: no allocation, no locks.
  auto handle = [](int, siginfo_t *signal, void *) {
    auto say = [](const char *text) {
      if (::write(STDERR_FILENO, text, std::strlen(text)) < 0)
        return; // nobody reads it
    };
    const char *address = static_cast<const char *>(signal->si_addr);
    for (MappedFile::Mapping *each = MappedFile::mappings; each; each = each->next)
      if (const char *begin = each->begin; begin && address >= begin && address < begin + each->size) {
        say("error: \"");
        say(each->path.c_str());
        say("\" was cut short while it was being read, or its disk has failed; put it back and run this again\n");
        ::_exit(1);
      }
    ::signal(SIGBUS, SIG_DFL); // not ours: what happens without us
  };
  struct sigaction action = {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

} // namespace tp
