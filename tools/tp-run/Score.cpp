// Scoring: the logits of every position of a file of tokens, through the entry `score`, and what all token modes share.
#include "Command.h"
#include "tp/Support/Npy.h"

#include <algorithm>
#include <cstring>

namespace tp::run {

tprt::Array intArray(std::vector<int64_t> shape, const std::vector<int32_t> &values) {
  tprt::Array array = tprt::Array::zeros(DType::I32, std::move(shape));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

void runTokens(tprt::Program &program, const std::string &entryName, int64_t n, const tprt::Array &tokens,
               const tprt::Array &positions, const tprt::Array &last) {
  int64_t index = entryCalled(program, entryName);
  std::vector<const tprt::Array *> inputs;
  for (const tprt::TensorInfo &input : program.manifest().entries[index].inputs) {
    if (input.name == "tokens")
      inputs.push_back(&tokens);
    else if (input.name == "positions")
      inputs.push_back(&positions);
    else if (input.name == "last")
      inputs.push_back(&last);
    else
      throw Error("entry \"" + entryName + "\" has an input \"" + input.name +
                  "\"; a language model has tokens, positions and last");
  }
  program.run(index, n, inputs);
}

TokenIds readTokenIds(const std::string &path, const tprt::ModelInfo &model, const tprt::EntryInfo &entry) {
  tprt::Array file = tprt::Array::readNpy(path);
  if (isFloat(file.type) || file.shape.size() != 2)
    throw Error(path + " needs integers of shape [batch, seq]");
  file = file.as(DType::I64);
  int64_t rows = file.shape[0], length = file.shape[1], most = entry.dynamicMax.value_or(1);
  if (rows > model.batch)
    throw Error(path + " has " + std::to_string(rows) + " sequences, the module is compiled for --batch " +
                std::to_string(model.batch));
  if (length > most)
    throw Error(path + " has sequences of " + std::to_string(length) + " tokens, the module is compiled for --max-seq " +
                std::to_string(most));
  if (rows < 1 || length < 1)
    throw Error(path + " holds no tokens");
  const int64_t *values = reinterpret_cast<const int64_t *>(file.bytes.data());
  return {rows, length, std::vector<int64_t>(values, values + rows * length)};
}

void checkTokens(const std::vector<int64_t> &ids, const tprt::ModelInfo &model, const std::string &what) {
  for (int64_t id : ids)
    if (id < 0 || id >= model.vocabulary)
      throw Error(what + " holds token " + std::to_string(id) + ", the vocabulary has " + std::to_string(model.vocabulary));
}

Outcome score(const Command &command, tprt::Program &program) {
  const tprt::ModelInfo &model = program.manifest().model;
  int64_t index = entryCalled(program, "score");
  const tprt::EntryInfo &entry = program.manifest().entries[index];
  TokenIds file = readTokenIds(*command.tokensFile, model, entry);
  checkTokens(file.values, model, *command.tokensFile);
  int64_t rows = file.rows, length = file.length;

  int64_t n = tprt::Program::paddedExtent(entry, length);
  std::vector<int32_t> tokens(model.batch * n, 0), positions(model.batch * n, -1), last(model.batch, 0);
  for (int64_t row = 0; row < rows; ++row) {
    last[row] = static_cast<int32_t>(length - 1);
    for (int64_t i = 0; i < length; ++i) {
      tokens[row * n + i] = static_cast<int32_t>(file.values[row * length + i]);
      positions[row * n + i] = static_cast<int32_t>(i);
    }
  }
  tprt::Clock::time_point begin = tprt::Clock::now();
  runTokens(program, "score", n, intArray({model.batch, n}, tokens), intArray({model.batch, n}, positions),
            intArray({model.batch}, last));
  double seconds = std::chrono::duration<double>(tprt::Clock::now() - begin).count();

  // Padding of the batch, of the sequences and of the vocabulary is cut off.
  tprt::Array logits = program.output(index, outputCalled(entry, "logits"));
  tprt::Array cut = tprt::Array::zeros(logits.type, {rows, length, std::min(model.vocabulary, logits.shape[2])});
  tprt::copyBox(bytesOf(logits.type), cut.shape, logits.bytes.data(), logits.shape, {0, 0, 0}, cut.bytes.data(), cut.shape,
                {0, 0, 0});
  if (program.world().hasRankZero())
    cut.as(DType::F32).writeNpy(*command.logits);
  return {static_cast<double>(rows * length) / seconds};
}

} // namespace tp::run
