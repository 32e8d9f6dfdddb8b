// Slices: the trailing dimensions that are read whole are one run of memory; the others are counted through.
#include "tp/Support/WeightFile.h"

#include "tp/Support/Error.h"
#include "tp/Support/Gguf.h"
#include "tp/Support/Safetensors.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace tp {

/// Pages that reads have brought in since the last time that such pages were given back. Without that a process that copies its weights
/// counts the file a second time at its peak. It is done for some megabytes at a time, because every call interrupts the other
/// processors; a thread that still reads such pages gets them back without a look at the disk.
class PagesRead {
public:
  void add(const StoredTensor &tensor) {
    constexpr uint64_t enough = 4 << 20;
    std::lock_guard<std::mutex> guard(lock);
    uintptr_t begin = reinterpret_cast<uintptr_t>(tensor.bytes);
    ranges.emplace_back(begin, begin + tensor.byteCount);
    bytes += tensor.byteCount;
    if (bytes < enough)
      return;
    std::sort(ranges.begin(), ranges.end());
    for (size_t i = 0; i < ranges.size();) {
      auto [first, last] = ranges[i++];
      for (; i < ranges.size() && ranges[i].first <= last + page; ++i)
        last = std::max(last, ranges[i].second);
      giveBack(first, last);
    }
    ranges.clear();
    bytes = 0;
  }

private:
  /// Whole pages only: the others belong to neighbours too.
  void giveBack(uintptr_t begin, uintptr_t end) const {
    begin = (begin + page - 1) / page * page;
    end = end / page * page;
    if (begin < end)
      ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
  }

  const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  std::mutex lock;
  std::vector<std::pair<uintptr_t, uintptr_t>> ranges;
  uint64_t bytes = 0;
};

/// Adds a tensor when the read of it ends, however it ends.
struct PagesWhileRead {
  PagesRead &pages;
  const StoredTensor &tensor;
  ~PagesWhileRead() { pages.add(tensor); }
};

struct WeightFile::Contents {
  std::string path, format;
  std::unique_ptr<GgufFile> gguf;
  std::vector<SafetensorsFile> safetensors;
  std::vector<StoredTensor> tensors;
  PagesRead pages;
};

WeightFile::WeightFile(std::unique_ptr<Contents> contents) : contents(std::move(contents)) {}
WeightFile::~WeightFile() = default;
WeightFile::WeightFile(WeightFile &&) noexcept = default;
WeightFile &WeightFile::operator=(WeightFile &&) noexcept = default;
const std::string &WeightFile::path() const { return contents->path; }
const std::string &WeightFile::format() const { return contents->format; }
const std::vector<StoredTensor> &WeightFile::tensors() const { return contents->tensors; }
const GgufFile *WeightFile::gguf() const { return contents->gguf.get(); }

WeightFile WeightFile::open(const std::string &path) {
  auto contents = std::make_unique<Contents>();
  contents->path = path;
  auto add = [&](const auto &tensor, const MappedFile &file) {
    contents->tensors.push_back(
        {tensor.name, tensor.shape, tensor.type, file.bytes(tensor.offset, tensor.byteCount), tensor.byteCount});
  };
  std::error_code ignored;
  bool isFolder = std::filesystem::is_directory(path, ignored);
  if (isFolder || path.ends_with(".safetensors")) {
    contents->format = "safetensors";
    std::vector<std::string> files = isFolder ? safetensorsFilesOf(path) : std::vector<std::string>{path};
    for (const std::string &file : files)
      contents->safetensors.push_back(SafetensorsFile::open(file));
    for (const SafetensorsFile &file : contents->safetensors)
      for (const SafetensorsTensor &tensor : file.tensors)
        add(tensor, file.file);
  } else if (path.ends_with(".gguf")) {
    contents->format = "gguf";
    contents->gguf = std::make_unique<GgufFile>(path);
    for (const GgufTensor &tensor : contents->gguf->tensors())
      add(tensor, contents->gguf->file());
  } else {
    if (!std::filesystem::exists(path, ignored))
      throw Error("weights \"" + path + "\" do not exist");
    throw Error("weights \"" + path + "\" are neither a .gguf file, nor a .safetensors file, nor a folder");
  }
  std::vector<StoredTensor> &tensors = contents->tensors;
  std::sort(tensors.begin(), tensors.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
  for (size_t i = 1; i < tensors.size(); ++i)
    if (tensors[i - 1].name == tensors[i].name)
      throw Error("\"" + path + "\": tensor \"" + tensors[i].name + "\" is in two of the files");
  return WeightFile(std::move(contents));
}

const StoredTensor *WeightFile::find(const std::string &name) const {
  const std::vector<StoredTensor> &tensors = contents->tensors;
  auto found = std::lower_bound(tensors.begin(), tensors.end(), name,
                                [](const StoredTensor &tensor, const std::string &wanted) { return tensor.name < wanted; });
  return found == tensors.end() || found->name != name ? nullptr : &*found;
}

const StoredTensor &WeightFile::at(const std::string &name) const {
  if (const StoredTensor *tensor = find(name))
    return *tensor;
  std::string some;
  for (size_t i = 0; i < contents->tensors.size() && i < 3; ++i)
    some += (i ? ", \"" : "\"") + contents->tensors[i].name + "\"";
  throw Error("\"" + path() + "\" has no tensor \"" + name + "\"; it has " + std::to_string(contents->tensors.size()) +
              (some.empty() ? "" : ", such as " + some));
}

bool WeightFile::checkSlice(const StoredTensor &tensor, const std::vector<int64_t> &offsets,
                            const std::vector<int64_t> &sizes) const {
  auto fail = [&](const std::string &message) { throw Error("\"" + path() + "\": tensor \"" + tensor.name + "\" " + message); };
  size_t rank = tensor.shape.size();
  if (offsets.size() != rank || sizes.size() != rank)
    fail("has " + std::to_string(rank) + " dimensions, the slice wanted has " + std::to_string(sizes.size()));
  bool isEmpty = false;
  for (size_t i = 0; i < rank; ++i) {
    int64_t size = tensor.shape[i];
    if (offsets[i] < 0 || sizes[i] < 0 || offsets[i] > size || sizes[i] > size - offsets[i])
      fail("has size " + std::to_string(size) + " in dimension " + std::to_string(i) + ", elements " +
           std::to_string(offsets[i]) + " to " + std::to_string(offsets[i] + sizes[i]) + " are wanted");
    isEmpty |= sizes[i] == 0;
  }
  return !isEmpty;
}

void WeightFile::readSlice(const std::string &name, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes,
                           DType to, void *destination) const {
  const StoredTensor &tensor = at(name);
  const StoredType &type = tensor.type;
  auto fail = [&](const std::string &message) { throw Error("\"" + path() + "\": tensor \"" + name + "\" " + message); };
  if (!type.isReadable())
    fail("has type " + type.name + "; supported are F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL, Q8_0, Q4_0, Q4_1");
  if (type.isFloat() != isFloat(to))
    fail("is stored as " + type.name + " and cannot be read as " + std::string(tp::name(to)));
  if (!checkSlice(tensor, offsets, sizes))
    return;
  PagesWhileRead pages{contents->pages, tensor};
  size_t rank = tensor.shape.size();
  // One run: the innermost dimension and, for types without blocks, all that follow it whole.
  size_t outer = rank ? rank - 1 : 0;
  int64_t run = rank ? sizes[outer] : 1, rowElements = rank ? tensor.shape[outer] : 1;
  int64_t begin = rank ? offsets[outer] : 0;
  while (outer > 0 && run == rowElements) {
    --outer;
    begin = offsets[outer] * rowElements;
    run *= sizes[outer];
    rowElements *= tensor.shape[outer];
  }
  uint64_t rowBytes = static_cast<uint64_t>(rowElements / type.blockElements * type.blockBytes);
  char *out = static_cast<char *>(destination);
  std::vector<int64_t> index(outer, 0);
  for (;;) {
    uint64_t row = 0;
    for (size_t i = 0; i < outer; ++i)
      row = row * static_cast<uint64_t>(tensor.shape[i]) + static_cast<uint64_t>(offsets[i] + index[i]);
    readRow(type, tensor.bytes + row * rowBytes, begin, run, to, out);
    out += run * bytesOf(to);
    size_t dim = outer;
    while (dim > 0 && ++index[dim - 1] == sizes[dim - 1])
      index[--dim] = 0;
    if (dim == 0)
      return;
  }
}

void WeightFile::readStored(const std::string &name, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes,
                            void *destination) const {
  const StoredTensor &tensor = at(name);
  checkSlice(tensor, offsets, sizes);
  PagesWhileRead pages{contents->pages, tensor};
  const StoredType &type = tensor.type;
  size_t last = sizes.size() - 1;
  if (sizes.empty() || type.blockBytes == 0 || offsets[last] % type.blockElements || sizes[last] % type.blockElements)
    throw Error("\"" + path() + "\": tensor \"" + name + "\" is stored as " + type.name +
                ", whose blocks the slice wanted would cut");
  uint64_t rows = 1;
  for (size_t i = 0; i < last; ++i)
    rows *= static_cast<uint64_t>(sizes[i]);
  uint64_t rowBytes = static_cast<uint64_t>(tensor.shape[last] / type.blockElements * type.blockBytes);
  uint64_t skipped = static_cast<uint64_t>(offsets[last] / type.blockElements * type.blockBytes);
  uint64_t taken = static_cast<uint64_t>(sizes[last] / type.blockElements * type.blockBytes);
  char *out = static_cast<char *>(destination);
  for (uint64_t i = 0; i < rows; ++i, out += taken) {
    uint64_t row = 0, rest = i, stride = 1;
    for (size_t d = last; d-- > 0;) {
      row += (static_cast<uint64_t>(offsets[d]) + rest % static_cast<uint64_t>(sizes[d])) * stride;
      rest /= static_cast<uint64_t>(sizes[d]);
      stride *= static_cast<uint64_t>(tensor.shape[d]);
    }
    std::memcpy(out, tensor.bytes + row * rowBytes + skipped, taken);
  }
}

void WeightFile::read(const std::string &name, DType to, void *destination) const {
  const StoredTensor &tensor = at(name);
  readSlice(name, std::vector<int64_t>(tensor.shape.size(), 0), tensor.shape, to, destination);
}

std::string WeightFile::fingerprint() const {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  auto mix = [&](const MappedFile &file, uint64_t size) {
    const char *bytes = file.bytes(0, size);
    for (uint64_t i = 0; i < size; ++i)
      hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3;
  };
  if (contents->gguf)
    mix(contents->gguf->file(), contents->gguf->headerBytes());
  for (const SafetensorsFile &file : contents->safetensors)
    mix(file.file, file.headerBytes);
  constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 0; i < 16; ++i)
    text[i] = digits[hash >> (60 - 4 * i) & 15];
  return text;
}

} // namespace tp
