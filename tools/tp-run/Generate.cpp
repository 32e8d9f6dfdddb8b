// Generation: one prefill over all prompts, then a token at a time for all sequences that have not ended.
//
// Prompts of different lengths are padded at the end with position -1, which computes nothing that anyone reads. Sampling
// happens once per process, from the same bits: all go on with the same token. The one that has rank 0 prints.
#include "Command.h"
#include "tp/Support/Options.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace tp::run {

std::optional<Tokenizer> openTokenizer(const Command &command, const tprt::Module &module) {
  const tprt::ModelInfo &model = module.manifest().model;
  std::string path = model.tokenizerPath.empty() ? "" : module.resolve(model.tokenizerPath);
  if ((path.empty() || !std::filesystem::exists(path)) && command.weights)
    path = *command.weights;
  if (path.empty() || !std::filesystem::exists(path)) {
    if (command.prompts.empty())
      return std::nullopt;
    throw Error((path.empty() ? command.module + " names no tokenizer"
                              : "the tokenizer " + path + " of " + command.module + " is not there") +
                "; pass --weights with one, or ids by " + (command.hidden ? "--tokens-file" : "--tokens"));
  }
  return Tokenizer::open(path);
}

namespace {

struct Sequence {
  std::vector<int32_t> prompt, produced;
  bool ended = false;
  int64_t length() const { return static_cast<int64_t>(prompt.size() + produced.size()); }
};

std::vector<Sequence> readPrompts(const Command &command, const tprt::ModelInfo &model, const Tokenizer *tokenizer) {
  std::vector<Sequence> sequences;
  for (const std::string &prompt : command.prompts) {
    if (command.chat)
      sequences.push_back({tokenizer->encode(tokenizer->applyChatTemplate({{"user", prompt}}), false), {}});
    else
      sequences.push_back({tokenizer->encode(prompt), {}});
  }
  for (const std::string &text : command.tokens) {
    Sequence sequence;
    for (int64_t id : parseInts(text)) {
      if (id < 0 || id >= model.vocabulary)
        throw Error("--tokens holds " + std::to_string(id) + ", the vocabulary has " + std::to_string(model.vocabulary));
      sequence.prompt.push_back(static_cast<int32_t>(id));
    }
    sequences.push_back(std::move(sequence));
  }
  if (static_cast<int64_t>(sequences.size()) > model.batch)
    throw Error("there are " + std::to_string(sequences.size()) + " prompts, the module is compiled for --batch " +
                std::to_string(model.batch));
  for (const Sequence &sequence : sequences) {
    if (sequence.prompt.empty())
      throw Error("a prompt without tokens has nothing to continue");
    if (sequence.length() > model.maxSequence)
      throw Error("a prompt has " + std::to_string(sequence.length()) + " tokens, the module is compiled for --max-seq " +
                  std::to_string(model.maxSequence));
  }
  return sequences;
}

void prefill(tprt::Program &program, const std::vector<Sequence> &sequences) {
  const tprt::Manifest &manifest = program.manifest();
  int64_t batch = manifest.model.batch, longest = 1;
  for (const Sequence &sequence : sequences)
    longest = std::max(longest, sequence.length());
  int64_t n = tprt::Program::paddedExtent(manifest.entries[entryCalled(program, "prefill")], longest);
  std::vector<int32_t> tokens(batch * n, 0), positions(batch * n, -1), last(batch, 0);
  for (size_t row = 0; row < sequences.size(); ++row) {
    last[row] = static_cast<int32_t>(sequences[row].prompt.size()) - 1;
    for (size_t i = 0; i < sequences[row].prompt.size(); ++i) {
      tokens[row * n + i] = sequences[row].prompt[i];
      positions[row * n + i] = static_cast<int32_t>(i);
    }
  }
  runTokens(program, "prefill", n, intArray({batch, n}, tokens), intArray({batch, n}, positions), intArray({batch}, last));
}

void decode(tprt::Program &program, const std::vector<Sequence> &sequences) {
  int64_t batch = program.manifest().model.batch;
  std::vector<int32_t> tokens(batch, 0), positions(batch, -1), last(batch, 0);
  for (size_t row = 0; row < sequences.size(); ++row)
    if (!sequences[row].ended) {
      tokens[row] = sequences[row].produced.back();
      positions[row] = static_cast<int32_t>(sequences[row].length() - 1);
    }
  runTokens(program, "decode", 1, intArray({batch, 1}, tokens), intArray({batch, 1}, positions), intArray({batch}, last));
}

/// Logits [batch, vocabulary] of the last position, as f32 without the vocabulary's padding.
class Logits {
public:
  Logits(tprt::Program &program, const std::string &entryName) {
    int64_t entry = entryCalled(program, entryName);
    const tprt::EntryInfo &info = program.manifest().entries[entry];
    int64_t index = outputCalled(info, "logits");
    width = info.outputs[index].shape.back();
    count = std::min(width, program.manifest().model.vocabulary);
    const char *whole = program.wholeOutput(entry, index);
    if (whole && info.outputs[index].type == DType::F32) {
      values = reinterpret_cast<const float *>(whole);
      return;
    }
    copy = program.output(entry, index).as(DType::F32);
    values = reinterpret_cast<const float *>(copy.bytes.data());
  }
  const float *of(int64_t row) const { return values + row * width; }
  int64_t count, width;

private:
  tprt::Array copy;
  const float *values;
};

class Printer {
public:
  /// `silent`: prints nothing, another process does.
  Printer(const Vocabulary *vocabulary, bool live, bool silent)
      : vocabulary(vocabulary), live(live && vocabulary && !silent), silent(silent) {
    if (this->live)
      stream.emplace(*vocabulary);
  }
  void token(int32_t id) {
    if (live)
      write(stream->add(id));
  }
  void finish(const std::vector<Sequence> &sequences, bool printTokens) {
    if (silent)
      return;
    if (live)
      write(stream->finish() + "\n");
    else if (vocabulary)
      for (size_t i = 0; i < sequences.size(); ++i)
        write((sequences.size() > 1 ? "[" + std::to_string(i) + "] " : "") + vocabulary->decode(sequences[i].produced) + "\n");
    if (!printTokens && vocabulary)
      return;
    for (const Sequence &sequence : sequences) {
      std::string line = "tokens:";
      for (int32_t id : sequence.produced)
        line += " " + std::to_string(id);
      write(line + "\n");
    }
  }

private:
  static void write(const std::string &text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  const Vocabulary *vocabulary;
  bool live, silent;
  std::optional<TokenStream> stream;
};

} // namespace

Outcome generate(const Command &command, tprt::Program &program, std::future<std::optional<Tokenizer>> reading) {
  const tprt::ModelInfo &model = program.manifest().model;
  std::optional<Tokenizer> tokenizer = reading.get();
  std::vector<Sequence> sequences = readPrompts(command, model, tokenizer ? &*tokenizer : nullptr);
  // Only the meaning of tokens is needed from here on.
  std::optional<Vocabulary> vocabulary;
  if (tokenizer)
    vocabulary.emplace(std::move(*tokenizer));
  tokenizer.reset();
  giveBackWhatStartingTook();
  Printer printer(vocabulary ? &*vocabulary : nullptr, sequences.size() == 1, !program.world().hasRankZero());
  auto isEnd = [&](int64_t id) { return std::find(model.eos.begin(), model.eos.end(), id) != model.eos.end(); };

  int64_t total = 0, decoded = 0;
  bool full = false;
  tprt::Clock::time_point begin = tprt::Clock::now(), firstDone = begin;
  for (int64_t step = 0; step < command.maxNewTokens; ++step) {
    if (step == 0)
      prefill(program, sequences);
    else
      decode(program, sequences);
    Logits logits(program, step == 0 ? "prefill" : "decode");
    bool goesOn = false;
    for (size_t row = 0; row < sequences.size(); ++row) {
      Sequence &sequence = sequences[row];
      if (sequence.ended)
        continue;
      int64_t id = tprt::sampleToken(logits.of(row), logits.count, command.sampling, row, step);
      if (isEnd(id) && !command.ignoreEos) {
        sequence.ended = true;
        continue;
      }
      sequence.produced.push_back(static_cast<int32_t>(id));
      ++total;
      decoded += step > 0;
      printer.token(static_cast<int32_t>(id));
      // The token just made takes a place in the cache when it is read: there is none left after max_seq.
      if (sequence.length() > model.maxSequence && step + 1 < command.maxNewTokens)
        full = sequence.ended = true;
      goesOn |= !sequence.ended;
    }
    if (step == 0) {
      firstDone = tprt::Clock::now();
      // It does not run again, and its logits would lie beside those of decoding.
      if (!command.dumpRanks)
        program.releaseValues(entryCalled(program, "prefill"));
    }
    if (!goesOn)
      break;
  }
  // The prompt is another matter: what counts is the pace of decoding, if there was any.
  tprt::Clock::time_point end = tprt::Clock::now();
  double seconds = std::chrono::duration<double>(end - (decoded ? firstDone : begin)).count();
  int64_t counted = decoded ? decoded : total;
  printer.finish(sequences, command.printTokens);
  if (full && program.world().hasRankZero())
    std::fprintf(stderr, "note: stopped at %lld tokens, the module's --max-seq\n", static_cast<long long>(model.maxSequence));
  return {seconds > 0 ? static_cast<double>(counted) / seconds : 0};
}

} // namespace tp::run
