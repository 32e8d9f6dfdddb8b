// The element types that weight files store, quantised blocks among them, and their way to plain elements.
//
// A quantised tensor is a sequence of blocks along its last dimension; a block holds a scale (and perhaps a minimum)
// for its 32 elements. Rows never share a block, so any range of a row is read by decoding the blocks that it touches.
#pragma once
#include "tp/Support/HostTensor.h"

#include <optional>

namespace tp {

enum class BlockType { Q8_0, Q4_0, Q4_1 };

/// How a file stores the elements of one tensor. `name` is the format's own word for it ("F32", "Q6_K", "F8_E4M3").
struct StoredType {
  std::string name;
  /// Elements and bytes of one block; 1 and the element's size for plain types. 0 bytes: a type we know nothing about.
  int64_t blockElements = 1;
  int64_t blockBytes = 0;
  /// Set for plain types that can be read.
  std::optional<DType> plain;
  /// Set for quantised types that can be read.
  std::optional<BlockType> block;

  bool isReadable() const { return plain || block; }
  bool isFloat() const { return block || (plain && tp::isFloat(*plain)); }
};

/// The types that weights may be kept in while a program computes in f32, with the codes that GGUF has for them: these
/// numbers stand in compiled modules.
enum class StoredFormat { F16 = 1, Q4_0 = 2, Q4_1 = 3, Q8_0 = 8, BF16 = 30 };

/// The format called `name` ("Q4_1"), if it is one of them.
std::optional<StoredFormat> storedFormat(const std::string &name);
/// What GGUF says of it: elements and bytes of a block.
StoredType storedType(StoredFormat format);

/// The type `code` of a GGUF file's tensor. An unknown code gives a type that is called "type 57" and cannot be read.
StoredType ggufType(uint32_t code);
/// The type called `name` in a safetensors header ("F32", "BOOL", ...), known or not.
StoredType safetensorsType(const std::string &name);

/// Decodes `blocks` whole blocks of `type` to f32.
void dequantize(BlockType type, const char *source, int64_t blocks, float *destination);

/// Elements [begin, begin + count) of the row that starts at `row`, as `to`. `row` must hold the blocks that they lie
/// in. Floats only become floats and integers only integers; the caller has checked that, and that `type` is readable.
void readRow(const StoredType &type, const char *row, int64_t begin, int64_t count, DType to, void *destination);

} // namespace tp
