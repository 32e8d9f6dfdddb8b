// Tables of stored types, and the decoders of the quantised ones that can be read.
#include "tp/Support/Dequantize.h"

#include <algorithm>
#include <cstring>

namespace tp {

namespace {
struct GgufFacts {
  uint32_t code;
  const char *name;
  int64_t blockElements, blockBytes;
};
// All of them, so that a tensor we cannot read is at least checked against the file's size and called by its name.
constexpr GgufFacts ggufFacts[] = {
    {0, "F32", 1, 4},        {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},    {3, "Q4_1", 32, 20},    {6, "Q5_0", 32, 22},
    {7, "Q5_1", 32, 24},     {8, "Q8_0", 32, 34},      {9, "Q8_1", 32, 36},    {10, "Q2_K", 256, 84},  {11, "Q3_K", 256, 110},
    {12, "Q4_K", 256, 144},  {13, "Q5_K", 256, 176},   {14, "Q6_K", 256, 210}, {15, "Q8_K", 256, 292}, {16, "IQ2_XXS", 256, 66},
    {17, "IQ2_XS", 256, 74}, {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50}, {20, "IQ4_NL", 32, 18}, {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},  {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},       {25, "I16", 1, 2},      {26, "I32", 1, 4},
    {27, "I64", 1, 8},       {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56}, {30, "BF16", 1, 2},     {34, "TQ1_0", 256, 54},
    {35, "TQ2_0", 256, 66},  {39, "MXFP4", 32, 17}};

struct PlainFacts {
  const char *name;
  DType type;
};
constexpr PlainFacts plainFacts[] = {{"F32", DType::F32}, {"F16", DType::F16}, {"BF16", DType::BF16}, {"F64", DType::F64},
                                     {"BOOL", DType::I1}, {"I8", DType::I8},   {"I16", DType::I16},   {"I32", DType::I32},
                                     {"I64", DType::I64}, {"U8", DType::U8}};

struct SizedName {
  const char *name;
  int64_t bytes;
};
constexpr SizedName otherSafetensorsTypes[] = {{"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1}, {"U16", 2},
                                               {"U32", 4},     {"U64", 8},     {"C64", 8}};

StoredType plainType(const std::string &name) {
  StoredType type;
  type.name = name;
  for (const PlainFacts &facts : plainFacts)
    if (name == facts.name) {
      type.plain = facts.type;
      type.blockBytes = bytesOf(facts.type);
    }
  return type;
}
} // namespace

StoredType ggufType(uint32_t code) {
  for (const GgufFacts &facts : ggufFacts) {
    if (facts.code != code)
      continue;
    StoredType type = plainType(facts.name);
    type.blockElements = facts.blockElements;
    type.blockBytes = facts.blockBytes;
    if (code == 8)
      type.block = BlockType::Q8_0;
    if (code == 2)
      type.block = BlockType::Q4_0;
    if (code == 3)
      type.block = BlockType::Q4_1;
    return type;
  }
  return plainType("type " + std::to_string(code));
}

StoredType safetensorsType(const std::string &name) {
  StoredType type = plainType(name);
  for (const SizedName &other : otherSafetensorsTypes)
    if (name == other.name)
      type.blockBytes = other.bytes;
  return type;
}

std::optional<StoredFormat> storedFormat(const std::string &name) {
  for (StoredFormat format : {StoredFormat::F16, StoredFormat::Q4_0, StoredFormat::Q4_1, StoredFormat::Q8_0, StoredFormat::BF16})
    if (storedType(format).name == name)
      return format;
  return std::nullopt;
}

StoredType storedType(StoredFormat format) { return ggufType(static_cast<uint32_t>(format)); }

static float f16At(const char *source) {
  uint16_t bits;
  std::memcpy(&bits, source, sizeof bits);
  return f16ToFloat(bits);
}

void dequantize(BlockType type, const char *source, int64_t blocks, float *destination) {
  for (int64_t i = 0; i < blocks; ++i, destination += 32) {
    float scale = f16At(source);
    switch (type) {
    case BlockType::Q8_0: // f16 scale, 32 signed bytes
      for (int j = 0; j < 32; ++j)
        destination[j] = scale * static_cast<signed char>(source[2 + j]);
      source += 34;
      break;
    case BlockType::Q4_0: // f16 scale, 16 bytes: low halves are elements 0 to 15, high halves 16 to 31, all minus 8
      for (int j = 0; j < 16; ++j) {
        auto byte = static_cast<unsigned char>(source[2 + j]);
        destination[j] = scale * static_cast<float>((byte & 15) - 8);
        destination[j + 16] = scale * static_cast<float>((byte >> 4) - 8);
      }
      source += 18;
      break;
    case BlockType::Q4_1: { // f16 scale, f16 minimum, 16 bytes in the order of Q4_0
      float least = f16At(source + 2);
      for (int j = 0; j < 16; ++j) {
        auto byte = static_cast<unsigned char>(source[4 + j]);
        destination[j] = scale * static_cast<float>(byte & 15) + least;
        destination[j + 16] = scale * static_cast<float>(byte >> 4) + least;
      }
      source += 20;
      break;
    }
    }
  }
}

void readRow(const StoredType &type, const char *row, int64_t begin, int64_t count, DType to, void *destination) {
  if (!type.block) {
    convertElements(*type.plain, row + begin * type.blockBytes, to, destination, count);
    return;
  }
  constexpr int64_t blocksAtOnce = 16;
  float decoded[32 * blocksAtOnce];
  char *out = static_cast<char *>(destination);
  for (int64_t at = begin, end = begin + count; at < end;) {
    int64_t block = at / 32;
    int64_t blocks = std::min(blocksAtOnce, (end + 31) / 32 - block);
    int64_t stop = std::min(end, (block + blocks) * 32);
    dequantize(*type.block, row + block * type.blockBytes, blocks, decoded);
    convertElements(DType::F32, decoded + (at - block * 32), to, out, stop - at);
    out += (stop - at) * bytesOf(to);
    at = stop;
  }
}

} // namespace tp
