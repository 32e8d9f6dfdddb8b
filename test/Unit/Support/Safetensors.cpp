// safetensors files and folders are read by slices; headers that lie are refused.
#include "tp/Support/Safetensors.h"
#include "tp/Support/WeightFile.h"

#include "Expect.h"
#include "Models.h"

#include <fstream>

namespace tp {
namespace {

std::string floats(int count, float first = 0) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes += raw(first + static_cast<float>(i));
  return bytes;
}

std::string errorOfOpening(const std::string &header, const std::string &data) {
  TemporaryFolder folder;
  put(folder / "x.safetensors", safetensors(header, data));
  return errorOf([&] { WeightFile::open(folder / "x.safetensors"); });
}

TEST(Safetensors, slicesOfEveryShape) {
  TemporaryFolder folder;
  put(folder / "x.safetensors",
      safetensors(R"({"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [2, 3, 4], "data_offsets": [0, 96]}})",
                  floats(24)));
  WeightFile weights = WeightFile::open(folder / "x.safetensors");
  EXPECT_EQ(weights.format(), "safetensors");
  ASSERT_EQ(weights.tensors().size(), 1u);
  EXPECT_EQ(weights.tensors()[0].type.name, "F32");
  std::vector<int64_t> shape = {2, 3, 4};
  // Every slice there is, against indexing.
  for (int64_t a = 0; a <= 2; ++a)
    for (int64_t b = 0; b <= 3; ++b)
      for (int64_t c = 0; c <= 4; ++c)
        for (int64_t m = 0; m <= 2 - a; ++m)
          for (int64_t n = 0; n <= 3 - b; ++n)
            for (int64_t k = 0; k <= 4 - c; ++k) {
              std::vector<float> wanted, got(static_cast<size_t>(m * n * k) + 1, -1);
              for (int64_t i = a; i < a + m; ++i)
                for (int64_t j = b; j < b + n; ++j)
                  for (int64_t l = c; l < c + k; ++l)
                    wanted.push_back(static_cast<float>((i * 3 + j) * 4 + l));
              wanted.push_back(-1); // nothing beyond the slice is written
              weights.readSlice("w", {a, b, c}, {m, n, k}, DType::F32, got.data());
              ASSERT_EQ(got, wanted);
            }
}

// Rows longer than what is read at once, and more rows than are read together.
TEST(Safetensors, slicesOfManyBytes) {
  TemporaryFolder folder;
  for (auto [rows, columns] : {std::pair<int64_t, int64_t>(3, 40000), {900, 100}, {2, 16384}}) {
    std::string bytes = std::to_string(rows * columns * 4);
    put(folder / "x.safetensors", safetensors(R"({"w": {"dtype": "F32", "shape": [)" + std::to_string(rows) + "," +
                                                  std::to_string(columns) + R"(], "data_offsets": [0, )" + bytes + "]}}",
                                              floats(static_cast<int>(rows * columns))));
    WeightFile weights = WeightFile::open(folder / "x.safetensors");
    for (auto [first, skipped] : {std::pair<int64_t, int64_t>(0, 0), {1, 0}, {0, 7}, {1, 93}}) {
      int64_t m = rows - first, n = columns - skipped;
      std::vector<float> wanted, got(static_cast<size_t>(m * n));
      for (int64_t i = first; i < rows; ++i)
        for (int64_t j = skipped; j < columns; ++j)
          wanted.push_back(static_cast<float>(i * columns + j));
      weights.readSlice("w", {first, skipped}, {m, n}, DType::F32, got.data());
      EXPECT_EQ(got, wanted);
      weights.readStored("w", {first, skipped}, {m, n}, got.data());
      EXPECT_EQ(got, wanted);
    }
  }
}

TEST(Safetensors, elementsAreConverted) {
  TemporaryFolder folder;
  put(folder / "x.safetensors", safetensors(R"({"b": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
                            "h": {"dtype": "F16", "shape": [2], "data_offsets": [4, 8]},
                            "n": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]},
                            "e": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [16, 18]}})",
                                            raw(floatToBf16(1.5f)) + raw(floatToBf16(-2)) + raw(floatToF16(0.25f)) +
                                                raw(floatToF16(3)) + raw(int64_t(-7)) + "ab"));
  WeightFile weights = WeightFile::open(folder / "x.safetensors");
  float two[2];
  weights.read("b", DType::F32, two);
  EXPECT_EQ(std::vector<float>(two, two + 2), (std::vector<float>{1.5f, -2}));
  weights.read("h", DType::F32, two);
  EXPECT_EQ(std::vector<float>(two, two + 2), (std::vector<float>{0.25f, 3}));
  uint16_t halves[2];
  weights.read("b", DType::F16, halves);
  EXPECT_EQ(halves[0], floatToF16(1.5f));
  int32_t number;
  weights.read("n", DType::I32, &number);
  EXPECT_EQ(number, -7);
  EXPECT_TRUE(
      contains(errorOf([&] { weights.read("n", DType::F32, two); }), "tensor \"n\" is stored as I64 and cannot be read as f32"));
  EXPECT_TRUE(contains(errorOf([&] { weights.read("e", DType::F32, two); }), "has type F8_E4M3; supported are F32, "));
  EXPECT_TRUE(contains(errorOf([&] { weights.read("none", DType::F32, two); }),
                       "has no tensor \"none\"; it has 4, such as \"b\", \"e\", \"h\""));
  EXPECT_TRUE(contains(errorOf([&] { weights.readSlice("b", {1}, {2}, DType::F32, two); }),
                       "has size 2 in dimension 0, elements 1 to 3 are wanted"));
  EXPECT_TRUE(contains(errorOf([&] { weights.readSlice("b", {0, 0}, {1, 1}, DType::F32, two); }),
                       "has 1 dimensions, the slice wanted has 2"));
}

/// Of this process now, in KiB: pages of files, wherever the file lies.
int64_t residentOfFiles() {
  std::ifstream status("/proc/self/status");
  int64_t total = 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssFile:") || line.starts_with("RssShmem:"))
      total += std::stoll(line.substr(line.find(':') + 1));
  return total;
}

// A process that copies its weights must not hold the file's pages beside the copies.
TEST(Safetensors, pagesAreGivenBackAfterARead) {
  TemporaryFolder folder;
  constexpr size_t bytes = 16 << 20;
  std::string shape = std::to_string(bytes / 4096) + ", 1024";
  put(folder / "x.safetensors",
      safetensors(R"({"w": {"dtype": "F32", "shape": [)" + shape + R"(], "data_offsets": [0, )" + std::to_string(bytes) + "]}}",
                  std::string(bytes, 0)));
  WeightFile weights = WeightFile::open(folder / "x.safetensors");
  std::vector<float> all(bytes / 4);
  int64_t before = residentOfFiles();
  weights.read("w", DType::F32, all.data());
  EXPECT_LT(residentOfFiles() - before, 4096);
}

TEST(Safetensors, headersThatLie) {
  std::string eight = floats(2);
  EXPECT_TRUE(contains(errorOfOpening(R"({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 12]}})", eight),
                       "data_offsets [0, 12] are no range of the 8 bytes of data"));
  EXPECT_TRUE(contains(errorOfOpening(R"({"w": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}})", eight),
                       "data_offsets [8, 0] are no range"));
  EXPECT_TRUE(contains(errorOfOpening(R"({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}})", eight),
                       "shape [3] of F32 needs 12 bytes, data_offsets give it 8"));
  for (const char *shape :
       {"[1152921504606846976, 16]", "[4611686018427387904]", "[0, 1152921504606846976, 1152921504606846976]"})
    EXPECT_TRUE(contains(
        errorOfOpening(std::string(R"({"w": {"dtype": "F32", "shape": )") + shape + R"(, "data_offsets": [0, 0]}})", eight),
        "needs more than 2^63 bytes"));
  EXPECT_TRUE(
      contains(errorOfOpening(R"({"w": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}})", eight), "negative size"));
  EXPECT_TRUE(contains(errorOfOpening(R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                                          "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
                                      eight),
                       "tensors \"a\" and \"b\" overlap"));
  EXPECT_TRUE(contains(errorOfOpening(R"({"w": {"dtype": "F32", "shape": [2]}})", eight), "\"data_offsets\" is missing"));
  EXPECT_TRUE(contains(errorOfOpening(R"({"w": 3})", eight), "tensor \"w\": needs an object"));
  EXPECT_TRUE(contains(errorOfOpening("[]", eight), "header is array, needs to be an object"));
  EXPECT_TRUE(contains(errorOfOpening("{", eight), "(header):1:2: not JSON"));
}

TEST(Safetensors, filesThatAreCutShort) {
  TemporaryFolder folder;
  std::string whole = safetensors(R"({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", floats(2));
  for (size_t size = 0; size < whole.size(); ++size) {
    put(folder / "x.safetensors", whole.substr(0, size));
    EXPECT_NE(errorOf([&] { WeightFile::open(folder / "x.safetensors"); }), "") << size;
  }
  put(folder / "x.safetensors", raw(~uint64_t(0)) + "{}");
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder / "x.safetensors"); }),
                       "is no safetensors file or cut short: its first 8 bytes give a header of 18446744073709551615"));
}

// Whatever single byte is damaged: an Error or a file that can be read, never a crash.
TEST(Safetensors, damageNeverCrashes) {
  TemporaryFolder folder;
  std::string good = safetensors(R"({"w": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
                                     "v": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]}})",
                                 floats(3));
  int opened = 0;
  for (size_t at = 0; at < good.size() - 12; ++at)
    for (char change : {'\x01', '\x02', '\x08', '\x80', '\xff'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ change);
      put(folder / "x.safetensors", bad);
      try {
        WeightFile weights = WeightFile::open(folder / "x.safetensors");
        float values[4];
        ++opened;
        for (const StoredTensor &tensor : weights.tensors())
          if (tensor.byteCount <= sizeof values)
            weights.read(tensor.name, DType::F32, values);
      } catch (const Error &) {
      }
    }
  EXPECT_GT(opened, 0); // a letter of a name may change
}

TEST(Safetensors, shardedFolder) {
  TemporaryFolder folder;
  put(folder / "model-1.safetensors",
      safetensors(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", floats(1, 5)));
  put(folder / "model-2.safetensors",
      safetensors(R"({"b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", floats(1, 6)));
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder.path.string()); }), "holds 2 .safetensors files, but neither"));
  put(folder / "model.safetensors.index.json", R"({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})");
  WeightFile weights = WeightFile::open(folder.path.string());
  float value = 0;
  weights.read("b", DType::F32, &value);
  EXPECT_EQ(value, 6);
  EXPECT_EQ(weights.tensors().size(), 2u);
  // Only headers count.
  std::string before = weights.fingerprint();
  EXPECT_EQ(before.size(), 16u);
  put(folder / "model-2.safetensors",
      safetensors(R"({"b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", floats(1, 7)));
  EXPECT_EQ(WeightFile::open(folder.path.string()).fingerprint(), before);
  put(folder / "model-2.safetensors",
      safetensors(R"({"c": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", floats(1, 7)));
  EXPECT_NE(WeightFile::open(folder.path.string()).fingerprint(), before);
  put(folder / "model-2.safetensors",
      safetensors(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", floats(1, 7)));
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder.path.string()); }), "tensor \"a\" is in two of the files"));
  put(folder / "model.safetensors.index.json", R"({"weight_map": {"a": "../secret.safetensors"}})");
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder.path.string()); }), "which is no file of the folder"));
}

TEST(Safetensors, foldersWithoutWeights) {
  TemporaryFolder folder;
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder.path.string()); }), "holds no .safetensors file"));
  put(folder / "pytorch_model.bin", "");
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder.path.string()); }),
                       "there is \"pytorch_model.bin\", which has to be converted to safetensors"));
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder / "none.gguf"); }), "none.gguf\": No such file"));
  EXPECT_TRUE(contains(errorOf([&] { WeightFile::open(folder / "none"); }), "do not exist"));
}

} // namespace
} // namespace tp
