// Replays the corpus of every target: inputs of each kind, and all that once crashed a reader. The names say what must come
// of it: a file called ok-* is read, one called bad-* refused, any other may be either.
#include "FuzzTarget.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace fs = std::filesystem;

namespace tp::fuzz {
namespace {

class Replay : public ::testing::TestWithParam<Target> {};

TEST_P(Replay, corpus) {
  const Target &target = GetParam();
  int ok = 0, bad = 0;
  for (const fs::directory_entry &entry : fs::directory_iterator(fs::path(TP_FUZZ_CORPUS) / target.name)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    std::string input{std::istreambuf_iterator<char>(file), {}}, name = entry.path().filename().string();
    bool refused = isRefused(target, input);
    if (name.starts_with("ok-"))
      EXPECT_FALSE(refused);
    if (name.starts_with("bad-"))
      EXPECT_TRUE(refused);
    ok += name.starts_with("ok-");
    bad += name.starts_with("bad-");
  }
  EXPECT_GT(ok, 0) << "no input that is read: what is behind the first check is not tested";
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, ::testing::ValuesIn(targets()), [](const auto &info) { return info.param.name; });

} // namespace
} // namespace tp::fuzz
