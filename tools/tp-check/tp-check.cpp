// tp-check: runs a program unsharded in the reference interpreter, and again in other forms on the same inputs, and prints the
// largest difference per output. The forms are the local one, on pretend ranks, the compiled module, and programs given
// with --against.
#include "CompiledModule.h"
#include "dialects/tp/Tp.h"
#include "tp/Pipelines/Driver.h"
#include "tp/Pipelines/ReadProgram.h"
#include "tp/Reference/Check.h"
#include "tp/Support/Npy.h"
#include "tp/Support/WeightFile.h"

#include "mlir/IR/Diagnostics.h"

#include <cstdio>

using namespace tp;
using namespace mlir;

namespace {

struct CheckArguments {
  CompilerOptions compiler;
  std::vector<std::string> inputs, outputs, others;
  int64_t seed = 0, tokens = 5;
  std::optional<double> tolerance;

  void declare(Options &options) {
    compiler.declare(options);
    options.add("--against", "FILE.mlir", others, "another form of the same program, such as tp-opt prints; - is standard input");
    options.add("--seed", "S", seed, "of the random inputs and weights");
    options.add("--input", "NAME=FILE.npy", inputs, "an input that is not random; may be repeated");
    options.add("--output", "ENTRY.NAME=FILE.npy", outputs, "where an output of the unsharded program goes; may be repeated");
    options.add("--tokens", "N", tokens, "tokens per sequence where that is dynamic", {.least = 1});
  }
};

/// Reads another form of the program; what is wrong with it is the Error.
OwningOpRef<ModuleOp> parse(const std::string &path, MLIRContext &context) {
  std::optional<Error> error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (!error && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      error.emplace(path + ": " + diagnostic.str());
    return success();
  });
  OwningOpRef<ModuleOp> module = readProgram(path, &context);
  if (!module)
    throw error.value_or(Error(path + ": cannot be read"));
  return module;
}

/// The stored weights of a model; nothing for a graph, whose weights are random.
std::optional<WeightFile> weightsOf(ModuleOp module) {
  auto weights = module->getAttrOfType<DictionaryAttr>("tp.weights");
  auto format = weights ? weights.getAs<StringAttr>("format") : StringAttr();
  if (!format || format.getValue() == "none")
    return std::nullopt;
  return WeightFile::open(weights.getAs<StringAttr>("path").str());
}

/// Writes the outputs that were asked for, by "entry.name".
void write(const std::vector<std::string> &wanted, const reference::Outputs &outputs) {
  for (const std::string &text : wanted) {
    auto [name, path] = splitNameValue(text);
    std::string known;
    bool found = false;
    for (const reference::NamedTensors &entry : outputs)
      for (size_t i = 0; i < entry.names.size(); ++i) {
        std::string full = entry.entry + "." + entry.names[i];
        known += (known.empty() ? "" : ", ") + full;
        if (full != name)
          continue;
        writeNpy(path, entry.tensors[i]);
        found = true;
      }
    if (!found)
      throw Error("--output: no output is called \"" + name + "\"; there are " + known);
  }
}

/// Prints one line per output; returns the names of those over the tolerance.
std::string report(const std::string &form, const std::vector<reference::Difference> &found, double tolerance) {
  std::string over;
  for (const reference::Difference &difference : found) {
    std::string name = difference.entry + "." + difference.output;
    std::printf("%s: %s differs by %.2e\n", name.c_str(), form.c_str(), difference.value);
    if (!(difference.value <= tolerance))
      over += (over.empty() ? "" : ", ") + name;
  }
  return over;
}

int run(int argc, char **argv) {
  CheckArguments arguments;
  arguments.compiler.needsWeights = false;
  Options options("tp-check", "runs a program unsharded and sharded on the same inputs and compares");
  arguments.declare(options);
  if (!options.parse(argc, argv))
    return 0;

  reference::CheckOptions check;
  check.seed = arguments.seed;
  check.dynamicExtent = arguments.tokens;
  for (const std::string &text : arguments.inputs) {
    auto [name, path] = splitNameValue(text);
    check.inputs[name] = readNpy(path);
  }
  Driver driver("tp-check", arguments.compiler);
  driver.read();
  OwningOpRef<ModuleOp> global = driver.module().clone();
  std::optional<WeightFile> weights = weightsOf(*global);
  if (weights)
    check.stored = [&](const std::string &name, DType type) {
      HostTensor tensor = HostTensor::zeros(type, weights->at(name).shape);
      std::vector<char> bytes(tensor.count() * bytesOf(type));
      weights->read(name, type, bytes.data());
      return fromBytes(type, tensor.shape, bytes.data());
    };

  reference::CheckCase drawn;
  reference::Outputs expected;
  double limit = arguments.tolerance.value_or(reference::toleranceOf(*global));
  std::string over;
  driver.runPhase("reference", [&](ModuleOp) {
    drawn = reference::makeCase(*global, check);
    expected = reference::runProgram(*global, drawn);
    return success();
  });
  write(arguments.outputs, expected);
  // Without a mesh there is nothing to shard over: then only what is given is compared.
  if (arguments.compiler.mesh || findMesh(*global) || arguments.others.empty()) {
    driver.runPhases("partition");
    std::vector<reference::Difference> found;
    driver.runPhase("reference on ranks", [&](ModuleOp local) {
      found = reference::differences(expected, reference::runProgram(local, drawn));
      return success();
    });
    over += report("the local form on pretend ranks", found, limit);
    if (arguments.compiler.target == "cpu" && !driver.stopped()) {
      driver.runPhase("compiled", [&](ModuleOp local) {
        found = reference::differences(expected, runCompiled(local, drawn));
        return success();
      });
      std::string compiledOver = report("the compiled module", found, limit);
      over += (over.empty() || compiledOver.empty() ? "" : ", ") + compiledOver;
    }
  }
  for (const std::string &path : arguments.others) {
    OwningOpRef<ModuleOp> other = parse(path, driver.context());
    over += report(path, reference::differences(expected, reference::runProgram(*other, drawn)), limit);
  }
  if (!over.empty())
    throw Error(over + ": over the tolerance of " + std::to_string(limit));
  return 0;
}

} // namespace

int main(int argc, char **argv) { return runTool(argc, argv, run); }
