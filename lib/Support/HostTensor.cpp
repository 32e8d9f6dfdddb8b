// Element types and the conversions between them, bit by bit: the same on every machine, whatever its own f16 support.
#include "tp/Support/HostTensor.h"

#include "tp/Support/Error.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tp {

namespace {
struct TypeFacts {
  DType type;
  std::string_view name;
  int64_t bytes;
  bool isFloat;
};
// In the order of the enumerators.
constexpr std::array<TypeFacts, 10> typeFacts = {{{DType::F32, "f32", 4, true},
                                                  {DType::F16, "f16", 2, true},
                                                  {DType::BF16, "bf16", 2, true},
                                                  {DType::F64, "f64", 8, true},
                                                  {DType::I1, "i1", 1, false},
                                                  {DType::I8, "i8", 1, false},
                                                  {DType::I16, "i16", 2, false},
                                                  {DType::I32, "i32", 4, false},
                                                  {DType::I64, "i64", 8, false},
                                                  {DType::U8, "u8", 1, false}}};

constexpr const TypeFacts &factsOf(DType type) { return typeFacts[static_cast<size_t>(type)]; }
} // namespace

std::string_view name(DType type) { return factsOf(type).name; }
int64_t bytesOf(DType type) { return factsOf(type).bytes; }
bool isFloat(DType type) { return factsOf(type).isFloat; }

DType parseDType(std::string_view text) {
  std::string known;
  for (const TypeFacts &facts : typeFacts) {
    if (facts.name == text)
      return facts.type;
    known += (known.empty() ? "" : ", ") + std::string(facts.name);
  }
  throw Error("unknown element type \"" + std::string(text) + "\"; known are " + known);
}

uint16_t floatToBf16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return static_cast<uint16_t>(bits >> 16 | 0x40); // a quiet NaN: the bits that said NaN may be among those cut off
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float bf16ToFloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t floatToF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x477ff000) // from 65520 on everything rounds to infinity
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // below 2^-14: subnormal, a multiple of 2^-24
    // The sum's own rounding does ours: in [0.5, 1) the last place of a float is 2^-24.
    float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(sum) - 0x3f000000);
  }
  uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded - 0x38000000) >> 13);
}

float f16ToFloat(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
  if (exponent == 0x1f)
    return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
  if (exponent == 0) {
    float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

// The float next to `value` towards zero, with its last bit set where anything was cut off ("round to odd"): rounding
// that again to a type with fewer than 23 bits gives what rounding `value` once would.
static float narrowKeepingSticky(double value) {
  float nearest = static_cast<float>(value);
  if (std::isnan(value) || std::isinf(value) || static_cast<double>(nearest) == value)
    return nearest;
  float below = std::fabs(static_cast<double>(nearest)) > std::fabs(value) ? std::nextafter(nearest, 0.0f) : nearest;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(below) | 1);
}

double roundTo(DType type, double value) {
  switch (type) {
  case DType::F32:
    return static_cast<float>(value);
  case DType::F16:
    return f16ToFloat(floatToF16(narrowKeepingSticky(value)));
  case DType::BF16:
    return bf16ToFloat(floatToBf16(narrowKeepingSticky(value)));
  default:
    return value;
  }
}

static int64_t wrapTo(DType type, int64_t value) {
  switch (type) {
  case DType::I1:
    return value & 1;
  case DType::I8:
    return static_cast<int8_t>(value);
  case DType::I16:
    return static_cast<int16_t>(value);
  case DType::I32:
    return static_cast<int32_t>(value);
  case DType::U8:
    return static_cast<uint8_t>(value);
  default:
    return value;
  }
}

static int64_t countOf(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

HostTensor HostTensor::zeros(DType type, std::vector<int64_t> shape) {
  HostTensor tensor{type, std::move(shape), {}, {}};
  if (tensor.isFloat())
    tensor.floats.resize(tensor.count());
  else
    tensor.ints.resize(tensor.count());
  return tensor;
}

int64_t HostTensor::count() const { return countOf(shape); }

void HostTensor::round() {
  for (double &value : floats)
    value = roundTo(type, value);
  for (int64_t &value : ints)
    value = wrapTo(type, value);
}

namespace {
template <typename Stored, typename Wide, typename Convert>
void widen(const void *bytes, std::vector<Wide> &values, Convert convert) {
  const char *from = static_cast<const char *>(bytes);
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, from + i * sizeof(Stored), sizeof(Stored)); // the source need not be aligned
    values[i] = convert(stored);
  }
}

template <typename Stored, typename Wide, typename Convert>
void narrow(const std::vector<Wide> &values, std::vector<char> &bytes, Convert convert) {
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored = convert(values[i]);
    std::memcpy(bytes.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

template <typename To> constexpr auto to = [](auto value) { return static_cast<To>(value); };
} // namespace

HostTensor fromBytes(DType type, std::vector<int64_t> shape, const void *bytes) {
  static_assert(std::endian::native == std::endian::little);
  HostTensor tensor = HostTensor::zeros(type, std::move(shape));
  switch (type) {
  case DType::F32:
    widen<float>(bytes, tensor.floats, to<double>);
    break;
  case DType::F16:
    widen<uint16_t>(bytes, tensor.floats, f16ToFloat);
    break;
  case DType::BF16:
    widen<uint16_t>(bytes, tensor.floats, bf16ToFloat);
    break;
  case DType::F64:
    widen<double>(bytes, tensor.floats, to<double>);
    break;
  case DType::I1:
    widen<uint8_t>(bytes, tensor.ints, [](uint8_t value) { return int64_t(value != 0); });
    break;
  case DType::I8:
    widen<int8_t>(bytes, tensor.ints, to<int64_t>);
    break;
  case DType::I16:
    widen<int16_t>(bytes, tensor.ints, to<int64_t>);
    break;
  case DType::I32:
    widen<int32_t>(bytes, tensor.ints, to<int64_t>);
    break;
  case DType::I64:
    widen<int64_t>(bytes, tensor.ints, to<int64_t>);
    break;
  case DType::U8:
    widen<uint8_t>(bytes, tensor.ints, to<int64_t>);
    break;
  }
  return tensor;
}

std::vector<char> toBytes(const HostTensor &tensor) {
  std::vector<char> bytes(tensor.count() * bytesOf(tensor.type));
  switch (tensor.type) {
  case DType::F32:
    narrow<float>(tensor.floats, bytes, to<float>);
    break;
  case DType::F16:
    narrow<uint16_t>(tensor.floats, bytes, [](double value) { return floatToF16(narrowKeepingSticky(value)); });
    break;
  case DType::BF16:
    narrow<uint16_t>(tensor.floats, bytes, [](double value) { return floatToBf16(narrowKeepingSticky(value)); });
    break;
  case DType::F64:
    narrow<double>(tensor.floats, bytes, to<double>);
    break;
  case DType::I1:
    narrow<uint8_t>(tensor.ints, bytes, [](int64_t value) { return uint8_t(value != 0); });
    break;
  case DType::I8:
  case DType::U8:
    narrow<uint8_t>(tensor.ints, bytes, to<uint8_t>);
    break;
  case DType::I16:
    narrow<int16_t>(tensor.ints, bytes, to<int16_t>);
    break;
  case DType::I32:
    narrow<int32_t>(tensor.ints, bytes, to<int32_t>);
    break;
  case DType::I64:
    narrow<int64_t>(tensor.ints, bytes, to<int64_t>);
    break;
  }
  return bytes;
}

// -- Conversion of packed elements --

namespace {
// One struct per type: how an element lies in memory, and its way to and from a wide value of its own kind.
template <DType type> struct Element;
template <> struct Element<DType::F32> {
  using Stored = float;
  static float load(float value) { return value; }
  template <typename Float> static float store(Float value) { return static_cast<float>(value); }
};
template <> struct Element<DType::F64> {
  using Stored = double;
  static double load(double value) { return value; }
  template <typename Float> static double store(Float value) { return value; }
};
template <> struct Element<DType::F16> {
  using Stored = uint16_t;
  // f16ToFloat without branches, so that it becomes vector code: the exponent is moved by a multiplication.
  static float load(uint16_t bits) {
    uint32_t moved = static_cast<uint32_t>(bits & 0x7fff) << 13;
    uint32_t magnitude = std::bit_cast<uint32_t>(std::bit_cast<float>(moved) * 0x1p112f);
    uint32_t special = moved >= 0x0f800000 ? 0x7f800000 | moved : magnitude; // infinity and NaN
    return std::bit_cast<float>(special | static_cast<uint32_t>(bits & 0x8000) << 16);
  }
  static uint16_t store(float value) { return floatToF16(value); }
  static uint16_t store(double value) { return floatToF16(narrowKeepingSticky(value)); }
};
template <> struct Element<DType::BF16> {
  using Stored = uint16_t;
  static float load(uint16_t bits) { return bf16ToFloat(bits); }
  static uint16_t store(float value) { return floatToBf16(value); }
  static uint16_t store(double value) { return floatToBf16(narrowKeepingSticky(value)); }
};
template <typename Integer> struct IntegerElement {
  using Stored = Integer;
  static int64_t load(Integer value) { return value; }
  static Integer store(int64_t value) { return static_cast<Integer>(value); }
  static Integer store(double value) {
    if (std::isnan(value))
      return 0;
    if (value <= static_cast<double>(std::numeric_limits<Integer>::min()))
      return std::numeric_limits<Integer>::min();
    if (value >= static_cast<double>(std::numeric_limits<Integer>::max()))
      return std::numeric_limits<Integer>::max();
    return static_cast<Integer>(value);
  }
  static Integer store(float value) { return store(static_cast<double>(value)); }
};
template <> struct Element<DType::I8> : IntegerElement<int8_t> {};
template <> struct Element<DType::I16> : IntegerElement<int16_t> {};
template <> struct Element<DType::I32> : IntegerElement<int32_t> {};
template <> struct Element<DType::I64> : IntegerElement<int64_t> {};
template <> struct Element<DType::U8> : IntegerElement<uint8_t> {};
template <> struct Element<DType::I1> {
  using Stored = uint8_t;
  static int64_t load(uint8_t value) { return value != 0; }
  template <typename Wide> static uint8_t store(Wide value) { return value != 0; }
};

template <DType from, DType to> void convertRun(const char *source, char *destination, int64_t count) {
  using From = Element<from>;
  using To = Element<to>;
  for (int64_t i = 0; i < count; ++i) {
    typename From::Stored stored;
    std::memcpy(&stored, source + i * sizeof stored, sizeof stored);
    auto wide = From::load(stored);
    typename To::Stored result;
    if constexpr (!factsOf(from).isFloat && factsOf(to).isFloat)
      result = To::store(static_cast<double>(wide));
    else
      result = To::store(wide);
    std::memcpy(destination + i * sizeof result, &result, sizeof result);
  }
}

template <DType from> void convertFrom(const char *source, DType to, char *destination, int64_t count) {
  switch (to) {
  case DType::F32:
    return convertRun<from, DType::F32>(source, destination, count);
  case DType::F16:
    return convertRun<from, DType::F16>(source, destination, count);
  case DType::BF16:
    return convertRun<from, DType::BF16>(source, destination, count);
  case DType::F64:
    return convertRun<from, DType::F64>(source, destination, count);
  case DType::I1:
    return convertRun<from, DType::I1>(source, destination, count);
  case DType::I8:
    return convertRun<from, DType::I8>(source, destination, count);
  case DType::I16:
    return convertRun<from, DType::I16>(source, destination, count);
  case DType::I32:
    return convertRun<from, DType::I32>(source, destination, count);
  case DType::I64:
    return convertRun<from, DType::I64>(source, destination, count);
  case DType::U8:
    return convertRun<from, DType::U8>(source, destination, count);
  }
}
} // namespace

void convertElements(DType from, const void *source, DType to, void *destination, int64_t count) {
  const char *in = static_cast<const char *>(source);
  char *out = static_cast<char *>(destination);
  if (from == to && from != DType::I1) {
    std::memcpy(out, in, static_cast<size_t>(count * bytesOf(from)));
    return;
  }
  switch (from) {
  case DType::F32:
    return convertFrom<DType::F32>(in, to, out, count);
  case DType::F16:
    return convertFrom<DType::F16>(in, to, out, count);
  case DType::BF16:
    return convertFrom<DType::BF16>(in, to, out, count);
  case DType::F64:
    return convertFrom<DType::F64>(in, to, out, count);
  case DType::I1:
    return convertFrom<DType::I1>(in, to, out, count);
  case DType::I8:
    return convertFrom<DType::I8>(in, to, out, count);
  case DType::I16:
    return convertFrom<DType::I16>(in, to, out, count);
  case DType::I32:
    return convertFrom<DType::I32>(in, to, out, count);
  case DType::I64:
    return convertFrom<DType::I64>(in, to, out, count);
  case DType::U8:
    return convertFrom<DType::U8>(in, to, out, count);
  }
}

} // namespace tp
