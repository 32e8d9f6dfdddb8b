// A module is checked before it is loaded, ranks load their shards only, and whole tensors go in and come out.
#include "tprt/Program.h"
#include "FakeWeights.h"

#include <gtest/gtest.h>

using namespace tprt::test;
using tprt::Array;
using tprt::Module;
using tprt::Program;

namespace {

Array floats(std::vector<int64_t> shape, const std::vector<float> &values) {
  Array array = Array::zeros(tp::DType::F32, std::move(shape));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

std::string failureOf(const std::function<void()> &job) {
  try {
    job();
  } catch (const tp::Error &error) {
    return error.what();
  }
  return "";
}

TEST(Program, RunsAnEntryOnShards) {
  FakeFolder folder;
  Module module(folder.module());
  std::vector<float> w2 = randomFloats(9 * 4, 2), x = randomFloats(3 * 6, 3);
  tprt::ProgramOptions options;
  options.given["arg2"] = floats({9, 4}, w2); // rows 1 to 8 are used
  Program program(module, options);
  Array input = floats({3, 6}, x);
  program.hashing = true;
  program.run(0, 1, {&input});

  std::vector<double> hidden(3 * 8, 0), result(3 * 4, 0);
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 8; ++j) {
      for (int64_t p = 0; p < 5; ++p)
        hidden[i * 8 + j] += double(x[i * 6 + p]) * folder.w1[p * 8 + j];
      for (int64_t k = 0; k < 4; ++k)
        result[i * 4 + k] += hidden[i * 8 + j] * w2[(j + 1) * 4 + k];
    }
  Array result0 = program.output(0, 0), result1 = program.output(0, 1);
  EXPECT_LT(relativeError(unpack(tp::DType::F32, result0.bytes.data(), 12), result), 1e-5);
  EXPECT_LT(relativeError(unpack(tp::DType::F32, result1.bytes.data(), 24), hidden), 1e-5);
  EXPECT_EQ(result1.shape, (std::vector<int64_t>{3, 8}));
  EXPECT_EQ(program.hashes().at("result0")[0], program.hashes().at("result0")[1]);
  EXPECT_NE(program.hashes().at("result1")[0], program.hashes().at("result1")[1]);
  EXPECT_EQ(program.ranks().context(1).recorder.counts[0][0].wireBytes, 48);
}

TEST(Program, RefusesWhatDoesNotFit) {
  FakeFolder folder;
  Module module(folder.module());
  EXPECT_EQ(failureOf([&] { Program program(module, {}); }),
            "input \"arg2\" of shape [8, 4] is not given; pass --input arg2=FILE.npy, or --random-inputs SEED");
  tprt::ProgramOptions options;
  options.randomSeed = 1;
  Program program(module, options);
  Array wrong = floats({3, 5}, randomFloats(15, 1));
  EXPECT_EQ(failureOf([&] { program.run(0, 1, {&wrong}); }), "input \"arg0\" of entry \"main\" is f32[3, 5], needs f32[3, 6]");
  Array tokens = Array::zeros(tp::DType::I32, {2, 17}), last = Array::zeros(tp::DType::I32, {2});
  EXPECT_EQ(failureOf([&] { program.run(1, 17, {&tokens, &tokens, &last}); }),
            "entry \"prefill\" takes up to 16 tokens a sequence, there are 17; compile with a larger --max-seq");
}

TEST(Program, NoticesChangedAndMissingWeights) {
  FakeFolder folder;
  folder.patch("\"fingerprint\": \"\"", "\"fingerprint\":\"x\"");
  Module module(folder.module());
  tprt::ProgramOptions options;
  options.randomSeed = 1;
  EXPECT_EQ(failureOf([&] { Program program(module, options); }).substr(0, 33), "weights changed since compilation");
  std::filesystem::remove(folder.file("fake.safetensors"));
  EXPECT_NE(failureOf([&] { Program program(module, options); }).find("are not there; pass --weights"), std::string::npos);
}

TEST(Program, ARankThatFailsInsideTheModuleEndsTheRun) {
  FakeFolder folder;
  Module module(folder.module());
  tprt::ProgramOptions options;
  options.randomSeed = 1;
  Program program(module, options);
  EXPECT_EQ(failureOf([&] { program.run(4, 1, {}); }),
            "rank 1, fill: the module passes element type 99, this runtime knows 0 to 9");
}

TEST(Module, IsCheckedBeforeItIsLoaded) {
  {
    FakeFolder folder;
    folder.patch("\"abi_version\": 1", "\"abi_version\": 7");
    EXPECT_NE(failureOf([&] { Module module(folder.module()); }).find("has ABI version 7, this runtime needs 1"),
              std::string::npos);
  }
  {
    FakeFolder folder;
    folder.patch("x86-64-v3", "x86-64-v9");
    EXPECT_NE(failureOf([&] { Module module(folder.module()); }).find("is compiled for x86-64-v9"), std::string::npos);
  }
  {
    FakeFolder folder;
    folder.patch("\"tpm_prefill\"", "\"tpm_prefell\"");
    EXPECT_NE(failureOf([&] { Module module(folder.module()); }).find("has no function tpm_prefell"), std::string::npos);
  }
  {
    FakeFolder folder;
    folder.patch("\"local_shape\": [6, 4]", "\"local_shape\": [9, 4]");
    EXPECT_NE(failureOf([&] { Module module(folder.module()); }).find("\"w1\" has extent 6, locally 9"), std::string::npos);
  }
}

TEST(Module, IsNeverReadBeyondItsEnd) {
  FakeFolder folder;
  std::string whole = tp::readFile(folder.module());
  for (size_t size : {size_t(0), size_t(10), size_t(64), size_t(500), whole.size() / 2, whole.size() * 3 / 4}) {
    std::filesystem::remove(folder.module());
    tp::writeFile(folder.module(), whole.substr(0, size));
    EXPECT_NE(failureOf([&] { Module module(folder.module()); }), "") << size;
  }
  tp::writeFile(folder.file("text.tpm"), "TPM-MANIFEST-1\n{\"abi_version\": 1}");
  EXPECT_NE(failureOf([&] { Module module(folder.file("text.tpm")); }).find("is no compiled module"), std::string::npos);
}

} // namespace
