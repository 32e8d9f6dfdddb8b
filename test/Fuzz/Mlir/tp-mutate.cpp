// tp-mutate: programs made slightly wrong, through the parser, the verifiers and the phases.
//
// Whatever a program says, tp either takes it or ends in a diagnostic. Each mutant runs in a process of its own, forked from
// one that has everything loaded (a few milliseconds), under limits of memory and time. A mutant that crashes, hangs, or fails
// without a word is kept as a file. Inputs are programs, as text or as bytecode, or what configurations of models say.
#include "Mutant.h"

#include "tp/Analysis/VerifyLayouts.h"
#include "tp/Import/Import.h"
#include "tp/InitAll.h"
#include "tp/Pipelines/Phases.h"
#include "tp/Pipelines/ReadProgram.h"
#include "tp/Support/AtomicFile.h"
#include "tp/Support/Options.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
namespace fs = std::filesystem;

namespace {

// Exit statuses of a child.
enum Outcome { accepted, refused, outOfMemory, crashedInMlir, silent, crashed, hung, outcomeCount };
constexpr const char *outcomeNames[] = {
    "accepted", "refused", "out of memory", "crashed in MLIR's own parser", "failed without a diagnostic", "crashed", "hung"};

struct Arguments {
  std::vector<std::string> inputs;
  std::string keep;
  int64_t seed = 1, count = 1000, seconds = 0;
  bool bytecode = false, config = false;
};

/// The programs of a file: tests hold several between lines of dashes.
void addPrograms(const std::string &path, std::vector<std::string> &programs) {
  std::string text = tp::readFile(path);
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find("// -----", begin), text.size());
    if (end - begin < 20000 && text.find("tensor<", begin) < end)
      programs.push_back(text.substr(begin, end - begin));
    begin = end == text.size() ? end : text.find('\n', end);
  }
}

/// What bytecode mutants start from: the programs that are right.
std::vector<std::string> bytecodeOf(const std::vector<std::string> &programs, const DialectRegistry &registry) {
  std::vector<std::string> result;
  for (const std::string &program : programs) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(program, &context);
    std::string bytes;
    llvm::raw_string_ostream out(bytes);
    if (module && succeeded(writeBytecodeToFile(*module, out)))
      result.push_back(bytes);
  }
  return result;
}

/// Which phases follow the parser: all, or from one in the middle on, for programs that are written in its form.
void addPasses(PassManager &manager, size_t choice) {
  const std::vector<tp::Phase> &phases = tp::phases();
  size_t first = choice % 2 ? 0 : choice / 2 % (phases.size() - 1);
  if (choice % 5 == 0)
    manager.addPass(tp::createVerifyLayouts());
  for (size_t i = first; i + 1 < phases.size(); ++i)
    phases[i].addPasses(manager, {});
}

/// The program that `text` is, or that the model whose config.json it is becomes; null after an error. Bytecode is read as tools
/// read it, apart: what its reader does not survive is nothing that could be mended here. Text is not, so that a crash shows whose
/// parser it was in.
OwningOpRef<ModuleOp> read(const std::string &text, MLIRContext &context, const std::string &folder, int &errors) {
  try {
    if (mlir::isBytecode(llvm::MemoryBufferRef(text, "mutant")))
      return tp::readProgramFrom(text, "mutant", &context);
    if (folder.empty())
      return parseSourceString<ModuleOp>(text, &context);
    std::ofstream(folder + "/config.json") << text;
    tp::ImportOptions options;
    options.mesh = tp::Mesh::parse("dp=1,tp=2");
    options.needsWeights = false;
    return tp::importModel(context, folder, options);
  } catch (const tp::Error &error) {
    if (std::getenv("TP_MUTATE_SHOW"))
      std::fprintf(stderr, "%s\n", error.what());
    ++errors;
    return nullptr;
  } catch (const std::bad_alloc &) {
    ::_exit(outOfMemory);
  }
}

/// Tells crashes of MLIR's parsers (of a linalg op with a torn list, say), which are not ours to mend, from all others: seen from
/// the crash outwards, the first frame of this program is the call of parseSourceString, and no parser or verifier of a tp op.
void onCrash(int) {
  void *frames[256];
  int count = ::backtrace(frames, 256);
  Dl_info own, inner, frame;
  ::dladdr(reinterpret_cast<void *>(&onCrash), &own);
  // Frame 0 is this function, 1 what the kernel calls it through.
  for (int i = 3; i < count; ++i)
    if (::dladdr(frames[i], &frame) && frame.dli_fbase == own.dli_fbase) {
      bool isParser = ::dladdr(frames[i - 1], &inner) && inner.dli_sname && std::strstr(inner.dli_sname, "parseSource");
      ::_exit(isParser ? crashedInMlir : crashed);
    }
  ::_exit(crashed);
}

[[noreturn]] void runChild(const std::string &program, const DialectRegistry &registry, size_t choice,
                           const std::string &folder) {
  rlimit seconds{10, 10}, noCore{0, 0};
  ::setrlimit(RLIMIT_CPU, &seconds);
  ::setrlimit(RLIMIT_CORE, &noCore);
#if !__has_feature(address_sanitizer)
  rlimit bytes{rlim_t(4) << 30, rlim_t(4) << 30};
  ::setrlimit(RLIMIT_AS, &bytes);
#endif
  for (int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    std::signal(number, onCrash);
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { ::_exit(outOfMemory); });
  std::set_new_handler([] { ::_exit(outOfMemory); });
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  int errors = 0;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (std::getenv("TP_MUTATE_SHOW"))
      std::fprintf(stderr, "%s\n", diagnostic.str().c_str());
    errors += diagnostic.getSeverity() == DiagnosticSeverity::Error && !diagnostic.str().empty();
  });
  OwningOpRef<ModuleOp> module = read(program, context, folder, errors);
  bool good = !!module;
  if (good) {
    PassManager manager(&context, ModuleOp::getOperationName());
    addPasses(manager, folder.empty() ? choice : 1);
    good = succeeded(manager.run(*module));
  }
  ::_exit(good ? accepted : errors ? refused : silent);
}

Outcome run(const std::string &program, const DialectRegistry &registry, size_t choice, const std::string &folder) {
  pid_t child = ::fork();
  if (child < 0)
    throw tp::Error("cannot start a process");
  if (child == 0)
    runChild(program, registry, choice, folder);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL ? hung : crashed;
  return WEXITSTATUS(status) < crashed ? static_cast<Outcome>(WEXITSTATUS(status)) : crashed;
}

int mutate(int argc, char **argv) {
  Arguments arguments;
  tp::Options options("tp-mutate", "runs mutants of programs through parser, verifiers and phases");
  options.argument("INPUT", arguments.inputs, "files, or folders of *.mlir")
      .add("--seed", "S", arguments.seed, "of the random mutations (default: 1)")
      .add("--count", "N", arguments.count, "how many mutants (default: 1000)", {.least = 1})
      .add("--seconds", "N", arguments.seconds, "stop after this time", {.least = 1})
      .add("--keep", "DIR", arguments.keep, "where mutants go that crash, hang or fail in silence")
      .addFlag("--bytecode", arguments.bytecode, "mutate the programs' bytecode instead of their text")
      .addFlag("--config", arguments.config, "INPUT are config.json files: mutate them and import what they describe");
  if (!options.parse(argc, argv))
    return 0;
  std::vector<std::string> programs;
  for (const std::string &input : arguments.inputs) {
    if (arguments.config) {
      programs.push_back(tp::readFile(input));
      continue;
    }
    if (!fs::is_directory(input)) {
      addPrograms(input, programs);
      continue;
    }
    std::vector<std::string> paths;
    for (const fs::directory_entry &entry : fs::recursive_directory_iterator(input))
      if (entry.path().extension() == ".mlir")
        paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    for (const std::string &path : paths)
      addPrograms(path, programs);
  }
  DialectRegistry registry;
  tp::registerAllDialects(registry);
  if (arguments.bytecode)
    programs = bytecodeOf(programs, registry);
  if (programs.empty())
    throw tp::Error("there are no programs to mutate");

  std::string folder;
  if (arguments.config) {
    folder = (fs::temp_directory_path() / "tp-mutate-XXXXXX").string();
    if (!::mkdtemp(folder.data()))
      throw tp::Error("cannot make a folder like " + folder);
  }
  void *frame;
  ::backtrace(&frame, 1); // loads what it needs: a crashed child must not
  std::mt19937_64 random(static_cast<uint64_t>(arguments.seed));
  int64_t counts[outcomeCount] = {}, done = 0;
  auto start = std::chrono::steady_clock::now();
  for (; done < arguments.count; ++done) {
    if (arguments.seconds && std::chrono::steady_clock::now() - start > std::chrono::seconds(arguments.seconds))
      break;
    const std::string &program = programs[random() % programs.size()];
    std::string mutant = arguments.bytecode ? tp::fuzz::mutateBytes(program, random) : tp::fuzz::mutateText(program, random);
    size_t choice = random();
    Outcome outcome = run(mutant, registry, choice, folder);
    ++counts[outcome];
    if (outcome < silent)
      continue;
    std::printf("mutant %lld %s\n", static_cast<long long>(done), outcomeNames[outcome]);
    if (!arguments.keep.empty()) {
      fs::create_directories(arguments.keep);
      std::string name = arguments.keep + "/" + std::to_string(arguments.seed) + "-" + std::to_string(done);
      tp::writeFile(name + (arguments.bytecode ? ".mlirbc" : arguments.config ? ".json" : ".mlir"), mutant);
      tp::writeFile(name + ".choice", std::to_string(choice) + "\n");
    }
  }
  std::printf("%lld mutants of %zu programs:", static_cast<long long>(done), programs.size());
  for (int outcome = accepted; outcome < outcomeCount; ++outcome)
    std::printf("%s %lld %s", outcome ? "," : "", static_cast<long long>(counts[outcome]), outcomeNames[outcome]);
  std::printf("\n");
  if (!folder.empty())
    fs::remove_all(folder);
  return counts[silent] + counts[crashed] + counts[hung] ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) { return tp::runTool(argc, argv, mutate); }
