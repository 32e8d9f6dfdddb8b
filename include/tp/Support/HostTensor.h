// A tensor in host memory that says what it holds: what the reference interpreter computes with and what .npy files and
// weight readers give and take. Values are kept wide (double, int64) and rounded to the element type after every
// operation (`round`), so that "what f32 would give" does not depend on how the loop was written.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

enum class DType { F32, F16, BF16, F64, I1, I8, I16, I32, I64, U8 };

/// "f32", "f16", "bf16", "f64", "i1", "i8", "i16", "i32", "i64", "u8"
std::string_view name(DType type);
/// The inverse. Throws Error with the known names.
DType parseDType(std::string_view text);
/// Bytes of one element in memory (i1: 1).
int64_t bytesOf(DType type);
bool isFloat(DType type);

/// Bit-exact conversions, round to nearest even; NaN stays NaN.
uint16_t floatToBf16(float value);
float bf16ToFloat(uint16_t bits);
uint16_t floatToF16(float value);
float f16ToFloat(uint16_t bits);

struct HostTensor {
  DType type = DType::F32;
  std::vector<int64_t> shape;
  /// Row-major. `floats` holds the elements of float types, `ints` those of all others; the other one is empty.
  std::vector<double> floats;
  std::vector<int64_t> ints;

  static HostTensor zeros(DType type, std::vector<int64_t> shape);
  int64_t count() const;
  bool isFloat() const { return tp::isFloat(type); }
  /// The value of element `i` (row-major) whatever the type.
  double at(int64_t i) const { return isFloat() ? floats[i] : static_cast<double>(ints[i]); }
  /// Rounds every element to what `type` can hold.
  void round();
};

/// `value` rounded to what `type` can hold (float types only).
double roundTo(DType type, double value);

/// Reads and writes the elements as packed little-endian memory of `type`.
HostTensor fromBytes(DType type, std::vector<int64_t> shape, const void *bytes);
std::vector<char> toBytes(const HostTensor &tensor);

/// Converts `count` packed elements, which need not be aligned. Floats are rounded once, to nearest even; integers wrap;
/// from float to integer cuts off the fraction and stops at the ends of the range (NaN gives 0).
void convertElements(DType from, const void *source, DType to, void *destination, int64_t count);

} // namespace tp
