// A fuzz target is a reader and a way to turn bytes into what it reads:
//
//   FUZZ_TARGET(Npy) { openNpy(fileOf(input, "x.npy")); }
//
// It may throw tp::Error and nothing else, must not crash, hang, leak, or take much memory. Each file holds one target and is
// built in two ways: with libFuzzer (preset `fuzz`) as the program fuzz-NAME, and beside all others in tp-unit-fuzz, which
// replays what lies in corpus/NAME: inputs made by make-corpus.py, and every input that once was a crash.
#pragma once
#include "tp/Support/Error.h"

#include <string>
#include <string_view>
#include <vector>

namespace tp::fuzz {

struct Target {
  std::string name;
  void (*run)(std::string_view input);
};

/// Those that are linked into this program.
std::vector<Target> &targets();

/// Runs `target` on `input`: whether an Error was thrown, which must have a message that a person can read. Other exceptions
/// pass through.
bool isRefused(const Target &target, std::string_view input);

/// Writes `bytes` to the file `name` of this process's folder and gives its path; the next call with that name replaces it.
std::string fileOf(std::string_view bytes, const std::string &name);
/// The folder that holds the files of `fileOf`.
const std::string &folder();
/// The pieces of `input` between lines that read "=== NAME", written as files of a folder of their own, which is given; what
/// stands before the first such line goes to `firstName`. Files of earlier inputs are gone.
std::string folderOf(std::string_view input, const std::string &firstName);

struct Registration {
  Registration(const char *name, void (*run)(std::string_view)) { targets().push_back({name, run}); }
};

} // namespace tp::fuzz

#define FUZZ_TARGET(name)                                                                                                        \
  namespace tp::fuzz {                                                                                                           \
  static void fuzz##name(std::string_view input);                                                                                \
  static const Registration register##name(#name, fuzz##name);                                                                   \
  }                                                                                                                              \
  static void tp::fuzz::fuzz##name([[maybe_unused]] std::string_view input)
