// One program through everything. Diagnostics are counted: what is refused must be refused once.
#include "CheckProgram.h"

#include "RandomLayouts.h"

#include "dialects/nn/Nn.h"
#include "tools/tp-check/CompiledModule.h"
#include "tp/Analysis/VerifyLayouts.h"
#include "tp/Analysis/VerifyLocal.h"
#include "tp/InitAll.h"
#include "tp/Pipelines/Phases.h"
#include "tp/Planning/PlanReport.h"
#include "tp/Support/Error.h"
#include "tp/Support/RandomTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace tp::random_programs {

std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registerAllDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->printOpOnDiagnostic(false);
  return context;
}

namespace {

/// The errors of one step.
class Errors {
public:
  explicit Errors(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            texts.push_back(diagnostic.str());
          return success();
        }) {}
  std::vector<std::string> texts;
  std::string all() const {
    std::string text;
    for (const std::string &each : texts)
      text += (text.empty() ? "" : " | ") + each;
    return text.empty() ? "failed without saying why" : text;
  }

private:
  ScopedDiagnosticHandler handler;
};

bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

//===-- Phases ------------------------------------------------------------------------------------------------------===//

void runPhase(ModuleOp module, const std::string &name) {
  Errors errors(*module.getContext());
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  for (const Phase &phase : phases())
    if (phase.name == name)
      phase.addPasses(manager, PhaseOptions());
  if (failed(manager.run(module)))
    throw Failure{name, std::to_string(errors.texts.size()) + " error(s): " + errors.all()};
}

OwningOpRef<ModuleOp> parse(MLIRContext &context, const std::string &text) {
  Errors errors(context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, ParserConfig(&context));
  if (!module)
    throw Failure{"parse", std::to_string(errors.texts.size()) + " error(s): " + errors.all()};
  return module;
}

bool isLaidOut(ModuleOp module) {
  return module
      .walk([](Operation *op) {
        for (Type type : op->getResultTypes())
          if (layoutOf(type))
            return WalkResult::interrupt();
        return isa<ReshardOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

void layOut(ModuleOp module, uint64_t seed) {
  giveRandomLayouts(module, seed);
  Errors errors(*module.getContext());
  if (failed(verify(module)) || failed(verifyLayouts(module)))
    throw Failure{"layouts", errors.all()};
}

void runInterpreter(const std::string &stage, const std::function<void()> &body) {
  try {
    body();
  } catch (const Error &error) {
    throw Failure{stage, error.what()};
  }
}

/// The program up to its local form; false where it was refused as it should or may be.
bool makeLocal(ModuleOp module, const Subject &subject, bool isGlobal) {
  try {
    if (isGlobal) {
      for (const char *name : {"normalize", "annotate", "propagate"})
        if (subject.kind == Kind::LaidOut && std::string(name) == "propagate")
          layOut(module, subject.layoutSeed);
        else
          runPhase(module, name);
    }
    runPhase(module, "partition");
  } catch (const Failure &failure) {
    bool one = failure.message.starts_with("1 error(s)");
    if (subject.kind == Kind::Illegal && one && contains(failure.message, subject.mistake))
      return false;
    if (subject.kind == Kind::Odd && failure.stage == "propagate" && one && contains(failure.message, "does not divide over"))
      return false;
    throw;
  }
  if (subject.kind == Kind::Illegal)
    throw Failure{"illegal", "the program asks for what cannot be (" + subject.mistake + ") and is not refused"};
  return true;
}

} // namespace

Checked checkUpToLocal(MLIRContext &context, const Subject &subject) {
  Checked result;
  OwningOpRef<ModuleOp> module;
  try {
    module = parse(context, subject.text);
  } catch (const Failure &failure) {
    if (subject.kind == Kind::Illegal && failure.message.starts_with("1 error(s)") &&
        contains(failure.message, subject.mistake)) {
      result.refused = true;
      return result;
    }
    throw;
  }
  if (subject.kind != Kind::Illegal)
    runInterpreter("interpreter", [&] {
      reference::CheckOptions options;
      options.seed = subject.inputSeed;
      result.drawn = reference::makeCase(*module, options);
      result.expected = reference::runProgram(*module, result.drawn);
      result.limits = measureLimits(*module, result.drawn, result.expected, 1);
    });
  if (!makeLocal(*module, subject, !isLaidOut(*module))) {
    result.refused = true;
    return result;
  }
  runInterpreter("ranks", [&] {
    auto problem = differenceIn(result.expected, reference::runProgram(*module, result.drawn), result.limits);
    if (!problem)
      return;
    OwningOpRef<ModuleOp> global = parse(context, subject.text);
    if (auto wide = differenceInDoubles(*global, *module, subject.inputSeed))
      throw Failure{"ranks", "the local form on pretend ranks: " + *problem + "; with all floats as f64, " + *wide};
    result.roundings = "ranks: " + *problem;
  });
  result.local = std::move(module);
  return result;
}

std::string laidOutText(MLIRContext &context, const Subject &subject) {
  OwningOpRef<ModuleOp> module = parse(context, subject.text);
  if (!isLaidOut(*module)) {
    runPhase(*module, "normalize");
    runPhase(*module, "annotate");
    giveRandomLayouts(*module, subject.layoutSeed);
  }
  std::string text;
  llvm::raw_string_ostream out(text);
  module->print(out);
  return text;
}

namespace {
/// What an entry puts on the wire: what and where -> executions and bytes.
std::map<std::string, std::pair<int64_t, int64_t>> moved(const Json &entry) {
  std::map<std::string, std::pair<int64_t, int64_t>> total;
  for (const Json &each : entry["collectives"]) {
    std::string key;
    for (const char *name : {"kind", "axes", "dtype", "operand_shape", "group_size"})
      key += each[name].dump() + " ";
    total[key].first += each["count"].get<int64_t>();
    total[key].second += each["wire_bytes_per_rank"].get<int64_t>();
  }
  return total;
}

std::string show(const std::map<std::string, std::pair<int64_t, int64_t>> &total) {
  std::string text;
  for (const auto &[key, value] : total)
    text += key + "x" + std::to_string(value.first) + " " + std::to_string(value.second) + " bytes; ";
  return text;
}
} // namespace

// The programs' own part of what their module computed.
static void checkNumbers(Checked &program, const reference::Outputs &found) {
  auto problem = differenceIn(program.expected, found, program.limits);
  if (!problem)
    return;
  // The local form in the same types rounds in nearly the same places: what partial sums cancel, it cancels too.
  reference::Outputs onRanks = reference::runProgram(*program.local, program.drawn);
  constexpr int times = 4;
  if (auto other = differenceIn(onRanks, found, measureLimits(*program.local, program.drawn, onRanks, times, /*bodiesToo=*/true)))
    throw Failure{"compiled", "the compiled module: " + *problem + "; from the local form on pretend ranks, " + *other};
  program.roundings = "compiled: " + *problem;
}

void checkCompiled(std::vector<Checked> &programs, Optimisation optimisation) {
  // One module of all: nothing in them has one name.
  OwningOpRef<ModuleOp> module;
  reference::CheckCase drawn;
  std::vector<decltype(reference::CheckCase::stored)> stores;
  for (Checked &program : programs) {
    stores.push_back(program.drawn.stored);
    llvm::append_range(drawn.entries, program.drawn.entries);
    if (!module) {
      module = program.local->clone();
      continue;
    }
    for (Operation &op : *program.local->getBody())
      if (!isa<MeshOp>(op))
        module->push_back(op.clone());
  }
  if (!module)
    return;
  drawn.stored = [&](const std::string &name, DType type) {
    for (const auto &stored : stores)
      try {
        return stored(name, type);
      } catch (const Error &) {
        continue; // another program's
      }
    throw Error("no program has a parameter \"" + name + "\"");
  };
  runInterpreter("compiled", [&] {
    Json planned = planReport(*module), counted;
    // A rank that waits for ten minutes waits for ever; a busy machine, or one that is stopped for a while, is slower than 60 s.
    reference::Outputs found = runCompiled(*module, drawn, {optimisation, /*timeoutSeconds=*/600, &counted});
    auto next = found.begin();
    for (Checked &program : programs) {
      auto end = next + program.expected.size();
      checkNumbers(program, {next, end});
      next = end;
    }
    for (const Json &entry : planned["entries"])
      for (const Json &run : counted["entries"])
        if (entry["name"] == run["name"] && moved(entry) != moved(run))
          throw Failure{"bytes",
                        entry["name"].get<std::string>() + ": planned " + show(moved(entry)) + "counted " + show(moved(run))};
  });
}

} // namespace tp::random_programs
