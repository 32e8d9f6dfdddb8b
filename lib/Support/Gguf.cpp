// One cursor that can only move inside the file reads the header; everything it returns has been checked.
#include "tp/Support/Gguf.h"

#include "tp/Support/Error.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace tp {

namespace {
enum ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64, valueTypeCount };
constexpr const char *typeNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                     "bool", "string", "array", "u64", "i64", "f64"};
// 0: the size stands in the file.
constexpr uint64_t typeBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

template <typename Number> Number load(const char *bytes) {
  Number value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}
} // namespace

struct GgufReader {
  GgufFile &gguf;
  uint64_t position = 0;

  [[noreturn]] void fail(const std::string &message) const { throw Error("\"" + gguf.mapped.path() + "\": " + message); }

  const char *take(uint64_t size) {
    const char *bytes = gguf.mapped.bytes(position, size);
    position += size;
    return bytes;
  }
  template <typename Number> Number number() { return load<Number>(take(sizeof(Number))); }
  std::string_view text() {
    uint64_t size = number<uint64_t>();
    return {take(size), static_cast<size_t>(size)};
  }
  std::string name(const char *kind) {
    std::string result(text());
    if (result.size() > 65535)
      fail(std::string("a ") + kind + " is " + std::to_string(result.size()) + " bytes long, needs at most 65535");
    return result;
  }

  void skipValues(uint32_t type, uint64_t count, int depth) {
    if (type >= valueTypeCount)
      fail("value of unknown type " + std::to_string(type));
    if (type == String) {
      for (uint64_t i = 0; i < count; ++i)
        text(); // each takes at least 8 bytes, so a count that lies ends at the end of the file
    } else if (type == Array) {
      if (depth > 4)
        fail("arrays are nested more than 4 levels deep");
      for (uint64_t i = 0; i < count; ++i) {
        uint32_t elementType = number<uint32_t>();
        skipValues(elementType, number<uint64_t>(), depth + 1);
      }
    } else {
      uint64_t bytes = 0;
      if (__builtin_mul_overflow(count, typeBytes[type], &bytes))
        fail("array of " + std::to_string(count) + " elements does not fit in the file");
      take(bytes);
    }
  }

  void readValue() {
    std::string key = name("key");
    uint32_t type = number<uint32_t>();
    GgufFile::Value value{type, type == Array, 1, {}};
    if (value.isArray) {
      value.type = number<uint32_t>();
      value.count = number<uint64_t>();
    }
    uint64_t start = position;
    skipValues(value.type, value.count, 0);
    value.bytes = {gguf.mapped.bytes(start, position - start), static_cast<size_t>(position - start)};
    if (!gguf.values.emplace(key, value).second)
      fail("key \"" + key + "\" appears twice");
  }

  void readTensor(std::set<std::string> &names) {
    GgufTensor tensor;
    tensor.name = name("tensor name");
    if (!names.insert(tensor.name).second)
      fail("tensor \"" + tensor.name + "\" appears twice");
    uint32_t rank = number<uint32_t>();
    if (rank > 8)
      fail("tensor \"" + tensor.name + "\" has " + std::to_string(rank) + " dimensions, needs at most 8");
    uint64_t elements = 1;
    bool overflow = false;
    for (uint32_t i = 0; i < rank; ++i) {
      uint64_t size = number<uint64_t>();
      overflow |= size > static_cast<uint64_t>(INT64_MAX) || __builtin_mul_overflow(elements, size, &elements);
      tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(size));
    }
    tensor.type = ggufType(number<uint32_t>());
    tensor.offset = number<uint64_t>(); // from the start of the data, which is not known yet
    uint64_t row = rank ? static_cast<uint64_t>(tensor.shape.back()) : 1;
    uint64_t blockElements = static_cast<uint64_t>(tensor.type.blockElements);
    if (row % blockElements != 0)
      fail("tensor \"" + tensor.name + "\" of type " + tensor.type.name + " has rows of " + std::to_string(row) +
           " elements, needs a multiple of " + std::to_string(blockElements));
    overflow |=
        __builtin_mul_overflow(elements / blockElements, static_cast<uint64_t>(tensor.type.blockBytes), &tensor.byteCount);
    // A zero among the sizes hides an overflow of the others, and whoever multiplies them may meet the zero last.
    if (tensor.byteCount == 0)
      for (int64_t size : tensor.shape)
        overflow |= static_cast<uint64_t>(size) > gguf.mapped.size();
    if (overflow)
      fail("tensor \"" + tensor.name + "\" has more elements than the file has bytes");
    gguf.tensorList.push_back(std::move(tensor));
  }

  void readHeader() {
    if (gguf.mapped.size() < 4 || std::string_view(take(4), 4) != "GGUF")
      fail("is no GGUF file");
    uint32_t version = number<uint32_t>();
    if (version == 0x02000000 || version == 0x03000000)
      fail("is a big-endian GGUF file; only little-endian ones can be read");
    if (version != 2 && version != 3)
      fail("has GGUF version " + std::to_string(version) + "; supported are 2 and 3");
    gguf.formatVersion = version;
    uint64_t tensorCount = number<uint64_t>(), valueCount = number<uint64_t>();
    for (uint64_t i = 0; i < valueCount; ++i) // a count that lies ends at the end of the file
      readValue();
    std::set<std::string> names;
    for (uint64_t i = 0; i < tensorCount; ++i)
      readTensor(names);
    placeTensors();
  }

  void placeTensors() {
    int64_t alignment = gguf.intAt("general.alignment", 32);
    if (alignment < 1 || alignment > 1 << 20 || (alignment & (alignment - 1)) != 0)
      fail("general.alignment is " + std::to_string(alignment) + ", needs a power of two up to 2^20");
    uint64_t align = static_cast<uint64_t>(alignment);
    gguf.dataStart = std::min((position + align - 1) / align * align, gguf.mapped.size());
    std::vector<const GgufTensor *> byOffset;
    for (GgufTensor &tensor : gguf.tensorList) {
      uint64_t there = gguf.mapped.size() - gguf.dataStart;
      if (tensor.offset > there || tensor.byteCount > there - tensor.offset)
        fail("tensor \"" + tensor.name + "\" needs " + std::to_string(tensor.byteCount) + " bytes from byte " +
             std::to_string(tensor.offset) + " of the data on, the file has " + std::to_string(there) +
             ": it is cut short or damaged");
      if (tensor.offset % align != 0)
        fail("tensor \"" + tensor.name + "\" begins at byte " + std::to_string(tensor.offset) + ", which is no multiple of " +
             std::to_string(alignment));
      tensor.offset += gguf.dataStart;
      if (tensor.byteCount > 0)
        byOffset.push_back(&tensor);
    }
    std::sort(byOffset.begin(), byOffset.end(), [](const GgufTensor *a, const GgufTensor *b) { return a->offset < b->offset; });
    for (size_t i = 1; i < byOffset.size(); ++i)
      if (byOffset[i - 1]->offset + byOffset[i - 1]->byteCount > byOffset[i]->offset)
        fail("the bytes of tensors \"" + byOffset[i - 1]->name + "\" and \"" + byOffset[i]->name + "\" overlap");
  }
};

GgufFile::GgufFile(const std::string &path) : mapped(path) { GgufReader{*this}.readHeader(); }

// -- Values --

const GgufFile::Value *GgufFile::find(const std::string &key) const {
  auto found = values.find(key);
  return found == values.end() ? nullptr : &found->second;
}

const GgufFile::Value &GgufFile::get(const std::string &key) const {
  if (const Value *value = find(key))
    return *value;
  throw Error("\"" + mapped.path() + "\": key \"" + key + "\" is missing");
}

void GgufFile::failType(const std::string &key, const Value &value, const char *needed) const {
  throw Error("\"" + mapped.path() + "\": key \"" + key + "\" is " + (value.isArray ? "an array of " : "of type ") +
              typeNames[value.type] + ", needs " + needed);
}

int64_t GgufFile::decodeInt(const std::string &key, const Value &value, uint64_t index) const {
  const char *bytes = value.bytes.data() + (value.type < valueTypeCount ? typeBytes[value.type] : 0) * index;
  switch (value.type) {
  case U8:
  case Bool:
    return load<uint8_t>(bytes);
  case I8:
    return load<int8_t>(bytes);
  case U16:
    return load<uint16_t>(bytes);
  case I16:
    return load<int16_t>(bytes);
  case U32:
    return load<uint32_t>(bytes);
  case I32:
    return load<int32_t>(bytes);
  case I64:
    return load<int64_t>(bytes);
  case U64:
    if (load<uint64_t>(bytes) <= static_cast<uint64_t>(INT64_MAX))
      return load<int64_t>(bytes);
    failType(key, value, "an integer below 2^63");
  default:
    failType(key, value, "an integer");
  }
}

double GgufFile::decodeNumber(const std::string &key, const Value &value, uint64_t index) const {
  if (value.type == F32)
    return load<float>(value.bytes.data() + 4 * index);
  if (value.type == F64)
    return load<double>(value.bytes.data() + 8 * index);
  if (value.type == String || value.type == Array)
    failType(key, value, "a number");
  return static_cast<double>(decodeInt(key, value, index));
}

int64_t GgufFile::intAt(const std::string &key) const {
  const Value &value = get(key);
  if (value.isArray)
    failType(key, value, "one integer");
  return decodeInt(key, value, 0);
}
int64_t GgufFile::intAt(const std::string &key, int64_t fallback) const { return has(key) ? intAt(key) : fallback; }

double GgufFile::numberAt(const std::string &key) const {
  const Value &value = get(key);
  if (value.isArray)
    failType(key, value, "one number");
  return decodeNumber(key, value, 0);
}
double GgufFile::numberAt(const std::string &key, double fallback) const { return has(key) ? numberAt(key) : fallback; }

bool GgufFile::boolAt(const std::string &key, bool fallback) const {
  const Value *value = find(key);
  if (!value)
    return fallback;
  if (value->isArray || value->type != Bool)
    failType(key, *value, "a bool");
  return value->bytes[0] != 0;
}

std::string GgufFile::stringAt(const std::string &key) const {
  const Value &value = get(key);
  if (value.isArray || value.type != String)
    failType(key, value, "a string");
  return std::string(value.bytes.substr(8));
}
std::string GgufFile::stringAt(const std::string &key, const std::string &fallback) const {
  return has(key) ? stringAt(key) : fallback;
}

std::vector<int64_t> GgufFile::intsAt(const std::string &key) const {
  const Value &value = get(key);
  std::vector<int64_t> result;
  for (uint64_t i = 0; i < value.count; ++i)
    result.push_back(decodeInt(key, value, i));
  return result;
}

std::vector<double> GgufFile::numbersAt(const std::string &key) const {
  const Value &value = get(key);
  std::vector<double> result;
  for (uint64_t i = 0; i < value.count; ++i)
    result.push_back(decodeNumber(key, value, i));
  return result;
}

std::vector<std::string_view> GgufFile::stringsAt(const std::string &key) const {
  const Value &value = get(key);
  if (value.type != String)
    failType(key, value, "strings");
  std::vector<std::string_view> result;
  std::string_view rest = value.bytes;
  for (uint64_t i = 0; i < value.count; ++i) {
    uint64_t size = load<uint64_t>(rest.data());
    result.push_back(rest.substr(8, size));
    rest.remove_prefix(8 + size);
  }
  return result;
}

} // namespace tp
