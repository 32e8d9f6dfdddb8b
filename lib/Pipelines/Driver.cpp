// Reads a program and runs phases over it. Whatever goes wrong below becomes one Error: the first diagnostic with its notes,
// because what MLIR reports after it is mostly the consequence.
#include "tp/Pipelines/Driver.h"

#include "Progress.h"

#include "dialects/tp/Tp.h"
#include "tp/Analysis/VerifyLayouts.h"
#include "tp/Import/Import.h"
#include "tp/InitAll.h"
#include "tp/Pipelines/ReadProgram.h"
#include "tp/Support/AtomicFile.h"
#include "tp/Support/Error.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/ErrorHandling.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

using namespace mlir;

namespace tp {

// "mlp.mlir:9:10", the name of a module of the model, or nothing.
static std::string placeOf(Location location) {
  if (auto place = dyn_cast<FileLineColLoc>(location))
    return place.getFilename().str() + ":" + std::to_string(place.getLine()) + ":" + std::to_string(place.getColumn());
  if (auto named = dyn_cast<NameLoc>(location)) {
    std::string child = placeOf(named.getChildLoc());
    return child.empty() ? named.getName().str() : child;
  }
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      if (std::string place = placeOf(part); !place.empty())
        return place;
  if (auto call = dyn_cast<CallSiteLoc>(location))
    return placeOf(call.getCallee());
  return "";
}

// Keeps the first error with its notes. Registered for as long as the driver lives.
class Driver::Diagnostics {
public:
  explicit Diagnostics(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          take(diagnostic);
          return success();
        }) {}

  void clear() { first.reset(); }
  /// The first error since `clear`; `otherwise` if there was none.
  Error error(const std::string &otherwise) const { return first ? *first : Error(otherwise); }

private:
  void take(Diagnostic &diagnostic) {
    std::string place = placeOf(diagnostic.getLocation());
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error || first)
      return;
    first.emplace(diagnostic.str());
    first->place = place;
    for (Diagnostic &note : diagnostic.getNotes()) {
      // The op itself, printed: for developers, and as long as the program.
      std::string text = note.str();
      if (StringRef(text).starts_with("see current operation"))
        continue;
      std::string where = placeOf(note.getLocation());
      first->notes.push_back(where.empty() || where == place ? text : text + " (" + where + ")");
    }
  }

  std::optional<Error> first;
  ScopedDiagnosticHandler handler;
};

// Receives the remarks of the passes. The context owns it; the texts live in the driver.
class Driver::Remarks : public remark::detail::MLIRRemarkStreamerBase {
public:
  Remarks(std::vector<std::string> &texts, const bool &collecting) : texts(texts), collecting(collecting) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    if (!collecting)
      return;
    std::string place = placeOf(remark.getLocation()), text = remark.getCategoryName().str() + ": ";
    if (!place.empty())
      text += place + ": ";
    for (const remark::detail::Remark::Arg &argument : remark.getArgs())
      text += argument.val;
    texts.push_back(text);
  }

private:
  std::vector<std::string> &texts;
  const bool &collecting;
};

// LLVM has no exceptions: where it runs out of memory, or cannot go on, it calls one of these, and they must not return.
static void endWith(const std::string &message) {
  printError(Error(message));
  removeUnfinishedFiles();
  std::_Exit(1);
}

Driver::Driver(std::string tool, const CompilerOptions &options) : tool(std::move(tool)), options(options) {
  llvm::remove_fatal_error_handler();
  llvm::install_fatal_error_handler(
      [](void *, const char *reason, bool) { endWith(std::string("LLVM cannot go on: ") + reason); });
  llvm::remove_bad_alloc_error_handler();
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { endWith("out of memory"); });
  DialectRegistry registry;
  registerAllDialects(registry);
  // No pass runs beside another, so the locks around every attribute and type would be for nothing.
  contextPointer = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  contextPointer->printOpOnDiagnostic(false);
  diagnostics = std::make_unique<Diagnostics>(contextPointer.get());
  timingManager.setEnabled(options.timing);
  allTiming = timingManager.getRootScope();
}

Driver::~Driver() = default;

void Driver::collectRemarks() {
  collecting = true;
  remark::RemarkCategories categories;
  categories.passed = categories.missed = categories.analysis = categories.failed = ".*"; // `all` alone enables none
  if (failed(remark::enableOptimizationRemarks(*contextPointer, std::make_unique<Remarks>(remarkTexts, collecting),
                                               std::make_unique<remark::RemarkEmittingPolicyAll>(), categories)))
    throw Error("remarks cannot be collected");
}

// "model.layers.7.mlp" -> "model.layers.*.mlp": a number between dots becomes a star.
static std::string withoutLayer(const std::string &text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])))
      ++end;
    bool isLayer = end > i && i > 0 && text[i - 1] == '.' && end < text.size() && text[end] == '.' &&
                   !(i > 1 && std::isdigit(static_cast<unsigned char>(text[i - 2])));
    result += isLayer ? "*" : text.substr(i, std::max<size_t>(end - i, 1));
    i = std::max(end, i + 1);
  }
  return result;
}

std::vector<std::string> Driver::remarks() const {
  std::vector<std::string> result;
  llvm::StringMap<size_t> seen;
  for (const std::string &text : remarkTexts)
    if (std::string common = withoutLayer(text); seen.try_emplace(common, result.size()).second)
      result.push_back(common);
  return result;
}

static double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Driver::read() {
  auto start = std::chrono::steady_clock::now();
  mlir::TimingScope timing = allTiming.nest(options.isGraph() ? "parse" : "import");
  diagnostics->clear();
  const std::string &path = options.input;
  if (!std::filesystem::exists(path))
    throw Error(path + ": does not exist");
  if (!options.isGraph() && !isModelPath(path))
    throw Error(path + ": is no *.mlir file, no *.gguf file and no folder");
  options.check();
  if (options.isGraph()) {
    moduleRef = readProgram(path, contextPointer.get());
    if (!moduleRef || failed(verifyTensors(*moduleRef)))
      throw diagnostics->error(path + ": cannot be read");
  } else {
    Progress progress(tool, "import");
    ImportOptions import;
    import.mesh = *options.mesh;
    import.type = options.elementType();
    import.batch = options.batch;
    import.maxSequence = options.maxSequence;
    import.plan = !options.noPlan;
    import.keepStored = !options.expandWeights && options.target == "cpu";
    import.shards = options.shards;
    import.vocabularyMultiple = options.target == "cpu" ? 1 : 128;
    import.needsWeights = options.needsWeights;
    moduleRef = importModel(*contextPointer, path, import);
    if (failed(verify(*moduleRef)))
      throw diagnostics->error(path + ": the imported program does not verify");
  }
  phaseSeconds.push_back({options.isGraph() ? "parse" : "import", secondsSince(start)});
}

void Driver::runPhase(const std::string &name, const std::function<LogicalResult(ModuleOp)> &body) {
  auto start = std::chrono::steady_clock::now();
  phaseTiming = allTiming.nest(name);
  Progress progress(tool, name);
  diagnostics->clear();
  if (failed(body(module())))
    throw diagnostics->error("phase " + name + " failed without saying why");
  phaseTiming.stop();
  phaseSeconds.push_back({name, secondsSince(start)});
  hasStopped |= options.stopAfter == name;
}

void Driver::runPhases(const std::string &last) {
  PhaseOptions phaseOptions{options.mesh, options.shards, options.target, options.explain, nullptr};
  // Not where somebody looks at each layer's way through both phases.
  if (!options.explain && !collecting && options.stopAfter != "propagate" && keptPhase != "propagate" && last != "propagate")
    phaseOptions.fold = std::make_shared<LayerFold>();
  for (const Phase &phase : phases()) {
    if (hasStopped)
      return;
    runPhase(phase.name, [&](ModuleOp module) {
      PassManager manager(contextPointer.get(), ModuleOp::getOperationName());
      phase.addPasses(manager, phaseOptions);
      manager.enableTiming(phaseTiming);
      return manager.run(module);
    });
    if (phase.name == keptPhase)
      keptModule = module().clone();
    if (phase.name == last)
      return;
  }
}

std::string Driver::print() {
  std::string text;
  llvm::raw_string_ostream out(text);
  module().print(out);
  return text;
}

std::vector<std::string> phaseNames() {
  std::vector<std::string> names;
  for (const Phase &phase : phases())
    names.push_back(phase.name);
  return names;
}

} // namespace tp
