// tp-compile: from a local program to a module (.tpm).
#include "tp/Conversion/Emit.h"
#include "tp/Conversion/Lower.h"
#include "tp/InitAll.h"
#include "tp/Support/AtomicFile.h"
#include "tp/Support/Options.h"
#include "tp/Transforms/Memory.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <filesystem>

using namespace mlir;

static int compile(int argc, char **argv) {
  std::string input, output, emit = "tpm", isa = tp::detectIsa();
  tp::Options options("tp-compile", "compiles a program into a module that tp-run runs");
  options.argument("INPUT", input, "a program in the local form, *.mlir");
  options.add("-o", "FILE", output, "where to write");
  options.addChoice("--emit", {"mlir", "llvm", "tpm"}, emit, "what to write");
  options.addChoice("--target-cpu", {"x86-64-v3", "x86-64-v4"}, isa, "instruction set; this machine's unless given");
  if (!options.parse(argc, argv))
    return 0;
  DialectRegistry registry;
  tp::registerAllDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  std::optional<tp::Error> first;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && !first)
      first.emplace(diagnostic.str());
    return success();
  });
  auto check = [&](bool good) {
    if (!good)
      throw first.value_or(tp::Error("failed without saying why"));
  };
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  check(!!module);
  PassManager toMemory(&context);
  toMemory.addPass(tp::createLower());
  toMemory.addPass(tp::createMemory());
  check(succeeded(toMemory.run(*module)));
  if (emit == "mlir") {
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    tp::writeFile(output, text);
    return 0;
  }
  std::string folder = std::filesystem::absolute(output).parent_path().string();
  std::string manifest = tp::printJson(tp::describeModule(*module, isa, folder));
  PassManager toLLVM(&context);
  toLLVM.addPass(tp::createEmit());
  check(succeeded(toLLVM.run(*module)));
  tp::ObjectCode code = tp::compileObject(*module, isa, manifest, emit == "llvm");
  emit == "llvm" ? tp::writeFile(output, code.text) : tp::linkModule(code.object, output);
  return 0;
}

int main(int argc, char **argv) { return tp::runTool(argc, argv, compile); }
