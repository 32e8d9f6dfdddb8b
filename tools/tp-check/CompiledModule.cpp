// Compiles into a temporary file and loads it with libtprt. Parameters are given as whole tensors by name, so the module is
// told nothing of a weight file: what is checked is the program, with the numbers that the interpreter had.
#include "CompiledModule.h"

#include "dialects/nn/Nn.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Conversion/Emit.h"
#include "tp/Conversion/Lower.h"
#include "tp/Transforms/Memory.h"
#include "tprt/Program.h"
#include "tprt/Report.h"

#include "mlir/IR/Diagnostics.h"

#include <cstdlib>
#include <filesystem>

using namespace mlir;

namespace tp {

namespace {

/// A folder that is gone with all it holds when this is.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tp-check-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw Error("cannot create a temporary folder in " + std::filesystem::temp_directory_path().string());
    path = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

tprt::Array arrayOf(const HostTensor &tensor) { return {tensor.type, tensor.shape, toBytes(tensor)}; }

void runPasses(ModuleOp module, std::unique_ptr<Pass> first, std::unique_ptr<Pass> second = nullptr) {
  std::optional<Error> error;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
    if (!error && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      error.emplace(diagnostic.str());
    return success();
  });
  PassManager passes(module.getContext());
  passes.addPass(std::move(first));
  if (second)
    passes.addPass(std::move(second));
  if (failed(passes.run(module)))
    throw error.value_or(Error("the program cannot be compiled"));
}

void compile(ModuleOp module, const std::string &path, Optimisation optimisation) {
  runPasses(module, createLower(), createMemory());
  std::string isa = detectIsa();
  Json manifest = describeModule(module, isa, "");
  manifest["weights"] = {{"path", ""}, {"format", "none"}, {"fingerprint", ""}};
  for (Json &parameter : manifest["parameters"])
    parameter.erase("source");
  runPasses(module, createEmit());
  linkModule(compileObject(module, isa, printJson(manifest), /*wantsText=*/false, optimisation).object, path);
}

/// The tokens per sequence of an entry's inputs; 1 where nothing is dynamic.
int64_t extentOf(const tprt::EntryInfo &entry, const reference::NamedTensors &inputs) {
  for (const tprt::TensorInfo &input : entry.inputs)
    for (size_t i = 0; i < inputs.names.size(); ++i)
      for (size_t d = 0; d < input.shape.size(); ++d)
        if (inputs.names[i] == input.name && input.shape[d] == -1)
          return inputs.tensors[i].shape[d];
  return 1;
}

} // namespace

reference::Outputs runCompiled(ModuleOp local, const reference::CheckCase &check, const CompiledRun &how) {
  tprt::ProgramOptions options;
  options.timeoutSeconds = how.timeoutSeconds;
  for (auto parameter : local.getOps<nn::ParameterOp>()) {
    std::string name = parameter.getSymName().str();
    options.given[name] = arrayOf(reference::parameterValue(local, name, check));
  }
  for (const reference::NamedTensors &entry : check.entries)
    for (size_t i = 0; i < entry.names.size(); ++i)
      options.given[entry.names[i]] = arrayOf(entry.tensors[i]);

  TemporaryFolder folder;
  std::string path = (folder.path / "module.tpm").string();
  OwningOpRef<ModuleOp> clone = local.clone();
  // The numbers are given here, not read from the file: as f32, which blocks would be expanded to, bit for bit.
  for (auto parameter : clone->getOps<nn::ParameterOp>())
    parameter->removeAttr(storedAttrName);
  compile(*clone, path, how.optimisation);
  tprt::Module module(path);
  tprt::Program program(module, options);
  reference::Outputs outputs;
  for (const reference::NamedTensors &inputs : check.entries) {
    int64_t number = module.manifest().findEntry(inputs.entry);
    if (number < 0)
      throw Error("the compiled module has no entry \"" + inputs.entry + "\"");
    const tprt::EntryInfo &entry = module.manifest().entries[number];
    int64_t n = extentOf(entry, inputs);
    std::vector<tprt::Array> arrays;
    for (const tprt::TensorInfo &input : entry.inputs) {
      auto named = std::find(inputs.names.begin(), inputs.names.end(), input.name);
      bool isWhole = named != inputs.names.end() && input.source.sizes.empty();
      arrays.push_back(isWhole ? arrayOf(inputs.tensors[named - inputs.names.begin()]) : program.inputFor(input, n));
    }
    std::vector<const tprt::Array *> pointers;
    for (const tprt::Array &array : arrays)
      pointers.push_back(&array);
    program.run(number, n, pointers);
    reference::NamedTensors result{inputs.entry, {}, {}};
    for (size_t i = 0; i < entry.outputs.size(); ++i) {
      tprt::Array array = program.output(number, i);
      result.names.push_back(entry.outputs[i].name);
      result.tensors.push_back(fromBytes(array.type, array.shape, array.bytes.data()));
    }
    outputs.push_back(result);
  }
  if (how.statistics)
    *how.statistics = tprt::statistics(program, 0);
  return outputs;
}

} // namespace tp
