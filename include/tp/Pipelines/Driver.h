// What tp-compile, tp-plan and tp-check share: their options, reading INPUT, and running the phases with one error at most.
//
//   CompilerOptions compiler;
//   Options options("tp-plan", "...");
//   compiler.declare(options);
//   if (!options.parse(argc, argv)) return 0;
//   Driver driver("tp-plan", compiler);
//   driver.read();
//   driver.runPhases("partition");
#pragma once
#include "tp/Pipelines/Phases.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Options.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/Timing.h"

#include <memory>

namespace tp {

/// The options of tp-compile that tp-plan and tp-check take too.
struct CompilerOptions {
  std::string input;
  std::optional<Mesh> mesh;
  std::string target = "cpu";
  std::optional<std::string> type;
  std::vector<ShardWish> shards;
  bool noPlan = false;
  bool expandWeights = false;
  int64_t batch = 1;
  std::optional<int64_t> maxSequence;
  std::optional<std::string> stopAfter;
  bool timing = false;
  /// Whether a model must come with its weights; set by the tool.
  bool needsWeights = true;
  /// Whether collectives shall carry from which wish, and through which ops, they came; set by the tool.
  bool explain = false;

  /// Declares INPUT and the options. `this` must outlive `options`.
  void declare(Options &options);
  /// Throws UsageError for combinations that make no sense, such as --dtype with a graph. Call after the parse.
  void check() const;

  /// Whether INPUT is a graph (*.mlir) and not a model.
  bool isGraph() const;
  DType elementType() const;
};

class Driver {
public:
  /// `tool` begins the lines of progress.
  Driver(std::string tool, const CompilerOptions &options);
  ~Driver();

  /// Reads INPUT into `module`. Throws Error.
  void read();
  /// Runs the phases up to and with the one called `last`, or up to --tp-stop-after if that comes first. Throws Error.
  void runPhases(const std::string &last);
  /// Runs `body` on the module as a phase called `name`: its time is taken, and diagnostics of a failure become an Error.
  void runPhase(const std::string &name, const std::function<llvm::LogicalResult(mlir::ModuleOp)> &body);
  /// The running phase's part of what --mlir-timing prints: for the pass managers of its body.
  mlir::TimingScope &timing() { return phaseTiming; }
  /// Whether --tp-stop-after has been reached: nothing further is to be done but print the module.
  bool stopped() const { return hasStopped; }

  /// From now on, a copy of the module is kept as the phase called `name` leaves it.
  void keepAfter(std::string name) { keptPhase = std::move(name); }
  /// That copy; null if the phase has not run.
  mlir::ModuleOp kept() { return keptModule.get(); }

  mlir::ModuleOp module() { return *moduleRef; }
  mlir::MLIRContext &context() { return *contextPointer; }
  /// Phases that have run, "import" or "parse" first, with their seconds.
  const std::vector<std::pair<std::string, double>> &seconds() const { return phaseSeconds; }
  /// From now on, keep what phases say about their choices.
  void collectRemarks();
  /// From now on, do not.
  void dropRemarks() { collecting = false; }
  /// What phases chose and why, in order. What they say of several layers in the same words stands once, with `*` for the
  /// layer's number.
  std::vector<std::string> remarks() const;
  /// The module as text.
  std::string print();

private:
  class Diagnostics;
  class Remarks;
  std::string tool;
  const CompilerOptions &options;
  std::vector<std::string> remarkTexts;
  // Prints to standard error when the driver goes.
  mlir::DefaultTimingManager timingManager;
  mlir::TimingScope allTiming, phaseTiming;
  std::unique_ptr<mlir::MLIRContext> contextPointer;
  std::unique_ptr<Diagnostics> diagnostics;
  mlir::OwningOpRef<mlir::ModuleOp> moduleRef, keptModule;
  std::string keptPhase;
  bool collecting = false;
  std::vector<std::pair<std::string, double>> phaseSeconds;
  bool hasStopped = false;
};

/// All names that --tp-stop-after takes.
std::vector<std::string> phaseNames();

} // namespace tp
