// tp-reduce: makes a failing program small. Tries one reduction after the other and keeps those with which the user's command still
// fails as it did: with the same exit status, and the same first error but for places and numbers.
//
// Upstream's mlir-reduce takes away ops that nothing uses. A program that fails because of how layouts meet needs more: ops from its
// middle, arguments and results, wishes, mesh axes.
#include "Reductions.h"

#include "tp/InitAll.h"
#include "tp/Pipelines/ReadProgram.h"
#include "tp/Support/AtomicFile.h"
#include "tp/Support/Error.h"
#include "tp/Support/Options.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <cstdio>
#include <fstream>
#include <optional>

using namespace mlir;
using namespace tp;

namespace {

struct Arguments {
  std::string input, test;
  std::optional<std::string> output;
  int64_t timeout = 60, tries = 2000;
  bool statusOnly = false;
};

// How the command ended, as far as it is to stay.
struct Ending {
  int status = 0;
  std::string error;
  bool operator==(const Ending &) const = default;
  std::string str() const { return "status " + std::to_string(status) + (error.empty() ? "" : ", \"" + error + "\""); }
};

// The first error's text: without its place, numbers as #.
std::string firstError(StringRef output) {
  SmallVector<StringRef> lines;
  output.split(lines, '\n');
  for (StringRef line : lines) {
    size_t at = line.find("error: ");
    if (at == StringRef::npos)
      continue;
    std::string text;
    for (char c : line.substr(at + 7).trim())
      if (!llvm::isDigit(c))
        text += c;
      else if (text.empty() || text.back() != '#')
        text += '#';
    return text;
  }
  return "";
}

class Reducer {
public:
  explicit Reducer(const Arguments &arguments) : arguments(arguments) {
    if (std::error_code failure = llvm::sys::fs::createTemporaryFile("tp-reduce", "mlir", candidatePath))
      throw Error("cannot make a temporary file: " + failure.message());
    if (std::error_code failure = llvm::sys::fs::createTemporaryFile("tp-reduce", "log", logPath))
      throw Error("cannot make a temporary file: " + failure.message());
    command = arguments.test;
    quoted = "'" + std::string(candidatePath) + "'";
    if (size_t at = command.find("{}"); at == std::string::npos)
      command += " " + quoted;
    else
      command.replace(at, 2, quoted);
  }
  ~Reducer() {
    llvm::sys::fs::remove(candidatePath);
    llvm::sys::fs::remove(logPath);
  }

  void run(ModuleOp given) {
    module = given.clone();
    wanted = endingOf(*module);
    if (wanted.status == 0 && wanted.error.empty())
      throw Error("the command succeeds on " + arguments.input + ": there is nothing to reduce");
    std::fprintf(stderr, "tp-reduce: fails with %s\n", wanted.str().c_str());
    size_t before = countOps(*module);
    for (bool changed = true; changed && tries < arguments.tries;) {
      changed = false;
      for (const ReductionFamily &family : reductionFamilies())
        changed |= reduce(family);
    }
    std::fprintf(stderr, "tp-reduce: %zu ops of %zu are left, after %lld tries\n", countOps(*module), before,
                 static_cast<long long>(tries));
  }

  std::string text() const { return print(*module); }

private:
  static std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream out(text);
    module.print(out);
    return text;
  }

  // Steps are counted anew after one that was kept: what stood at `index` is gone, so the next is at the same place.
  bool reduce(const ReductionFamily &family) {
    bool changed = false;
    for (size_t index = 0; index < family.count(*module) && tries < arguments.tries;) {
      OwningOpRef<ModuleOp> candidate = module->clone();
      if (family.apply(*candidate, index) && print(*candidate) != print(*module) && (++tries, endingOf(*candidate) == wanted)) {
        module = std::move(candidate);
        changed = true;
      } else {
        ++index;
      }
    }
    return changed;
  }

  Ending endingOf(ModuleOp program) {
    std::ofstream(candidatePath.c_str(), std::ios::trunc) << print(program);
    std::string problem;
    bool notStarted = false;
    std::optional<StringRef> redirects[] = {StringRef(""), StringRef(logPath), StringRef(logPath)};
    Ending ending;
    ending.status = llvm::sys::ExecuteAndWait("/bin/sh", {"sh", "-c", command}, std::nullopt, redirects, arguments.timeout,
                                              /*MemoryLimit=*/0, &problem, &notStarted);
    if (notStarted)
      throw Error("cannot run the command: " + problem);
    if (auto log = llvm::MemoryBuffer::getFile(logPath); log && !arguments.statusOnly)
      ending.error = firstError((*log)->getBuffer());
    return ending;
  }

  const Arguments &arguments;
  std::string command, quoted;
  SmallString<128> candidatePath, logPath;
  OwningOpRef<ModuleOp> module;
  Ending wanted;
  int64_t tries = 0;
};

int runReduce(int argc, char **argv) {
  Arguments arguments;
  Options options("tp-reduce", "makes a failing program small");
  options.argument("INPUT.mlir", arguments.input, "the program with which the command fails")
      .add("--test", "COMMAND", arguments.test, "a shell command; {} is the program's file, which else is its last argument")
      .add("-o", "FILE", arguments.output, "where the small program goes (default: standard output)")
      .add("--timeout", "SECONDS", arguments.timeout, "how long the command may take (default: 60)", {.least = 1})
      .add("--tries", "N", arguments.tries, "run the command N times at most (default: 2000)", {.least = 1})
      .addFlag("--status-only", arguments.statusOnly, "only the exit status need stay, not the first error");
  if (!options.parse(argc, argv))
    return 0;
  if (arguments.test.empty())
    throw UsageError("--test is missing: the command that fails");
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  context.allowUnregisteredDialects();
  // The program may be one that does not verify: that is a failure to reduce, too.
  std::string problem;
  ScopedDiagnosticHandler keep(&context, [&](Diagnostic &diagnostic) {
    if (problem.empty())
      problem = diagnostic.str();
    return success();
  });
  OwningOpRef<ModuleOp> module = readProgram(arguments.input, ParserConfig(&context, /*verifyAfterParse=*/false));
  if (!module)
    throw Error(arguments.input + " cannot be parsed: " + problem);
  Reducer reducer(arguments);
  reducer.run(*module);
  if (arguments.output)
    writeFile(*arguments.output, reducer.text());
  else
    std::fputs(reducer.text().c_str(), stdout);
  return 0;
}

} // namespace

int main(int argc, char **argv) { return runTool(argc, argv, runReduce); }
