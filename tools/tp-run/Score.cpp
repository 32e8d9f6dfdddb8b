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

Outcome score(const Command &command, tprt::Program &program) {
  const tprt::ModelInfo &model = program.manifest().model;
  int64_t index = entryCalled(program, "score");
  const tprt::EntryInfo &entry = program.manifest().entries[index];
  tprt::Array file = tprt::Array::readNpy(*command.tokensFile);
  if (isFloat(file.type) || file.shape.size() != 2)
    throw Error(*command.tokensFile + " needs integers of shape [batch, seq]");
  file = file.as(DType::I64);
  int64_t rows = file.shape[0], length = file.shape[1], most = entry.dynamicMax.value_or(1);
  if (rows > model.batch)
    throw Error(*command.tokensFile + " has " + std::to_string(rows) + " sequences, the module is compiled for --batch " +
                std::to_string(model.batch));
  if (length > most)
    throw Error(*command.tokensFile + " has sequences of " + std::to_string(length) +
                " tokens, the module is compiled for --max-seq " + std::to_string(most));
  if (rows < 1 || length < 1)
    throw Error(*command.tokensFile + " holds no tokens");

  int64_t n = tprt::Program::paddedExtent(entry, length);
  std::vector<int32_t> tokens(model.batch * n, 0), positions(model.batch * n, -1), last(model.batch, 0);
  const int64_t *ids = reinterpret_cast<const int64_t *>(file.bytes.data());
  for (int64_t row = 0; row < rows; ++row) {
    last[row] = static_cast<int32_t>(length - 1);
    for (int64_t i = 0; i < length; ++i) {
      int64_t id = ids[row * length + i];
      if (id < 0 || id >= model.vocabulary)
        throw Error(*command.tokensFile + " holds token " + std::to_string(id) + ", the vocabulary has " +
                    std::to_string(model.vocabulary));
      tokens[row * n + i] = static_cast<int32_t>(id);
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
  cut.as(DType::F32).writeNpy(*command.logits);
  return {static_cast<double>(rows * length) / seconds};
}

} // namespace tp::run
