// The command line of tp-compile, tp-run, tp-plan and tp-check, and the frame every tool's main runs in.
//
// An option is declared once, with where its value goes; type, parsing, the help line and the errors follow from that.
//
//   Options options("tp-run", "runs a compiled module");
//   options.argument("MODULE.tpm", module, "what to run");
//   options.add("--ranks", "N", ranks, "number of ranks", {.least = 1});
//   if (!options.parse(argc, argv)) return 0;           // --help was given and has been printed
#pragma once
#include "tp/Support/Error.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

/// Limits of an integer option, both inclusive.
struct IntRange {
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};

class Options {
public:
  /// `summary` goes on from "TOOL ": one line.
  Options(std::string tool, std::string summary);

  /// Declares an option `name` ("--ranks" or "-o") that takes a value, written `--ranks N` or `--ranks=N`. The target
  /// keeps its value, the default, where the option is not given. Given twice, the last one counts; a vector takes all.
  Options &add(std::string name, std::string placeholder, std::string &target, std::string help);
  Options &add(std::string name, std::string placeholder, std::optional<std::string> &target, std::string help);
  Options &add(std::string name, std::string placeholder, std::vector<std::string> &target, std::string help);
  Options &add(std::string name, std::string placeholder, int64_t &target, std::string help, IntRange range = {});
  Options &add(std::string name, std::string placeholder, std::optional<int64_t> &target, std::string help, IntRange range = {});
  Options &add(std::string name, std::string placeholder, double &target, std::string help);
  /// A value of its own syntax: `take` gets the text and throws Error with what is wrong about it.
  Options &add(std::string name, std::string placeholder, std::function<void(std::string_view)> take, std::string help);
  /// One of `choices`; the placeholder is "local|mpi|nccl".
  Options &addChoice(std::string name, std::vector<std::string> choices, std::string &target, std::string help);
  Options &addChoice(std::string name, std::vector<std::string> choices, std::optional<std::string> &target, std::string help);
  /// Without a value: sets `target` to true.
  Options &addFlag(std::string name, bool &target, std::string help);
  /// The next positional argument: required, optional, or all that are left.
  Options &argument(std::string placeholder, std::string &target, std::string help);
  Options &argument(std::string placeholder, std::optional<std::string> &target, std::string help);
  Options &argument(std::string placeholder, std::vector<std::string> &target, std::string help);
  /// A line above the options that are declared after it, in the help.
  Options &heading(std::string text);

  /// Throws UsageError (unknown option, malformed or missing value or argument). Prints the help and returns false
  /// where
  /// --help is given. After "--" everything is positional.
  bool parse(int argc, const char *const *argv);
  /// The same without the program's name.
  bool parse(const std::vector<std::string> &arguments);
  /// Whether the option `name` was given.
  bool given(std::string_view name) const;
  std::string help() const;

private:
  struct Declared {
    std::string name, placeholder, help;
    std::function<void(std::string_view)> take;
    bool isFlag = false, wasGiven = false;
  };
  struct Positional {
    std::string placeholder, help;
    std::function<void(std::string_view)> take;
    bool required, repeats, wasGiven = false;
  };
  Declared *find(std::string_view name);
  [[noreturn]] void failUnknown(std::string_view name) const;
  static void give(Declared &option, std::string_view value);
  std::string tool, summary;
  std::vector<Declared> options; // a heading has no name
  std::vector<Positional> positionals;
};

/// What follows the `=` of NAME=FILE: both parts, or an Error that says that `text` has no name.
std::pair<std::string, std::string> splitNameValue(std::string_view text);
/// "1,2,3". Throws Error naming the piece that is no number.
std::vector<int64_t> parseInts(std::string_view text);

/// The frame of every tool's main: runs `body`, whose result is the exit status, prints what it throws as exactly one
/// "error: ..." with its notes on stderr (25 lines at most), and returns 2 for a UsageError, 1 for anything else.
int runTool(int argc, char **argv, const std::function<int(int, char **)> &body);
/// Prints `error` as runTool does.
void printError(const Error &error);

} // namespace tp
