// tp-compile: from a model or graph to a module (.tpm) that tp-run runs on every rank of a mesh.
//
// A graph that is in the local form already (its arguments or parameters carry `tp.global`) enters after Partition.
#include "dialects/nn/Nn.h"
#include "tp/Conversion/Emit.h"
#include "tp/Pipelines/Driver.h"
#include "tp/Planning/PlanReport.h"
#include "tp/Support/AtomicFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

using namespace tp;

static bool isLocalForm(mlir::ModuleOp module) {
  bool found = false;
  module.walk([&](mlir::Operation *op) {
    found |= op->hasAttr(globalTypeAttrName) || mlir::isa<Collective>(op);
    if (auto function = mlir::dyn_cast<mlir::func::FuncOp>(op))
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        found |= !!function.getArgAttr(i, globalTypeAttrName);
  });
  return found;
}

static void write(const std::string &path, const std::string &text) {
  if (path.empty())
    std::fputs(text.c_str(), stdout);
  else
    writeFile(path, text);
}

static int compile(int argc, char **argv) {
  CompilerOptions compiler;
  std::string output, emit = "tpm", isa;
  Options options("tp-compile", "compiles a model or graph into a module that tp-run runs on every rank");
  compiler.declare(options);
  options.addChoice("--emit", {"mlir", "llvm", "tpm"}, emit,
                    "the module, or as text the program on buffers or its LLVM IR; tpm if not given");
  options.addChoice("--target-cpu", {"x86-64-v3", "x86-64-v4"}, isa, "instruction set; this machine's if not given");
  options.add("-o", "FILE", output, "where to write; needed for a module, else standard output if not given");
  if (!options.parse(argc, argv))
    return 0;
  if (output.empty() && emit == "tpm" && !compiler.stopAfter)
    throw UsageError("-o is missing: where to write the module");
  if (compiler.target != "cpu")
    throw Error("--target " + compiler.target + ": this build compiles for cpu only");
  if (isa.empty())
    isa = detectIsa();
  if (isa == "x86-64")
    throw Error("this processor has no AVX2: modules need x86-64-v3 at least; name one with --target-cpu to compile for "
                "another machine");

  Driver driver("tp-compile", compiler);
  driver.read();
  if (!isLocalForm(driver.module()))
    driver.runPhases("partition");
  Json report;
  if (!driver.stopped() && findMesh(driver.module()))
    report = planReport(driver.module());
  for (const Phase &phase : phases())
    if ((phase.name == "lower" || phase.name == "memory") && !driver.stopped())
      driver.runPhase(phase.name, [&](mlir::ModuleOp module) {
        mlir::PassManager manager(&driver.context());
        phase.addPasses(manager, {});
        manager.enableTiming(driver.timing());
        return manager.run(module);
      });
  if (driver.stopped() || emit == "mlir") {
    write(output, driver.print());
    return 0;
  }
  std::string folder = output.empty() ? "" : std::filesystem::absolute(output).parent_path().string();
  Json manifest = describeModule(driver.module(), isa, folder);
  // What the plan says of the tensors goes with the module, so that --stats can repeat it.
  if (report.is_object())
    for (size_t i = 0; i < manifest["entries"].size() && i < report["entries"].size(); ++i) {
      manifest["entries"][i]["tokens"] = report["entries"][i]["tokens"];
      manifest["entries"][i]["tensors"] = report["entries"][i]["tensors"];
    }
  manifest["compile_seconds"] = Json::object();
  for (const auto &[phase, seconds] : driver.seconds())
    manifest["compile_seconds"][phase] = seconds;

  driver.runPhase("emit", [&](mlir::ModuleOp module) {
    mlir::PassManager manager(&driver.context());
    manager.addPass(createEmit());
    manager.enableTiming(driver.timing());
    return manager.run(module);
  });
  if (driver.stopped()) {
    write(output, driver.print());
    return 0;
  }
  driver.runPhase("link", [&](mlir::ModuleOp module) {
    ObjectCode code = compileObject(module, isa, printJson(manifest), emit == "llvm");
    if (emit == "llvm")
      write(output, code.text);
    else
      linkModule(code.object, output);
    return mlir::success();
  });
  return 0;
}

int main(int argc, char **argv) { return runTool(argc, argv, compile); }
