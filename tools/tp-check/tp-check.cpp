// tp-check: runs a program unsharded in the reference interpreter, and again in other forms, on the same inputs, and prints the
// largest difference per output.
#include "dialects/tp/Tp.h"
#include "tp/InitAll.h"
#include "tp/Reference/Check.h"
#include "tp/Support/Npy.h"
#include "tp/Support/Options.h"

#include "mlir/Parser/Parser.h"

#include <cstdio>

using namespace tp;
using namespace mlir;

/// Reads a program; what is wrong with it is the Error.
static OwningOpRef<ModuleOp> parse(const std::string &path, MLIRContext &context) {
  std::optional<Error> error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (!error && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      error.emplace(path + ": " + diagnostic.str());
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, &context);
  if (!module)
    throw error.value_or(Error(path + ": cannot be read"));
  return module;
}

/// Prints one line per output; returns the names of those over the tolerance.
static std::string report(const std::string &form, const std::vector<reference::Difference> &found, double tolerance) {
  std::string over;
  for (const reference::Difference &difference : found) {
    std::string name = difference.entry + "." + difference.output;
    std::printf("%s: %s differs by %.2e\n", name.c_str(), form.c_str(), difference.value);
    if (!(difference.value <= tolerance))
      over += (over.empty() ? "" : ", ") + name;
  }
  return over;
}

static int run(int argc, char **argv) {
  std::string input;
  std::vector<std::string> inputs, others;
  int64_t seed = 0, tokens = 5;
  std::optional<double> tolerance;
  Options options("tp-check", "runs a program unsharded and sharded on the same inputs and compares");
  options.argument("INPUT", input, "a graph (*.mlir)");
  options.add("--against", "FILE.mlir", others, "another form of the same program, such as tp-opt prints; - is standard input");
  options.add("--seed", "S", seed, "of the random inputs and weights");
  options.add("--input", "NAME=FILE.npy", inputs, "an input that is not random; may be repeated");
  options.add("--tokens", "N", tokens, "tokens per sequence where that is dynamic", {.least = 1});
  if (!options.parse(argc, argv))
    return 0;

  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  OwningOpRef<ModuleOp> global = parse(input, context);
  reference::CheckOptions check;
  check.seed = seed;
  check.dynamicExtent = tokens;
  for (const std::string &text : inputs) {
    auto [name, path] = splitNameValue(text);
    check.inputs[name] = readNpy(path);
  }
  reference::CheckCase drawn = reference::makeCase(*global, check);
  reference::Outputs expected = reference::runProgram(*global, drawn);
  double limit = tolerance.value_or(reference::toleranceOf(*global));
  std::string over;
  for (const std::string &path : others) {
    OwningOpRef<ModuleOp> other = parse(path, context);
    over += report(path, reference::differences(expected, reference::runProgram(*other, drawn)), limit);
  }
  if (!over.empty())
    throw Error(over + ": over the tolerance of " + std::to_string(limit));
  return 0;
}

int main(int argc, char **argv) { return runTool(argc, argv, run); }
