// Running one entry on whole tensors: --input, --random-inputs, --output.
#include "Command.h"
#include "tp/Support/Options.h"

#include <algorithm>

namespace tp::run {

namespace {

std::string namesOf(const auto &things) {
  std::string text;
  for (const auto &thing : things)
    text += (text.empty() ? "" : ", ") + thing.name;
  return text.empty() ? "none" : text;
}

/// A name that nothing takes is a mistake in the command.
void checkNames(const Command &command, const tprt::Manifest &manifest, const tprt::EntryInfo &entry) {
  for (const std::string &text : command.inputs) {
    std::string name = splitNameValue(text).first;
    auto takes = [&](const tprt::TensorInfo &tensor) { return tensor.name == name || tensor.source.input == name; };
    if (std::none_of(entry.inputs.begin(), entry.inputs.end(), takes) &&
        std::none_of(manifest.parameters.begin(), manifest.parameters.end(), takes))
      throw Error("entry \"" + entry.name + "\" has no input \"" + name + "\"; it has " + namesOf(entry.inputs));
  }
}

} // namespace

int64_t entryCalled(const tprt::Program &program, const std::string &name) {
  int64_t index = program.manifest().findEntry(name);
  if (index < 0)
    throw Error("the module has no entry \"" + name + "\"; it has " + namesOf(program.manifest().entries));
  return index;
}

int64_t outputCalled(const tprt::EntryInfo &entry, const std::string &name) {
  for (size_t i = 0; i < entry.outputs.size(); ++i)
    if (entry.outputs[i].name == name)
      return static_cast<int64_t>(i);
  throw Error("entry \"" + entry.name + "\" has no output \"" + name + "\"; it has " + namesOf(entry.outputs));
}

Outcome runEntry(const Command &command, tprt::Program &program) {
  const tprt::Manifest &manifest = program.manifest();
  bool languageModel = manifest.model.kind == "language_model";
  if (languageModel && !command.entry && command.inputs.empty() && !command.randomSeed)
    throw UsageError("nothing to do: a language model needs --prompt, --tokens, --tokens-file with --logits, or --entry");
  std::string name = command.entry ? *command.entry : manifest.entries.size() == 1 ? manifest.entries[0].name : "main";
  int64_t index = entryCalled(program, name);
  const tprt::EntryInfo &entry = manifest.entries[index];
  checkNames(command, manifest, entry);

  std::vector<std::pair<int64_t, std::string>> wanted;
  for (const std::string &text : command.outputs) {
    auto [output, path] = splitNameValue(text);
    wanted.push_back({outputCalled(entry, output), path});
  }
  int64_t n = program.extentFor(entry);
  std::vector<tprt::Array> inputs;
  for (const tprt::TensorInfo &input : entry.inputs)
    inputs.push_back(program.inputFor(input, n));
  std::vector<const tprt::Array *> pointers;
  for (const tprt::Array &input : inputs)
    pointers.push_back(&input);
  program.run(index, n, pointers);
  for (auto &[output, path] : wanted) {
    tprt::Array whole = program.output(index, output);
    if (program.world().hasRankZero())
      whole.writeNpy(path);
  }
  return {};
}

} // namespace tp::run
