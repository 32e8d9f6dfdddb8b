// Encoding: the hidden states of a file of tokens or of texts, through the one entry of an encoder.
//
// Sequences that are shorter than the longest, and rows that the module's batch has and the input has not, are padded with tokens
// that the mask hides.
#include "Command.h"
#include "tp/Support/Options.h"
#include "tp/Support/Tokenizer.h"

#include <algorithm>
#include <cstdio>

namespace tp::run {

namespace {

// What goes into the model, [rows, length] each.
struct Sequences {
  int64_t rows = 0, length = 0;
  std::vector<int64_t> tokens, mask, types;
};

// A file beside --tokens-file, of the same shape and with values up to `most`.
std::vector<int64_t> readBeside(const std::string &path, const Sequences &sequences, const Command &command,
                                const tprt::ModelInfo &model, const tprt::EntryInfo &entry, int64_t most) {
  TokenIds ids = readTokenIds(path, model, entry);
  if (ids.rows != sequences.rows || ids.length != sequences.length)
    throw Error(path + " has shape [" + std::to_string(ids.rows) + ", " + std::to_string(ids.length) + "], needs [" +
                std::to_string(sequences.rows) + ", " + std::to_string(sequences.length) + "] as " + *command.tokensFile);
  for (int64_t value : ids.values)
    if (value < 0 || value > most)
      throw Error(path + " holds " + std::to_string(value) + ", needs 0 to " + std::to_string(most));
  return ids.values;
}

Sequences readFiles(const Command &command, const tprt::Manifest &manifest, const tprt::EntryInfo &entry) {
  const tprt::ModelInfo &model = manifest.model;
  TokenIds ids = readTokenIds(*command.tokensFile, model, entry);
  checkTokens(ids.values, model, *command.tokensFile);
  Sequences sequences{ids.rows, ids.length, ids.values, std::vector<int64_t>(ids.values.size(), 1),
                      std::vector<int64_t>(ids.values.size(), 0)};
  if (command.attentionMask)
    sequences.mask = readBeside(*command.attentionMask, sequences, command, model, entry, 1);
  if (command.tokenTypes) {
    int64_t types = 1;
    for (const tprt::TensorInfo &parameter : manifest.parameters)
      if (parameter.name.ends_with("token_type_embeddings.weight"))
        types = parameter.shape[0];
    sequences.types = readBeside(*command.tokenTypes, sequences, command, model, entry, types - 1);
  }
  return sequences;
}

Sequences readTexts(const Command &command, const tprt::Module &module, const tprt::ModelInfo &model, bool prints) {
  std::optional<Tokenizer> tokenizer = openTokenizer(command, module);
  std::vector<std::vector<int32_t>> texts;
  Sequences sequences;
  for (const std::string &prompt : command.prompts) {
    texts.push_back(tokenizer->encode(prompt));
    sequences.length = std::max(sequences.length, static_cast<int64_t>(texts.back().size()));
  }
  sequences.rows = static_cast<int64_t>(texts.size());
  if (sequences.rows > model.batch)
    throw Error("there are " + std::to_string(sequences.rows) + " prompts, the module is compiled for --batch " +
                std::to_string(model.batch));
  if (sequences.length > model.maxSequence)
    throw Error("a prompt has " + std::to_string(sequences.length) + " tokens, the module is compiled for --max-seq " +
                std::to_string(model.maxSequence));
  if (sequences.length == 0)
    throw Error("the prompts have no tokens");
  for (std::vector<int64_t> *values : {&sequences.tokens, &sequences.mask, &sequences.types})
    values->assign(sequences.rows * sequences.length, 0);
  for (int64_t row = 0; row < sequences.rows; ++row) {
    std::copy(texts[row].begin(), texts[row].end(), sequences.tokens.begin() + row * sequences.length);
    if (prints && command.printTokens) {
      std::string line = "tokens:";
      for (int32_t id : texts[row])
        line += " " + std::to_string(id);
      std::printf("%s\n", line.c_str());
    }
    std::fill_n(sequences.mask.begin() + row * sequences.length, texts[row].size(), 1);
  }
  checkTokens(sequences.tokens, model, "the tokenizer's text");
  return sequences;
}

// The values as int32 [batch, n], zero where there are none.
tprt::Array padded(const std::vector<int64_t> &values, const Sequences &sequences, int64_t batch, int64_t n) {
  std::vector<int32_t> result(batch * n, 0);
  for (int64_t row = 0; row < sequences.rows; ++row)
    std::copy_n(values.begin() + row * sequences.length, sequences.length, result.begin() + row * n);
  return intArray({batch, n}, result);
}

} // namespace

Outcome encode(const Command &command, tprt::Program &program, const tprt::Module &module) {
  const tprt::Manifest &manifest = program.manifest();
  int64_t index = entryCalled(program, "main");
  const tprt::EntryInfo &entry = manifest.entries[index];
  Sequences sequences = command.tokensFile ? readFiles(command, manifest, entry)
                                           : readTexts(command, module, manifest.model, program.world().hasRankZero());
  int64_t batch = manifest.model.batch, n = tprt::Program::paddedExtent(entry, sequences.length),
          hidden = outputCalled(entry, "hidden");
  std::vector<std::pair<int64_t, std::string>> others;
  for (const std::string &text : command.outputs) {
    auto [output, path] = splitNameValue(text);
    others.push_back({outputCalled(entry, output), path});
  }

  tprt::Array tokens = padded(sequences.tokens, sequences, batch, n), mask = padded(sequences.mask, sequences, batch, n),
              types = padded(sequences.types, sequences, batch, n);
  std::vector<const tprt::Array *> inputs;
  for (const tprt::TensorInfo &input : entry.inputs) {
    if (input.name == "tokens")
      inputs.push_back(&tokens);
    else if (input.name == "attention_mask")
      inputs.push_back(&mask);
    else if (input.name == "token_types")
      inputs.push_back(&types);
    else
      throw Error("entry \"" + entry.name + "\" has an input \"" + input.name +
                  "\"; an encoder has tokens, attention_mask and token_types");
  }
  tprt::Clock::time_point begin = tprt::Clock::now();
  program.run(index, n, inputs);
  double seconds = std::chrono::duration<double>(tprt::Clock::now() - begin).count();

  // Padding of the batch and of the sequences is cut off.
  auto write = [&](int64_t output, const std::string &path) {
    tprt::Array whole = program.output(index, output).as(DType::F32);
    std::vector<int64_t> shape = whole.shape;
    shape[0] = sequences.rows;
    if (shape.size() == 3)
      shape[1] = sequences.length;
    tprt::Array cut = tprt::Array::zeros(DType::F32, shape);
    std::vector<int64_t> zeros(shape.size(), 0);
    tprt::copyBox(bytesOf(DType::F32), shape, whole.bytes.data(), whole.shape, zeros, cut.bytes.data(), shape, zeros);
    if (program.world().hasRankZero())
      cut.writeNpy(path);
  };
  write(hidden, *command.hidden);
  for (auto &[output, path] : others)
    write(output, path);
  return {static_cast<double>(std::count(sequences.mask.begin(), sequences.mask.end(), 1)) / seconds};
}

} // namespace tp::run
