// Element types convert bit by bit, rounding once and to nearest even.
#include "tp/Support/HostTensor.h"

#include "tp/Support/Error.h"

#include <cmath>
#include <gtest/gtest.h>

namespace tp {
namespace {

TEST(HostTensor, everyF16SurvivesTheWayThroughFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = f16ToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(f16ToFloat(floatToF16(value))));
    else
      ASSERT_EQ(floatToF16(value), bits);
  }
}

TEST(HostTensor, everyBf16SurvivesTheWayThroughFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = bf16ToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(value))));
    else
      ASSERT_EQ(floatToBf16(value), bits);
  }
}

TEST(HostTensor, f16RoundsToNearestEven) {
  EXPECT_EQ(floatToF16(1.0f + 0x1p-11f), 0x3c00);     // half way: to even, down
  EXPECT_EQ(floatToF16(1.0f + 3 * 0x1p-11f), 0x3c02); // half way: to even, up
  EXPECT_EQ(floatToF16(std::nextafter(1.0f + 0x1p-11f, 2.0f)), 0x3c01);
  EXPECT_EQ(floatToF16(65519.0f), 0x7bff);
  EXPECT_EQ(floatToF16(65520.0f), 0x7c00);
  EXPECT_EQ(floatToF16(-1e30f), 0xfc00);
  EXPECT_EQ(floatToF16(0x1p-25f), 0x0000); // half of the smallest: to even
  EXPECT_EQ(floatToF16(std::nextafter(0x1p-25f, 1.0f)), 0x0001);
  EXPECT_EQ(floatToF16(0x1.ffcp-15f), 0x0400); // the largest subnormal's upper neighbour
}

TEST(HostTensor, bf16RoundsToNearestEven) {
  EXPECT_EQ(floatToBf16(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(floatToBf16(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(floatToBf16(3.4e38f), 0x7f80);
}

TEST(HostTensor, aDoubleIsRoundedOnce) {
  // Just above half way between two f16, but exactly half way when it is first rounded to f32.
  double value = 1.0 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(roundTo(DType::F16, value), 1.0 + 0x1p-10);
  EXPECT_EQ(roundTo(DType::BF16, 1.0 + 0x1p-8 + 0x1p-40), 1.0 + 0x1p-7);
  EXPECT_EQ(roundTo(DType::F16, -value), -(1.0 + 0x1p-10));
  EXPECT_EQ(roundTo(DType::F32, 1.0 + 0x1p-30), 1.0);
  EXPECT_EQ(roundTo(DType::F64, 1.0 + 0x1p-30), 1.0 + 0x1p-30);
}

TEST(HostTensor, bytesRoundTripForEveryType) {
  for (DType type : {DType::F32, DType::F16, DType::BF16, DType::F64}) {
    HostTensor tensor{type, {2, 2}, {0.5, -2.0, 1.0 / 3.0, 100.0}, {}};
    tensor.round();
    std::vector<char> bytes = toBytes(tensor);
    EXPECT_EQ(bytes.size(), 4u * bytesOf(type));
    EXPECT_EQ(fromBytes(type, {2, 2}, bytes.data()).floats, tensor.floats) << name(type);
  }
  for (DType type : {DType::I1, DType::I8, DType::I16, DType::I32, DType::I64, DType::U8}) {
    HostTensor tensor{type, {3}, {}, {1, -3, 1000000}};
    tensor.round();
    std::vector<char> bytes = toBytes(tensor);
    EXPECT_EQ(fromBytes(type, {3}, bytes.data()).ints, tensor.ints) << name(type);
  }
}

TEST(HostTensor, integersWrap) {
  HostTensor tensor{DType::I8, {2}, {}, {130, -129}};
  tensor.round();
  EXPECT_EQ(tensor.ints, (std::vector<int64_t>{-126, 127}));
}

TEST(HostTensor, namesRoundTrip) {
  for (DType type :
       {DType::F32, DType::F16, DType::BF16, DType::F64, DType::I1, DType::I8, DType::I16, DType::I32, DType::I64, DType::U8})
    EXPECT_EQ(parseDType(name(type)), type);
  try {
    parseDType("f8");
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "unknown element type \"f8\"; known are f32, f16, bf16, f64, i1, i8, i16, i32, i64, u8");
  }
}

} // namespace
} // namespace tp
