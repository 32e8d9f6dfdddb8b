// tp-run: runs a compiled module on all its ranks. Reads the command line, loads, does the one thing that was asked for
// (continue a text, run an entry, score a file of tokens), and writes the reports.
#include "Command.h"
#include "tp/Support/AtomicFile.h"
#include "tp/Support/Options.h"
#include "tprt/Report.h"

#include <cstdio>
#include <cstdlib>
#include <future>
#include <optional>
#include <unistd.h>

using namespace tp;
using namespace tp::run;

namespace {

bool parse(int argc, char **argv, Command &command) {
  Options options("tp-run", "runs a compiled module on all its ranks");
  options.argument("MODULE.tpm", command.module, "the compiled module");
  options.add("--weights", "FILE|DIR", command.weights, "weights, instead of those that the module names")
      .add("--ranks", "N", command.ranks, "number of ranks; what the module was compiled for", {.least = 1})
      .add("--threads", "N", command.threads, "threads of each rank (default: cores divided by ranks)",
           {.least = 1, .most = 1024})
      .addChoice("--comm", {"local", "mpi", "nccl"}, command.communicator, "how ranks reach each other")
      .add("--timeout", "SECONDS", command.timeout, "how long a rank waits for the others (default: 60)")
      .add("--stats", "FILE", command.stats, "write what was counted as JSON")
      .add("--trace", "FILE", command.trace, "write every call as a Chrome trace")
      .add("--dump-ranks", "DIR", command.dumpRanks, "write every rank's outputs as .npy files")
      .addFlag("--manifest", command.manifestOnly, "print the module's manifest and stop");
  options.heading("generate")
      .add("--prompt", "TEXT", command.prompts, "a text to continue, or for --hidden; up to --batch times")
      .addFlag("--chat", command.chat, "put each prompt into the model's chat template")
      .add("--tokens", "IDS", command.tokens, "tokens to continue, 1,2,3; up to --batch times")
      .add("--max-new-tokens", "N", command.maxNewTokens, "stop after N tokens (default: 128)", {.least = 0})
      .addFlag("--ignore-eos", command.ignoreEos, "go on after the end token")
      .add("--temperature", "T", command.sampling.temperature, "above 0: sample (default: 0, the likeliest token)")
      .add("--top-k", "K", command.sampling.topK, "sample among the K likeliest tokens", {.least = 1})
      .add("--top-p", "P", command.sampling.topP, "sample among the likeliest tokens that make up P")
      .add(
          "--seed", "S", [&](std::string_view text) { command.sampling.seed = static_cast<uint64_t>(parseInts(text).at(0)); },
          "seed of the sampling (default: 0)")
      .addFlag("--print-tokens", command.printTokens, "print the new tokens' ids; of an encoder those of the prompts");
  options.heading("any entry")
      .add("--entry", "NAME", command.entry, "the entry to run (default: main, or the only one)")
      .add("--input", "NAME=FILE.npy", command.inputs, "an input or parameter")
      .add("--output", "NAME=FILE.npy", command.outputs, "where an output goes")
      .add("--random-inputs", "SEED", command.randomSeed, "random numbers for what is not given");
  options.heading("whole files of tokens")
      .add("--tokens-file", "IDS.npy", command.tokensFile, "int32 [batch, seq]")
      .add("--logits", "OUT.npy", command.logits, "language model: float32 [batch, seq, vocab], every position")
      .add("--attention-mask", "M.npy", command.attentionMask, "encoder: int32 [batch, seq]")
      .add("--token-types", "T.npy", command.tokenTypes, "encoder: int32 [batch, seq]")
      .add("--hidden", "OUT.npy", command.hidden, "encoder: float32 [batch, seq, hidden]");
  return options.parse(argc, argv);
}

void check(const Command &command) {
  const tprt::SamplingOptions &sampling = command.sampling;
  if (!command.prompts.empty() && !command.tokens.empty())
    throw UsageError("--prompt and --tokens exclude each other");
  if (command.chat && command.prompts.empty())
    throw UsageError("--chat needs --prompt");
  if (sampling.temperature < 0)
    throw UsageError("--temperature needs 0 or more");
  if (sampling.temperature == 0 && (sampling.topK != 0 || sampling.topP != 1))
    throw UsageError("--top-k and --top-p need a --temperature above 0");
  if (!(sampling.topP > 0 && sampling.topP <= 1))
    throw UsageError("--top-p needs a number above 0, at most 1");
  if (!(command.timeout > 0))
    throw UsageError("--timeout needs a number of seconds above 0");
  if (command.logits && command.hidden)
    throw UsageError("--logits and --hidden exclude each other");
  if (command.tokensFile ? !command.logits && !command.hidden : command.logits.has_value())
    throw UsageError("--tokens-file needs either --logits or --hidden, and --logits needs it");
  if (command.hidden && command.tokensFile.has_value() != command.prompts.empty())
    throw UsageError("--hidden needs either --tokens-file or --prompt");
  if (command.hidden && command.chat)
    throw UsageError("--chat is for generation, not for --hidden");
  if ((command.attentionMask || command.tokenTypes) && (!command.hidden || !command.tokensFile))
    throw UsageError("--attention-mask and --token-types need --tokens-file and --hidden");
}

/// The processes that an MPI launcher started; null: all ranks are threads of this process.
std::shared_ptr<tprt::World> openWorld(const Command &command) {
  if (command.communicator == "nccl")
    throw Error("this build has the communicators \"local\" and \"mpi\", --comm nccl is not part of it yet");
  return command.communicator == "mpi" ? tprt::mpiWorld(command.timeout) : nullptr;
}

void checkFits(const Command &command, const tprt::Manifest &manifest, const tprt::World *processes) {
  int64_t ranks = manifest.mesh.size();
  std::string compiledFor = command.module + " is compiled for " + std::to_string(ranks) + (ranks == 1 ? " rank" : " ranks") +
                            " (mesh " + manifest.mesh.str() + "), ";
  if (command.ranks && *command.ranks != ranks)
    throw Error(compiledFor + "--ranks says " + std::to_string(*command.ranks) + "; compile it with another --mesh");
  if (processes && processes->size() != ranks)
    throw Error(
        compiledFor +
        (processes->size() == 1 ? "this is a single process" : "there are " + std::to_string(processes->size()) + " processes") +
        "; start it as mpirun -n " + std::to_string(ranks) + " tp-run " + command.module + " --comm mpi ...");
  bool languageModel = manifest.model.kind == "language_model";
  bool encoder = manifest.model.kind == "encoder";
  if (!languageModel && ((!command.prompts.empty() && !command.hidden) || !command.tokens.empty() || command.logits))
    throw Error(
        command.module + " is no language model (its manifest says " + manifest.model.kind + "); " +
        (encoder ? "an encoder takes --prompt or --tokens-file with --hidden" : "run an entry with --input and --output"));
  if (command.hidden && !encoder)
    throw Error(command.module + " is no encoder (its manifest says " + manifest.model.kind + "), --hidden needs one");
}

tprt::ProgramOptions programOptions(const Command &command, std::shared_ptr<tprt::World> processes) {
  tprt::ProgramOptions options;
  options.world = processes;
  options.weights = command.weights;
  options.threads = command.threads.value_or(0);
  options.timeoutSeconds = command.timeout;
  options.tracing = command.trace.has_value();
  if (command.randomSeed)
    options.randomSeed = static_cast<uint64_t>(*command.randomSeed);
  for (const std::string &text : command.inputs) {
    auto [name, path] = splitNameValue(text);
    options.given[name] = tprt::Array::readNpy(path);
  }
  if (!processes || processes->hasRankZero())
    options.progress = [](const std::string &text) { std::fprintf(stderr, "%s\n", text.c_str()); };
  return options;
}

void printManifest(const Command &command, tprt::World *processes) {
  std::string text = tprt::readManifestText(command.module) + "\n";
  if (!processes || processes->hasRankZero())
    std::fwrite(text.data(), 1, text.size(), stdout);
  if (processes)
    processes->finish();
}

bool isGenerating(const Command &command) { return !command.hidden && (!command.prompts.empty() || !command.tokens.empty()); }

/// Does what the command asks for; afterwards all ranks have done it.
void runModule(const Command &command, const tprt::Module &module, tprt::Program &program,
               std::future<std::optional<Tokenizer>> tokenizer) {
  program.hashing = command.stats.has_value();
  Outcome outcome = command.hidden          ? encode(command, program, module)
                    : isGenerating(command) ? generate(command, program, std::move(tokenizer))
                    : command.tokensFile    ? score(command, program)
                                            : runEntry(command, program);
  if (command.stats) {
    Json statistics = tprt::statistics(program, outcome.tokensPerSecond);
    if (program.world().hasRankZero())
      writeFile(*command.stats, printJson(statistics) + "\n");
  }
  if (command.trace)
    tprt::writeTrace(program, *command.trace);
  if (command.dumpRanks)
    tprt::dumpRanks(program, *command.dumpRanks);
  program.world().finish();
}

/// Ends a process that has failed while other threads or MPI may still touch its memory: nothing may be torn down.
[[noreturn]] void endBadly(const Error &error, tprt::World *processes, int status) {
  Error named = error;
  if (processes && processes->size() > 1 && std::string_view(error.what()).substr(0, 5) != "rank ")
    named = Error("rank " + std::to_string(processes->firstHere()) + ": " + error.what(), error.notes);
  // Another thread may be reporting why this process ends, and ends it.
  while (processes && !processes->takeReport())
    pause();
  printError(named);
  std::fflush(nullptr);
  if (processes)
    processes->leave(named.what());
  std::_Exit(status);
}

int runCommand(int argc, char **argv) {
  Command command;
  if (!parse(argc, argv, command))
    return 0;
  check(command);
  std::shared_ptr<tprt::World> processes = openWorld(command);
  // Declared out here: what MPI or a rank that hangs may still write to has to outlive a failure.
  std::optional<tprt::Module> module;
  std::optional<tprt::Program> program;
  std::future<std::optional<Tokenizer>> tokenizer;
  auto mustEndHere = [&] { return processes || (program && program->ranks().hasStragglers()); };
  try {
    if (command.manifestOnly) {
      printManifest(command, processes.get());
      return 0;
    }
    module.emplace(command.module);
    checkFits(command, module->manifest(), processes.get());
    // The tokenizer is read while the ranks load their weights, or afterwards where no thread is to be had for it.
    if (isGenerating(command))
      tokenizer = std::async(std::launch::async | std::launch::deferred, [&] { return openTokenizer(command, *module); });
    program.emplace(*module, programOptions(command, processes));
    runModule(command, *module, *program, std::move(tokenizer));
  } catch (const UsageError &error) {
    if (!mustEndHere())
      throw;
    endBadly(error, processes.get(), 2);
  } catch (const Error &error) {
    if (!mustEndHere())
      throw;
    endBadly(error, processes.get(), 1);
  } catch (const std::exception &error) {
    if (!mustEndHere())
      throw;
    endBadly(Error(error.what()), processes.get(), 1);
  }
  return 0;
}

} // namespace

int main(int argc, char **argv) { return runTool(argc, argv, runCommand); }
