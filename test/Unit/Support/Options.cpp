// Command lines: what parses, what is refused and with which status, and how errors are printed.
#include "tp/Support/Options.h"

#include "Expect.h"

#include <sstream>

namespace tp {
namespace {

struct Line {
  std::string module;
  std::optional<std::string> weights;
  int64_t ranks = 1;
  double temperature = 0;
  std::vector<std::string> inputs;
  std::string comm = "local";
  bool chat = false;
  std::vector<int64_t> tokens;
  Options options{"tp-run", "runs a compiled module"};
  Line() {
    options.argument("MODULE", module, "what to run")
        .heading("weights:")
        .add("--weights", "FILE", weights, "where the weights are")
        .add("--ranks", "N", ranks, "number of ranks", {.least = 1})
        .add("--temperature", "T", temperature, "0 is greedy")
        .add("--input", "NAME=FILE", inputs, "one input")
        .add(
            "--tokens", "1,2,3", [this](std::string_view text) { tokens = parseInts(text); }, "token ids")
        .addChoice("--comm", {"local", "mpi"}, comm, "how ranks talk")
        .addFlag("--chat", chat, "apply the chat template");
  }
  bool parse(std::vector<std::string> words) { return options.parse(words); }
};

std::string usageErrorOf(std::vector<std::string> words) {
  Line line;
  try {
    line.parse(words);
  } catch (const UsageError &error) {
    return error.what();
  }
  ADD_FAILURE() << "no usage error";
  return "";
}

TEST(Options, bothFormsOfValues) {
  Line line;
  EXPECT_TRUE(line.parse({"--ranks", "4", "m.tpm", "--input=a=b", "--input", "c=d", "--temperature=-0.5", "--chat", "--tokens",
                          "1,2", "--comm=mpi"}));
  EXPECT_EQ(line.module, "m.tpm");
  EXPECT_EQ(line.ranks, 4);
  EXPECT_EQ(line.inputs, (std::vector<std::string>{"a=b", "c=d"}));
  EXPECT_EQ(line.temperature, -0.5);
  EXPECT_EQ(line.tokens, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(line.comm, "mpi");
  EXPECT_TRUE(line.chat);
  EXPECT_FALSE(line.weights.has_value());
  EXPECT_TRUE(line.options.given("--ranks"));
  EXPECT_FALSE(line.options.given("--weights"));
}

TEST(Options, theLastOneCountsAndDashesEndOptions) {
  Line line;
  EXPECT_TRUE(line.parse({"--ranks=2", "--ranks=3", "--", "--chat"}));
  EXPECT_EQ(line.ranks, 3);
  EXPECT_EQ(line.module, "--chat");
  EXPECT_FALSE(line.chat);
}

TEST(Options, whatDoesNotParse) {
  EXPECT_EQ(usageErrorOf({"m", "--rank", "2"}), "unknown option \"--rank\"; did you mean --ranks?");
  EXPECT_EQ(usageErrorOf({"m", "--frobnicate"}), "unknown option \"--frobnicate\"");
  EXPECT_EQ(usageErrorOf({"m", "--ranks", "two"}), "--ranks: \"two\" is no whole number (--ranks N)");
  EXPECT_EQ(usageErrorOf({"m", "--ranks", "2x"}), "--ranks: \"2x\" is no whole number (--ranks N)");
  EXPECT_EQ(usageErrorOf({"m", "--ranks="}), "--ranks: \"\" is no whole number (--ranks N)");
  EXPECT_EQ(usageErrorOf({"m", "--ranks", "0"}), "--ranks: \"0\" is too small, needs at least 1 (--ranks N)");
  EXPECT_EQ(usageErrorOf({"m", "--ranks", "99999999999999999999"}),
            "--ranks: \"99999999999999999999\" does not fit in 64 bits (--ranks N)");
  EXPECT_EQ(usageErrorOf({"m", "--temperature", "nan"}), "--temperature: \"nan\" is no number (--temperature T)");
  EXPECT_EQ(usageErrorOf({"m", "--ranks"}), "--ranks needs a value: --ranks N");
  EXPECT_EQ(usageErrorOf({"m", "--weights", "--ranks=2"}), "--weights needs a value: --weights FILE");
  EXPECT_EQ(usageErrorOf({"m", "--chat=yes"}), "--chat takes no value");
  EXPECT_EQ(usageErrorOf({"m", "--comm", "nccl"}), "--comm: \"nccl\" is not one of local, mpi (--comm local|mpi)");
  EXPECT_EQ(usageErrorOf({"m", "--tokens", "1,,2"}),
            "--tokens: \"1,,2\" is no list like 1,2,3: \"\" is no whole number (--tokens 1,2,3)");
  EXPECT_EQ(usageErrorOf({"m", "n"}), "unexpected argument \"n\"");
  EXPECT_EQ(usageErrorOf({}), "missing argument MODULE: what to run");
}

TEST(Options, helpShowsEveryDeclaration) {
  std::string help = Line().options.help();
  EXPECT_TRUE(contains(help, "usage: tp-run MODULE [options]\n"));
  EXPECT_TRUE(contains(help, "  --input NAME=FILE  one input\n"));
  EXPECT_TRUE(contains(help, "  --comm local|mpi   how ranks talk\n"));
  EXPECT_TRUE(contains(help, "\nweights:\n"));
  ::testing::internal::CaptureStdout();
  EXPECT_FALSE(Line().parse({"--help"})); // no complaint about the missing argument
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), help);
}

int statusOf(const std::function<int()> &body, std::string &printed) {
  ::testing::internal::CaptureStderr();
  int status = runTool(0, nullptr, [&](int, char **) { return body(); });
  printed = ::testing::internal::GetCapturedStderr();
  return status;
}

TEST(Options, exitStatusAndPrintedErrors) {
  std::string printed;
  EXPECT_EQ(statusOf([] { return 0; }, printed), 0);
  EXPECT_EQ(printed, "");
  EXPECT_EQ(statusOf([]() -> int { throw UsageError("bad flag", {"see --help"}); }, printed), 2);
  EXPECT_EQ(printed, "error: bad flag\nnote: see --help\n");
  EXPECT_EQ(statusOf([]() -> int { throw Error("no file"); }, printed), 1);
  EXPECT_EQ(printed, "error: no file\n");
  EXPECT_EQ(statusOf([]() -> int { throw std::runtime_error("boom"); }, printed), 1);
  EXPECT_EQ(printed, "error: internal error: boom\n");
  EXPECT_EQ(statusOf([]() -> int { throw std::bad_alloc(); }, printed), 1);
  EXPECT_EQ(printed, "error: out of memory\n");
}

// Texts of files end up in errors: they must not steer a terminal, nor fill it.
TEST(Options, errorsArePrintable) {
  std::string printed;
  statusOf([]() -> int { throw Error("tensor \"\x1b[2Ja\rb\x7f\" is missing"); }, printed);
  EXPECT_EQ(printed, "error: tensor \"?[2Ja?b?\" is missing\n");
  statusOf([]() -> int { throw Error(std::string(70000, 'x')); }, printed);
  EXPECT_LT(printed.size(), 2100u);
  EXPECT_TRUE(contains(printed, "more bytes)"));
}

TEST(Options, atMost25LinesArePrinted) {
  std::string printed;
  statusOf([]() -> int { throw Error("x", std::vector<std::string>(40, "n")); }, printed);
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 25);
  EXPECT_TRUE(contains(printed, "note: 17 more lines are not shown\n"));
}

} // namespace
} // namespace tp
