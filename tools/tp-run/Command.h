// The command line of tp-run as plain values, and what can be done with it.
#pragma once
#include "tp/Support/Tokenizer.h"
#include "tprt/Program.h"
#include "tprt/Sampler.h"

#include <future>
#include <optional>
#include <string>
#include <vector>

namespace tp::run {

struct Command {
  std::string module;
  std::optional<std::string> weights, stats, trace, dumpRanks;
  std::optional<int64_t> ranks, threads;
  std::string communicator = "local";
  double timeout = 60;
  bool manifestOnly = false;

  // Generation.
  std::vector<std::string> prompts, tokens;
  bool chat = false, ignoreEos = false, printTokens = false;
  int64_t maxNewTokens = 128;
  tprt::SamplingOptions sampling;

  // Any entry.
  std::optional<std::string> entry;
  std::vector<std::string> inputs, outputs;
  std::optional<int64_t> randomSeed;

  // Whole files of tokens.
  std::optional<std::string> tokensFile, logits, attentionMask, tokenTypes, hidden;
};

/// What a mode of running hands back for --stats.
struct Outcome {
  double tokensPerSecond = 0;
};

/// Runs one entry with --input files and random numbers, writes the --output files.
Outcome runEntry(const Command &command, tprt::Program &program);
/// Continues --prompt or --tokens and prints what comes out. `tokenizer` is taken when it is needed: what fails in reading it is thrown
/// here.
Outcome generate(const Command &command, tprt::Program &program, std::future<std::optional<Tokenizer>> tokenizer);
/// Writes the logits of every position of --tokens-file.
Outcome score(const Command &command, tprt::Program &program);

/// Writes the hidden states of --tokens-file or of the prompts, and the --output files.
Outcome encode(const Command &command, tprt::Program &program, const tprt::Module &module);

/// Integers [rows, length] of a file.
struct TokenIds {
  int64_t rows, length;
  std::vector<int64_t> values;
};
/// Error if they are more than the module's batch or the entry's bound.
TokenIds readTokenIds(const std::string &path, const tprt::ModelInfo &model, const tprt::EntryInfo &entry);
/// Error if one of `ids` is outside the vocabulary; `what` holds them.
void checkTokens(const std::vector<int64_t> &ids, const tprt::ModelInfo &model, const std::string &what);
/// The tokenizer that the manifest names, or the one beside --weights. None if the model has none; Error if there are prompts.
std::optional<Tokenizer> openTokenizer(const Command &command, const tprt::Module &module);
/// For when everything is loaded: gives memory back to the system that starting has used and running does not need.
void giveBackWhatStartingTook();
/// A whole i32 tensor.
tprt::Array intArray(std::vector<int64_t> shape, const std::vector<int32_t> &values);
/// Runs an entry of a language model with inputs by the names tokens, positions, last (what it has of them).
void runTokens(tprt::Program &program, const std::string &entry, int64_t n, const tprt::Array &tokens,
               const tprt::Array &positions, const tprt::Array &last);
/// The entry of that name; Error with those there are.
int64_t entryCalled(const tprt::Program &program, const std::string &name);
/// The output called `name` of an entry; Error with those there are.
int64_t outputCalled(const tprt::EntryInfo &entry, const std::string &name);

} // namespace tp::run
