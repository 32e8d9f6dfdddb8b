// Reading a safetensors header without trusting it.
#include "tp/Support/Safetensors.h"

#include "tp/Support/Json.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <tuple>

namespace tp {

namespace {
std::string textOf(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

// Bytes of a tensor of `shape`; false if that does not fit in 63 bits.
bool byteCountOf(const std::vector<int64_t> &shape, int64_t elementBytes, int64_t &bytes) {
  bytes = elementBytes;
  bool fits = true;
  for (int64_t size : shape)
    if (size != 0)
      fits &= !__builtin_mul_overflow(bytes, size, &bytes);
  for (int64_t size : shape)
    if (size == 0)
      bytes = 0;
  return fits;
}

SafetensorsTensor readTensor(const std::string &name, const SortedJson &entry, uint64_t dataStart, uint64_t dataSize,
                             const std::string &where) {
  SafetensorsTensor tensor;
  tensor.name = name;
  tensor.type = safetensorsType(stringAt(entry, "dtype", where));
  tensor.shape = intsAt(entry, "shape", where);
  for (int64_t size : tensor.shape)
    if (size < 0)
      throw Error(where + ": shape " + textOf(tensor.shape) + " has a negative size");
  std::vector<int64_t> range = intsAt(entry, "data_offsets", where);
  if (range.size() != 2 || range[0] < 0 || range[1] < range[0] || static_cast<uint64_t>(range[1]) > dataSize)
    throw Error(where + ": data_offsets " + textOf(range) + " are no range of the " + std::to_string(dataSize) +
                " bytes of data in the file");
  tensor.offset = dataStart + static_cast<uint64_t>(range[0]);
  tensor.byteCount = static_cast<uint64_t>(range[1] - range[0]);
  int64_t needed = 0;
  if (tensor.type.blockBytes == 0)
    return tensor; // a type we do not know: it can be listed, reading it is an error
  bool fits = byteCountOf(tensor.shape, tensor.type.blockBytes, needed);
  if (!fits || static_cast<uint64_t>(needed) != tensor.byteCount)
    throw Error(where + ": shape " + textOf(tensor.shape) + " of " + tensor.type.name + " needs " +
                (fits ? std::to_string(needed) : "more than 2^63") + " bytes, data_offsets give it " +
                std::to_string(tensor.byteCount));
  return tensor;
}
} // namespace

SafetensorsFile SafetensorsFile::open(const std::string &path) {
  SafetensorsFile result{MappedFile(path), {}, 0};
  const std::string what = "\"" + path + "\"";
  uint64_t length = 0;
  std::memcpy(&length, result.file.bytes(0, 8), 8);
  constexpr uint64_t longest = 1 << 28;
  if (length > longest || length > result.file.size() - 8)
    throw Error(what + " is no safetensors file or cut short: its first 8 bytes give a header of " + std::to_string(length) +
                " bytes, the file has " + std::to_string(result.file.size()));
  result.headerBytes = 8 + length;
  SortedJson header = parseSortedJson({result.file.bytes(8, length), length}, path + " (header)");
  if (!header.is_object())
    throw Error(what + ": the header is " + header.type_name() + ", needs to be an object");
  uint64_t dataSize = result.file.size() - result.headerBytes;
  for (const auto &[name, entry] : header.items())
    if (name != "__metadata__")
      result.tensors.push_back(
          readTensor(name, entry, result.headerBytes, dataSize, path + " (header): tensor \"" + name + "\""));
  std::sort(result.tensors.begin(), result.tensors.end(),
            [](const auto &a, const auto &b) { return std::tie(a.offset, a.name) < std::tie(b.offset, b.name); });
  const SafetensorsTensor *previous = nullptr;
  for (const SafetensorsTensor &tensor : result.tensors) {
    if (tensor.byteCount == 0)
      continue;
    if (previous && previous->offset + previous->byteCount > tensor.offset)
      throw Error(what + ": the bytes of tensors \"" + previous->name + "\" and \"" + tensor.name + "\" overlap");
    previous = &tensor;
  }
  return result;
}

std::vector<std::string> safetensorsFilesOf(const std::string &folder) {
  namespace fs = std::filesystem;
  fs::path root(folder);
  std::error_code ignored;
  fs::path index = root / "model.safetensors.index.json";
  if (fs::exists(index, ignored)) {
    Json json = readJson(index.string());
    std::set<std::string> files;
    for (const auto &[tensor, file] : objectAt(json, "weight_map", index.string()).items()) {
      std::string name = asString(file, tensor, index.string());
      // A name, not a path: an index must not make us read elsewhere.
      if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
        throw Error(index.string() + ": \"" + tensor + "\" is in \"" + name + "\", which is no file of the folder");
      files.insert((root / name).string());
    }
    if (files.empty())
      throw Error(index.string() + ": \"weight_map\" is empty");
    return {files.begin(), files.end()};
  }
  std::vector<std::string> found, others;
  fs::directory_iterator entries(root, ignored);
  if (ignored)
    throw Error("cannot read the folder \"" + folder + "\": " + ignored.message());
  for (const fs::directory_entry &entry : entries) {
    std::string extension = entry.path().extension().string();
    if (extension == ".safetensors")
      found.push_back(entry.path().string());
    else if (extension == ".gguf" || extension == ".bin" || extension == ".pt" || extension == ".pth")
      others.push_back(entry.path().filename().string());
  }
  if (fs::exists(root / "model.safetensors", ignored))
    return {(root / "model.safetensors").string()};
  if (found.size() == 1)
    return found;
  if (!found.empty())
    throw Error("folder \"" + folder + "\" holds " + std::to_string(found.size()) +
                " .safetensors files, but neither model.safetensors nor model.safetensors.index.json that says which "
                "are meant");
  std::sort(others.begin(), others.end());
  throw Error("folder \"" + folder + "\" holds no .safetensors file" +
              (others.empty() ? ""
                              : "; there is \"" + others[0] + "\", " +
                                    (others[0].ends_with(".gguf") ? "give that file instead of the folder"
                                                                  : "which has to be converted to safetensors")));
}

} // namespace tp
