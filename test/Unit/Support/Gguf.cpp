// GGUF files: keys, tensors and quantised rows come out right, and headers that lie are refused.
#include "tp/Support/Gguf.h"
#include "tp/Support/WeightFile.h"

#include "Expect.h"
#include "Models.h"

#include <numeric>

namespace tp {
namespace {

std::string errorOfOpening(const std::string &bytes) {
  TemporaryFolder folder;
  put(folder / "x.gguf", bytes);
  return errorOf([&] { GgufFile file(folder / "x.gguf"); });
}

TEST(Gguf, keysAndValues) {
  GgufBuilder builder;
  builder.string("general.architecture", "llama");
  builder.u32("llama.block_count", 30);
  builder.value("f", 6, raw(0.5f));
  builder.value("d", 12, raw(0.25));
  builder.value("negative", 11, raw(int64_t(-3)));
  builder.value("huge", 10, raw(~uint64_t(0)));
  builder.boolean("yes", true);
  builder.strings("tokens", {"a", "", "ccc"});
  builder.numbers<int32_t>("types", 5, {3, -1});
  builder.numbers<float>("scores", 6, {0.5f, -1});
  builder.value("nested", 9, raw(uint32_t(9)) + raw(uint64_t(1)) + raw(uint32_t(0)) + raw(uint64_t(2)) + "ab");
  TemporaryFolder folder;
  for (uint32_t version : {2, 3}) {
    put(folder / "x.gguf", builder.file(version));
    GgufFile file(folder / "x.gguf");
    EXPECT_EQ(file.version(), version);
    EXPECT_EQ(file.stringAt("general.architecture"), "llama");
    EXPECT_EQ(file.intAt("llama.block_count"), 30);
    EXPECT_EQ(file.intAt("none", 5), 5);
    EXPECT_EQ(file.numberAt("f"), 0.5);
    EXPECT_EQ(file.numberAt("d"), 0.25);
    EXPECT_EQ(file.intAt("negative"), -3);
    EXPECT_TRUE(file.boolAt("yes", false));
    EXPECT_EQ(file.stringsAt("tokens"), (std::vector<std::string_view>{"a", "", "ccc"}));
    EXPECT_EQ(file.intsAt("types"), (std::vector<int64_t>{3, -1}));
    EXPECT_EQ(file.intsAt("llama.block_count"), std::vector<int64_t>{30});
    EXPECT_EQ(file.numbersAt("scores"), (std::vector<double>{0.5, -1}));
    EXPECT_TRUE(contains(errorOf([&] { file.intAt("none"); }), "key \"none\" is missing"));
    EXPECT_TRUE(contains(errorOf([&] { file.intAt("f"); }), "key \"f\" is of type f32, needs an integer"));
    EXPECT_TRUE(contains(errorOf([&] { file.intAt("huge"); }), "needs an integer below 2^63"));
    EXPECT_TRUE(contains(errorOf([&] { file.stringAt("tokens"); }), "is an array of string, needs a string"));
    EXPECT_TRUE(contains(errorOf([&] { file.intsAt("nested"); }), "is an array of array, needs an integer"));
  }
}

// One row of two blocks: element i of block b is worked out here from the definition of the format.
TEST(Gguf, quantisedBlocksAreDecoded) {
  GgufBuilder builder;
  std::vector<float> q8, q40, q41;
  std::string q8Bytes, q40Bytes, q41Bytes;
  for (int b = 0; b < 4; ++b) {
    float scale = 0.25f * static_cast<float>(b + 1), least = -3.5f;
    q8Bytes += raw(floatToF16(scale));
    for (int i = 0; i < 32; ++i) {
      q8Bytes += raw(static_cast<int8_t>(i * 8 - 128));
      q8.push_back(scale * static_cast<float>(i * 8 - 128));
    }
    q40Bytes += raw(floatToF16(scale));
    q41Bytes += raw(floatToF16(scale)) + raw(floatToF16(least));
    auto nibble = [&](int i) { return (i * 5 + b) % 16; };
    for (int i = 0; i < 16; ++i) {
      q40Bytes += raw(static_cast<uint8_t>(nibble(i) | nibble(i + 16) << 4));
      q41Bytes += raw(static_cast<uint8_t>(nibble(i) | nibble(i + 16) << 4));
    }
    for (int i = 0; i < 32; ++i) {
      q40.push_back(scale * static_cast<float>(nibble(i) - 8));
      q41.push_back(scale * static_cast<float>(nibble(i)) + least);
    }
  }
  auto add = [&](const std::string &name, uint32_t type, const std::string &bytes) {
    builder.tensor(name, {64, 2}, type, builder.data.size());
    builder.data += bytes;
    builder.data.resize((builder.data.size() + 31) / 32 * 32);
  };
  add("q8", 8, q8Bytes);
  add("q40", 2, q40Bytes);
  add("q41", 3, q41Bytes);
  TemporaryFolder folder;
  put(folder / "x.gguf", builder.file());
  WeightFile weights = WeightFile::open(folder / "x.gguf");
  EXPECT_EQ(weights.at("q8").shape, (std::vector<int64_t>{2, 64}));
  EXPECT_EQ(weights.at("q41").type.name, "Q4_1");
  for (const auto &[name, wanted] : {std::pair{"q8", q8}, {"q40", q40}, {"q41", q41}}) {
    std::vector<float> all(128);
    weights.read(name, DType::F32, all.data());
    EXPECT_EQ(all, wanted) << name;
    // Slices that begin and end inside blocks.
    for (int64_t begin : {0, 1, 31, 32, 40})
      for (int64_t count : {1, 7, 24}) {
        std::vector<float> got(static_cast<size_t>(2 * count)), slice;
        for (int64_t row = 0; row < 2; ++row)
          slice.insert(slice.end(), wanted.begin() + row * 64 + begin, wanted.begin() + row * 64 + begin + count);
        weights.readSlice(name, {0, begin}, {2, count}, DType::F32, got.data());
        EXPECT_EQ(got, slice) << name << " " << begin << " " << count;
      }
  }
  // As stored: rows of whole blocks, and part of each.
  std::string second(2 * 20, 0);
  weights.readStored("q41", {0, 32}, {2, 32}, second.data());
  EXPECT_EQ(second, q41Bytes.substr(20, 20) + q41Bytes.substr(60, 20));
  EXPECT_TRUE(contains(errorOf([&] { weights.readStored("q41", {0, 16}, {2, 32}, second.data()); }), "would cut"));
  EXPECT_TRUE(contains(errorOf([&] { weights.readStored("q41", {1, 0}, {2, 32}, second.data()); }), "elements 1 to 3"));

  int32_t number;
  EXPECT_TRUE(contains(errorOf([&] { weights.readSlice("q8", {0, 0}, {1, 1}, DType::I32, &number); }),
                       "is stored as Q8_0 and cannot be read as i32"));
}

TEST(Gguf, unsupportedTypesAreCalledByName) {
  GgufBuilder builder;
  builder.tensor("x", {256}, 14, 0);
  builder.tensor("y", {256}, 99, 224);
  builder.data.resize(1024);
  TemporaryFolder folder;
  put(folder / "x.gguf", builder.file());
  WeightFile weights = WeightFile::open(folder / "x.gguf");
  float value;
  EXPECT_TRUE(contains(errorOf([&] { weights.readSlice("x", {0}, {1}, DType::F32, &value); }),
                       "tensor \"x\" has type Q6_K; supported are F32, F16, BF16,"));
  EXPECT_TRUE(contains(errorOf([&] { weights.readSlice("y", {0}, {1}, DType::F32, &value); }), "has type type 99;"));
}

TEST(Gguf, headersThatLie) {
  EXPECT_TRUE(contains(errorOfOpening("GGML"), "is no GGUF file"));
  EXPECT_TRUE(contains(errorOfOpening(GgufBuilder().file(1)), "has GGUF version 1; supported are 2 and 3"));
  EXPECT_TRUE(contains(errorOfOpening(GgufBuilder().file(0x03000000)), "is a big-endian GGUF file"));
  auto tensor = [](std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
    GgufBuilder builder;
    builder.tensor("x", dims, type, offset);
    builder.data.resize(128);
    return errorOfOpening(builder.file());
  };
  EXPECT_TRUE(contains(tensor({33}, 0, 0), "tensor \"x\" needs 132 bytes from byte 0 of the data on, the file has 128"));
  EXPECT_TRUE(contains(tensor({8}, 0, 128), "tensor \"x\" needs 32 bytes from byte 128"));
  EXPECT_TRUE(contains(tensor({8}, 0, ~uint64_t(0)), "tensor \"x\" needs 32 bytes from byte 18446744073709551615"));
  EXPECT_TRUE(contains(tensor({8}, 0, 4), "begins at byte 4, which is no multiple of 32"));
  EXPECT_TRUE(contains(tensor({uint64_t(1) << 60, uint64_t(1) << 60}, 0, 0), "more elements than the file has bytes"));
  EXPECT_TRUE(contains(tensor({uint64_t(1) << 62}, 0, 0), "more elements than the file has bytes"));
  EXPECT_TRUE(contains(tensor({0, uint64_t(1) << 60, uint64_t(1) << 60}, 0, 0), "more elements than the file has bytes"));
  EXPECT_TRUE(contains(tensor({~uint64_t(0)}, 0, 0), "more elements than the file has bytes"));
  EXPECT_TRUE(contains(tensor({16}, 8, 0), "rows of 16 elements, needs a multiple of 32"));
  EXPECT_TRUE(contains(tensor(std::vector<uint64_t>(9, 1), 0, 0), "has 9 dimensions, needs at most 8"));
  GgufBuilder twice;
  twice.tensor("x", {8}, 0, 0);
  twice.tensor("y", {8}, 0, 0);
  twice.data.resize(32);
  EXPECT_TRUE(contains(errorOfOpening(twice.file()), "tensors \"x\" and \"y\" overlap"));
  twice.tensor("x", {8}, 0, 0);
  EXPECT_TRUE(contains(errorOfOpening(twice.file()), "tensor \"x\" appears twice"));
  GgufBuilder keys;
  keys.u32("k", 1);
  keys.u32("k", 1);
  EXPECT_TRUE(contains(errorOfOpening(keys.file()), "key \"k\" appears twice"));
  GgufBuilder array;
  array.value("k", 9, raw(uint32_t(4)) + raw(uint64_t(1) << 62));
  EXPECT_TRUE(contains(errorOfOpening(array.file()), "does not fit in the file"));
  GgufBuilder strings;
  strings.value("k", 9, raw(uint32_t(8)) + raw(uint64_t(1) << 62));
  EXPECT_TRUE(contains(errorOfOpening(strings.file()), "cut short or damaged"));
  GgufBuilder kind;
  kind.value("k", 13, "");
  EXPECT_TRUE(contains(errorOfOpening(kind.file()), "value of unknown type 13"));
  GgufBuilder alignment;
  alignment.u32("general.alignment", 0);
  EXPECT_TRUE(contains(errorOfOpening(alignment.file()), "general.alignment is 0, needs a power of two"));
}

// Whatever single byte is damaged, or wherever the file ends: an Error or a file that can be read, never a crash.
TEST(Gguf, damageNeverCrashes) {
  GgufBuilder builder;
  builder.strings("tokens", {"ab", "c"});
  builder.u32("general.alignment", 32);
  builder.tensor("x", {32, 2}, 8, 0);
  builder.tensor("y", {3}, 0, 96);
  builder.data.resize(108);
  std::string good = builder.file();
  TemporaryFolder folder;
  float values[64];
  int refused = 0;
  auto tryReading = [&](const std::string &bytes) {
    put(folder / "x.gguf", bytes);
    try {
      WeightFile weights = WeightFile::open(folder / "x.gguf");
      for (const StoredTensor &tensor : weights.tensors())
        if (tensor.type.isFloat() &&
            std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t(1), std::multiplies<>()) <= 64)
          weights.read(tensor.name, DType::F32, values);
      weights.gguf()->stringsAt("tokens");
    } catch (const Error &) {
      ++refused;
    }
  };
  tryReading(good);
  EXPECT_EQ(refused, 0);
  for (size_t size = 0; size < good.size(); ++size)
    tryReading(good.substr(0, size));
  EXPECT_EQ(refused, static_cast<int>(good.size()));
  for (size_t at = 0; at < good.size() - 108; ++at)
    for (char change : {'\x01', '\x80', '\xff'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ change);
      tryReading(bad);
    }
}

// The expected numbers are those of the reference decoder that comes with the format.
TEST(Gguf, smolLm2) {
  TP_NEEDS_SMOLLM2(path);
  WeightFile weights = WeightFile::open(path);
  EXPECT_EQ(weights.tensors().size(), 272u);
  EXPECT_EQ(weights.gguf()->intAt("llama.attention.head_count_kv"), 3);
  EXPECT_EQ(weights.at("token_embd.weight").shape, (std::vector<int64_t>{49152, 576}));
  auto at = [&](const std::string &name, int64_t i, int64_t j) {
    float value;
    weights.readSlice(name, {i, j}, {1, 1}, DType::F32, &value);
    return value;
  };
  EXPECT_EQ(at("token_embd.weight", 0, 0), -0x1.b468p-4f);
  EXPECT_EQ(at("token_embd.weight", 100, 37), 0x1.3877p-4f);
  EXPECT_EQ(at("token_embd.weight", 191, 575), -0x1.d468p-6f);
  EXPECT_EQ(at("blk.3.ffn_down.weight", 0, 0), 0x1.5p-4f);
  EXPECT_EQ(at("blk.3.ffn_down.weight", 100, 37), -0x1.87p-7f);
  EXPECT_EQ(at("blk.3.ffn_down.weight", 191, 575), -0x1.4ap-4f);
  std::vector<float> down(576 * 1536);
  weights.read("blk.3.ffn_down.weight", DType::F32, down.data());
  EXPECT_NEAR(std::accumulate(down.begin(), down.end(), 0.0), 81.66989135742188, 1e-6);
  // A third of the columns is what rank 1 of 3 loads.
  std::vector<float> shard(576 * 512);
  weights.readSlice("blk.3.ffn_down.weight", {0, 512}, {576, 512}, DType::F32, shard.data());
  EXPECT_EQ(shard[100 * 512 + 5], down[100 * 1536 + 517]);
}

} // namespace
} // namespace tp
