// The command line of tp-run, on the fake module: what it prints, writes, refuses, and its exit status.
#include "FakeWeights.h"
#include "tp/Support/Json.h"
#include "tp/Support/Npy.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <sys/wait.h>

using namespace tprt::test;

namespace {

struct Result {
  int status;
  std::string out, error;
};

Result tpRun(const FakeFolder &folder, const std::string &arguments) {
  std::string command =
      std::string(TP_RUN) + " " + folder.module() + " " + arguments + " >" + folder.file("out") + " 2>" + folder.file("error");
  int status = std::system(command.c_str());
  return {WEXITSTATUS(status), tp::readFile(folder.file("out")), tp::readFile(folder.file("error"))};
}

TEST(TpRun, GeneratesTokens) {
  FakeFolder folder;
  Result one = tpRun(folder, "--random-inputs 1 --tokens 1,1 --max-new-tokens 5 --ranks 2");
  EXPECT_EQ(one.out, "tokens: 2 3 5 8 2\n") << one.error;
  EXPECT_EQ(one.status, 0);
  // Two prompts of different lengths; 10 + 1 = 0 is the end token.
  Result two = tpRun(folder, "--random-inputs 1 --tokens 1,1,2 --tokens 10,1 --max-new-tokens 4 --print-tokens");
  EXPECT_EQ(two.out, "tokens: 3 5 8 2\ntokens:\n") << two.error;
  Result past = tpRun(folder, "--random-inputs 1 --tokens 10,1 --max-new-tokens 3 --ignore-eos");
  EXPECT_EQ(past.out, "tokens: 0 1 1\n");
}

TEST(TpRun, StopsWhenTheCacheIsFull) {
  FakeFolder folder;
  Result result = tpRun(folder, "--random-inputs 1 --tokens 1,1 --max-new-tokens 100 --ignore-eos");
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), ' '), 15);
  EXPECT_EQ(result.error, "note: stopped at 16 tokens, the module's --max-seq\n");
}

TEST(TpRun, RunsAnEntryAndReports) {
  FakeFolder folder;
  tp::writeNpy(folder.file("w2.npy"), tp::DType::F32, {9, 4}, randomFloats(36, 1).data());
  Result result = tpRun(folder, "--entry main --input arg2=" + folder.file("w2.npy") + " --random-inputs 3 --output result1=" +
                                    folder.file("r1.npy") + " --stats " + folder.file("s.json") + " --trace " +
                                    folder.file("t.json") + " --dump-ranks " + folder.file("ranks"));
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(tp::readNpy(folder.file("r1.npy")).shape, (std::vector<int64_t>{3, 8}));
  EXPECT_EQ(tp::readNpy(folder.file("ranks/rank1.result1.npy")).shape, (std::vector<int64_t>{3, 4}));
  tp::Json stats = tp::readJson(folder.file("s.json"));
  tp::Json entry = stats["entries"][0];
  EXPECT_EQ(stats["mesh"]["tp"], 2);
  EXPECT_EQ(entry["name"], "main");
  EXPECT_EQ(entry["executions"], 1);
  EXPECT_EQ(entry["collectives"].size(), 1u);
  EXPECT_EQ(entry["collectives"][0]["count"], 1);
  EXPECT_EQ(entry["collectives"][0]["wire_bytes_per_rank"], 48);
  EXPECT_EQ(stats["entries"][1]["executions"], 0);
  EXPECT_EQ(stats["output_hashes"]["result0"][0], stats["output_hashes"]["result0"][1]);
  tp::Json trace = tp::readJson(folder.file("t.json"));
  std::map<std::string, int> names;
  for (const tp::Json &event : trace["traceEvents"])
    ++names[event["name"].get<std::string>()];
  EXPECT_EQ(names["gemm"], 4);
  EXPECT_EQ(names["all_reduce"], 2);
  EXPECT_EQ(names["wait"], 2);
  EXPECT_EQ(names["thread_name"], 2);
}

TEST(TpRun, CountsPerExecution) {
  FakeFolder folder;
  ASSERT_EQ(tpRun(folder, "--random-inputs 1 --tokens 1,1,2 --max-new-tokens 4 --stats " + folder.file("s.json")).status, 0);
  tp::Json stats = tp::readJson(folder.file("s.json"));
  EXPECT_EQ(stats["entries"][1]["tokens"], 6);
  EXPECT_EQ(stats["entries"][2]["executions"], 3);
  EXPECT_EQ(stats["entries"][2]["collectives"][0]["count"], 1);
  EXPECT_EQ(stats["entries"][2]["collectives"][0]["wire_bytes_per_rank"], 48);
  EXPECT_GT(stats["tokens_per_second"], 0);
}

TEST(TpRun, ScoresAFileAndCutsPadding) {
  FakeFolder folder;
  std::vector<int32_t> ids = {1, 1, 2, 3, 5};
  tp::writeNpy(folder.file("ids.npy"), tp::DType::I32, {1, 5}, ids.data());
  Result result =
      tpRun(folder, "--random-inputs 1 --tokens-file " + folder.file("ids.npy") + " --logits " + folder.file("l.npy"));
  ASSERT_EQ(result.status, 0) << result.error;
  tp::HostTensor logits = tp::readNpy(folder.file("l.npy"));
  EXPECT_EQ(logits.shape, (std::vector<int64_t>{1, 5, 11}));
  EXPECT_EQ(logits.floats[4 * 11 + 8], 10);
  std::vector<int32_t> many(17, 1);
  tp::writeNpy(folder.file("ids.npy"), tp::DType::I32, {1, 17}, many.data());
  result = tpRun(folder, "--random-inputs 1 --tokens-file " + folder.file("ids.npy") + " --logits " + folder.file("l.npy"));
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.error.find("17 tokens, the module is compiled for --max-seq 16"), std::string::npos);
}

TEST(TpRun, PrintsTheManifest) {
  FakeFolder folder;
  Result result = tpRun(folder, "--manifest");
  EXPECT_EQ(tp::parseJson(result.out, "manifest")["mesh"]["tp"], 2);
}

TEST(TpRun, RefusesWithOneErrorAndTheRightStatus) {
  FakeFolder folder;
  auto expect = [&](const std::string &arguments, int status, const std::string &text) {
    Result result = tpRun(folder, arguments);
    EXPECT_EQ(result.status, status) << arguments;
    EXPECT_NE(result.error.find("error: " + text), std::string::npos) << result.error;
    EXPECT_EQ(result.error.find("error:", result.error.find("error:") + 1), std::string::npos) << result.error;
  };
  expect("--ranks 3", 1,
         folder.module() + " is compiled for 2 ranks (mesh tp=2), --ranks says 3; compile it with another --mesh");
  expect("--comm mpi --entry main", 1,
         folder.module() + " is compiled for 2 ranks (mesh tp=2), this is a single process; start it as mpirun -n 2 tp-run " +
             folder.module() + " --comm mpi ...");
  expect("--comm nccl --entry main", 1, "this build has the communicators \"local\" and \"mpi\"");
  expect("--bogus", 2, "");
  expect("--top-k 5 --tokens 1", 2, "--top-k and --top-p need a --temperature above 0");
  expect("--tokens 1,x", 1, "");
  expect("--random-inputs 1 --tokens 99", 1, "--tokens holds 99, the vocabulary has 11");
  expect("--random-inputs 1 --tokens 1 --tokens 2 --tokens 3", 1, "there are 3 prompts, the module is compiled for --batch 2");
  expect("--random-inputs 1 --entry nothing", 1,
         "the module has no entry \"nothing\"; it has main, prefill, decode, score, broken");
  expect("--random-inputs 1 --entry main --output result9=x.npy", 1, "entry \"main\" has no output \"result9\"");
  expect("--random-inputs 1 --entry broken", 1, "rank 1, fill: the module passes element type 99");
}

} // namespace
