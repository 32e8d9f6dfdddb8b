// Slices: the trailing dimensions that are read whole are one run of bytes in the file; the others are counted through. Long runs are
// read piece by piece, and short ones many at a time with what lies between them, into a buffer that stays in the cache.
#include "tp/Support/WeightFile.h"

#include "tp/Support/Error.h"
#include "tp/Support/Gguf.h"
#include "tp/Support/Safetensors.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

namespace tp {

struct WeightFile::Contents {
  std::string path, format;
  std::unique_ptr<GgufFile> gguf;
  std::vector<SafetensorsFile> safetensors;
  std::vector<StoredTensor> tensors;
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
    file.bytes(tensor.offset, tensor.byteCount); // checks that they are there
    contents->tensors.push_back({tensor.name, tensor.shape, tensor.type, &file, tensor.offset, tensor.byteCount});
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

// Calls use(blocks, begin, count) for the elements of a slice in their order: `count` of them, from element `begin` of the blocks on.
template <typename Use>
static void readRuns(const StoredTensor &tensor, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes,
                     const Use &use) {
  size_t outer = tensor.shape.empty() ? 0 : tensor.shape.size() - 1;
  // One run: the innermost dimension and all that follow it whole.
  int64_t run = sizes.empty() ? 1 : sizes[outer], row = sizes.empty() ? 1 : tensor.shape[outer];
  int64_t begin = sizes.empty() ? 0 : offsets[outer];
  while (outer > 0 && run == row) {
    --outer;
    begin = offsets[outer] * row;
    run *= sizes[outer];
    row *= tensor.shape[outer];
  }
  constexpr int64_t room = 1 << 16;
  alignas(64) char buffer[room];
  int64_t blockElements = tensor.type.blockElements, blockBytes = tensor.type.blockBytes, most = room / blockBytes;
  int64_t rowBlocks = row / blockElements, first = begin / blockElements;
  int64_t blocks = (begin + run + blockElements - 1) / blockElements - first;
  auto read = [&](int64_t block, int64_t count) {
    tensor.file->read(tensor.offset + static_cast<uint64_t>(block * blockBytes), static_cast<uint64_t>(count * blockBytes),
                      buffer);
  };
  // Runs lie at equal distances along the dimension before theirs.
  int64_t rows = outer ? sizes[outer - 1] : 1;
  std::vector<int64_t> index(outer ? outer - 1 : 0, 0);
  for (;;) {
    int64_t start = 0;
    for (size_t i = 0; i < outer; ++i)
      start = start * tensor.shape[i] + offsets[i] + (i < index.size() ? index[i] : 0);
    start = start * rowBlocks + first;
    for (int64_t at = 0; at < rows;) {
      int64_t together = blocks > most ? 1 : std::min(rows - at, (most - blocks) / rowBlocks + 1);
      if (blocks > most) {
        for (int64_t done = 0; done < blocks; done += most) {
          int64_t piece = std::min(most, blocks - done), from = std::max(begin, (first + done) * blockElements);
          read(start + at * rowBlocks + done, piece);
          use(buffer, from - (first + done) * blockElements,
              std::min(begin + run, (first + done + piece) * blockElements) - from);
        }
      } else {
        read(start + at * rowBlocks, (together - 1) * rowBlocks + blocks);
        for (int64_t i = 0; i < together; ++i)
          use(buffer + i * rowBlocks * blockBytes, begin - first * blockElements, run);
      }
      at += together;
    }
    size_t dim = index.size();
    while (dim > 0 && ++index[dim - 1] == sizes[dim - 1])
      index[--dim] = 0;
    if (dim == 0)
      return;
  }
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
  char *out = static_cast<char *>(destination);
  readRuns(tensor, offsets, sizes, [&](const char *blocks, int64_t begin, int64_t count) {
    readRow(type, blocks, begin, count, to, out);
    out += count * bytesOf(to);
  });
}

void WeightFile::readStored(const std::string &name, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes,
                            void *destination) const {
  const StoredTensor &tensor = at(name);
  bool isEmpty = !checkSlice(tensor, offsets, sizes);
  const StoredType &type = tensor.type;
  size_t last = sizes.size() - 1;
  if (sizes.empty() || type.blockBytes == 0 || offsets[last] % type.blockElements || sizes[last] % type.blockElements)
    throw Error("\"" + path() + "\": tensor \"" + name + "\" is stored as " + type.name +
                ", whose blocks the slice wanted would cut");
  if (isEmpty)
    return;
  // Whole rows lie together and need no buffer on their way.
  if (last > 0 && std::equal(sizes.begin() + 1, sizes.end(), tensor.shape.begin() + 1)) {
    uint64_t rowBytes = tensor.byteCount / static_cast<uint64_t>(tensor.shape[0]);
    return tensor.file->read(tensor.offset + static_cast<uint64_t>(offsets[0]) * rowBytes,
                             static_cast<uint64_t>(sizes[0]) * rowBytes, destination);
  }
  char *out = static_cast<char *>(destination);
  readRuns(tensor, offsets, sizes, [&](const char *blocks, int64_t begin, int64_t count) {
    int64_t bytes = count / type.blockElements * type.blockBytes;
    std::memcpy(out, blocks + begin / type.blockElements * type.blockBytes, static_cast<size_t>(bytes));
    out += bytes;
  });
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
