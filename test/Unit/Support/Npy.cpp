// .npy files round trip, and damaged ones are refused with what is wrong.
#include "tp/Support/Npy.h"

#include "Expect.h"
#include "tp/Support/AtomicFile.h"

namespace tp {
namespace {

std::string npy(const std::string &header, const std::string &elements, char version = 1) {
  std::string text = std::string("\x93NUMPY") + version + '\0' + static_cast<char>(header.size()) + '\0';
  if (version > 1)
    text += std::string(2, '\0');
  return text + header + elements;
}

std::string errorOfReading(const std::string &bytes) {
  TemporaryFolder folder;
  writeFile(folder / "x.npy", bytes);
  return errorOf([&] { readNpy(folder / "x.npy"); });
}

TEST(Npy, everyTypeRoundTrips) {
  TemporaryFolder folder;
  for (DType type : {DType::F32, DType::F16, DType::F64, DType::I1, DType::I8, DType::I16, DType::I32, DType::I64, DType::U8}) {
    HostTensor tensor = HostTensor::zeros(type, {2, 3});
    for (int64_t i = 0; i < 6; ++i)
      (tensor.isFloat() ? tensor.floats[i] = static_cast<double>(i) / 4 : tensor.ints[i] = i);
    tensor.round();
    writeNpy(folder / "x.npy", tensor);
    HostTensor back = readNpy(folder / "x.npy");
    EXPECT_EQ(back.type, type);
    EXPECT_EQ(back.shape, tensor.shape);
    EXPECT_EQ(back.floats, tensor.floats);
    EXPECT_EQ(back.ints, tensor.ints);
  }
}

TEST(Npy, bf16IsWrittenAsFloat32) {
  TemporaryFolder folder;
  writeNpy(folder / "x.npy", HostTensor{DType::BF16, {1}, {1.5}, {}});
  HostTensor back = readNpy(folder / "x.npy");
  EXPECT_EQ(back.type, DType::F32);
  EXPECT_EQ(back.floats, std::vector<double>{1.5});
}

TEST(Npy, scalarsAndEmptyTensors) {
  TemporaryFolder folder;
  writeNpy(folder / "x.npy", HostTensor{DType::F32, {}, {2.5}, {}});
  EXPECT_EQ(readNpy(folder / "x.npy").floats, std::vector<double>{2.5});
  writeNpy(folder / "x.npy", HostTensor::zeros(DType::F32, {0, 4}));
  EXPECT_EQ(readNpy(folder / "x.npy").shape, (std::vector<int64_t>{0, 4}));
}

TEST(Npy, elementsBeginAtAMultipleOf64) {
  TemporaryFolder folder;
  writeNpy(folder / "x.npy", HostTensor::zeros(DType::F32, {7}));
  EXPECT_EQ((readFile(folder / "x.npy").size() - 28) % 64, 0u);
}

TEST(Npy, versionsTwoAndThree) {
  TemporaryFolder folder;
  for (char version : {2, 3}) {
    writeFile(folder / "x.npy",
              npy("{\"descr\": \"<i2\", 'fortran_order': False, 'shape': (2,)}\n", std::string("\1\0\2\0", 4), version));
    EXPECT_EQ(readNpy(folder / "x.npy").ints, (std::vector<int64_t>{1, 2}));
  }
}

TEST(Npy, refusesWhatItCannotRead) {
  std::string order = "'fortran_order': False, ";
  EXPECT_TRUE(contains(errorOfReading("PK\3\4"), "is no .npy file"));
  EXPECT_TRUE(contains(errorOfReading("\x93NUMPY"), "ends at byte 6, but 1 bytes from byte 6 on are needed"));
  EXPECT_TRUE(contains(errorOfReading(std::string("\x93NUMPY\1\0\xff\xff", 10)), "ends at byte 10, but 65535 bytes"));
  EXPECT_TRUE(contains(errorOfReading(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", "1234")),
                       "Fortran order; save numpy.ascontiguousarray(x)"));
  EXPECT_TRUE(contains(errorOfReading(npy("{'descr': '>f4', " + order + "'shape': (1,)}", "1234")), "is big-endian"));
  EXPECT_TRUE(contains(errorOfReading(npy("{'descr': '<U4', " + order + "'shape': (1,)}", "1234")),
                       "elements of type \"<U4\"; supported are f2"));
  EXPECT_TRUE(contains(errorOfReading(npy("{'descr': [('a', '<f4')], " + order + "'shape': (1,)}", "1234")),
                       "records with several fields"));
  EXPECT_TRUE(contains(errorOfReading(npy("{'descr': '<f4', " + order + "}", "")), "needed the keys"));
  EXPECT_TRUE(contains(errorOfReading(npy("{'descr': '<f4", "")), "needed a closing quote"));
}

TEST(Npy, shapesThatLie) {
  std::string start = "{'descr': '<f4', 'fortran_order': False, 'shape': ";
  EXPECT_TRUE(
      contains(errorOfReading(npy(start + "(2,)}", "1234")), "shape (2,) of f32 needs 8 bytes, the file has 4 after its header"));
  EXPECT_TRUE(contains(errorOfReading(npy(start + "(1,)}", "12345")), "needs 4 bytes, the file has 5"));
  EXPECT_TRUE(
      contains(errorOfReading(npy(start + "(1152921504606846976, 1152921504606846976)}", "1234")), "needs more than 2^63 bytes"));
  EXPECT_TRUE(contains(errorOfReading(npy(start + "(-1,)}", "1234")), "needed a size"));
  EXPECT_TRUE(contains(errorOfReading(npy(start + "(99999999999999999999,)}", "1234")), "needed a size"));
}

} // namespace
} // namespace tp
