// tp-plan: what is laid out how, what it costs, and why. Runs the phases up to Partition and reports; nothing is compiled.
#include "ArenaTable.h"

#include "dialects/nn/Nn.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Conversion/Emit.h"
#include "tp/Conversion/Lower.h"
#include "tp/Pipelines/Driver.h"
#include "tp/Pipelines/Suggest.h"
#include "tp/Planning/PlanPage.h"
#include "tp/Planning/PlanReport.h"
#include "tp/Transforms/Memory.h"

#include <cstdio>
#include <filesystem>

using namespace tp;

// Whether the command line asks for the memory planner alone, which has no INPUT.
static bool asksForArena(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--arena" || std::string_view(argv[i]).starts_with("--arena="))
      return true;
  return false;
}

// What one rank needs for each entry, by name: "peak" bytes and what they are made of. Buffers are joined and placed as they will be
// in the module.
static Json plannedMemory(Driver &driver) {
  mlir::OwningOpRef<mlir::ModuleOp> clone = driver.module().clone();
  mlir::PassManager passes(&driver.context());
  passes.addPass(createLower());
  passes.addPass(createMemory());
  Json memory = Json::object();
  driver.runPhase("memory", [&](mlir::ModuleOp) {
    if (failed(passes.run(*clone)))
      return mlir::failure();
    Json described = describeModule(*clone, "", "");
    int64_t parameters = 0, states = 0;
    for (auto parameter : clone->getOps<nn::ParameterOp>())
      parameters += parameterBytes(parameter, mlir::cast<mlir::RankedTensorType>(parameter.getType()));
    for (auto state : clone->getOps<nn::StateOp>())
      states += bytesOf(mlir::cast<mlir::RankedTensorType>(state.getType()), 1);
    for (const Json &entry : described["entries"]) {
      int64_t peak = entry["peak_bytes_per_rank"], arena = entry["arena_bytes"];
      memory[entry["name"].get<std::string>()] = {{"peak", peak},
                                                  {"parts",
                                                   {{"parameters", parameters},
                                                    {"states", states},
                                                    {"inputs and outputs", peak - arena - parameters - states},
                                                    {"arena", arena}}}};
    }
    return mlir::success();
  });
  return memory;
}

static int run(int argc, char **argv) {
  const char *summary = "says what is laid out how, what it costs, and why";
  ArenaArguments arena;
  if (asksForArena(argc, argv)) {
    Options options("tp-plan", summary);
    arena.declare(options);
    if (options.parse(argc, argv))
      planArenaTable(arena);
    return 0;
  }
  CompilerOptions compiler;
  compiler.needsWeights = false;
  bool explain = false;
  std::string format = "table";
  Options options("tp-plan", summary);
  compiler.declare(options);
  options.addFlag("--explain", explain, "also say why: every decision with where it came from");
  options.addChoice("--format", {"table", "json", "html"}, format, "how to print; html is one page with the graph, and explains");
  options.heading("without INPUT:");
  arena.declare(options);
  if (!options.parse(argc, argv))
    return 0;

  explain |= format == "html";
  compiler.explain = explain;
  Driver driver("tp-plan", compiler);
  if (explain) {
    driver.collectRemarks();
    driver.keepAfter("annotate");
  }
  driver.read();
  driver.runPhases(compiler.stopAfter.value_or("partition"));
  if (driver.stopped()) {
    std::fputs(driver.print().c_str(), stdout);
    return 0;
  }
  PlanReportOptions reportOptions;
  reportOptions.compileSeconds = driver.seconds();
  Json memory = plannedMemory(driver);
  reportOptions.peakBytes = [&](mlir::func::FuncOp entry) { return memory[entry.getName().str()]["peak"].get<int64_t>(); };
  reportOptions.memory = [&](mlir::func::FuncOp entry) { return memory[entry.getName().str()]["parts"]; };
  reportOptions.graph = format == "html";
  Json report = planReport(driver.module(), reportOptions);
  if (explain) {
    driver.dropRemarks();
    driver.runPhase("explain", [&](mlir::ModuleOp) {
      suggestChanges(driver.kept(), report);
      return mlir::success();
    });
  }
  if (format == "json") {
    if (explain)
      report["remarks"] = driver.remarks();
    std::puts(printJson(report).c_str());
    return 0;
  }
  if (format == "html") {
    std::fputs(planPage(report, std::filesystem::path(compiler.input).filename().string()).c_str(), stdout);
    return 0;
  }
  std::fputs(planTable(report, explain).c_str(), stdout);
  if (explain)
    std::puts("\nwhy:");
  for (const std::string &remark : driver.remarks())
    std::puts(remark.c_str());
  return 0;
}

int main(int argc, char **argv) { return runTool(argc, argv, run); }
