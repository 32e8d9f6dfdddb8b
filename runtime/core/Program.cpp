// See tprt/Program.h.
#include "tprt/Program.h"
#include "core/Progress.h"
#include "core/Shards.h"
#include "tp/Support/RandomTensor.h"
#include "tp/Support/WeightFile.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <numeric>

namespace tprt {

/// Buffers of one entry on one rank; they grow with n.
struct Program::EntryMemory {
  std::vector<Buffer> inputs, outputs;
};

struct Program::RankMemory {
  /// Parameters lie one after the other in one buffer, so that small ones are in huge pages too.
  Buffer parameterMemory;
  std::vector<void *> parameters;
  std::vector<Buffer> states;
  Buffer arena;
  std::vector<EntryMemory> entries;
};

namespace {

void grow(std::vector<Buffer> &buffers, const std::vector<TensorInfo> &tensors, int64_t n, Pages pages = Pages::Huge) {
  buffers.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i)
    if (int64_t bytes = localBytes(tensors[i], n); buffers[i].size() < bytes)
      buffers[i] = Buffer(bytes, pages);
}

/// Where each of `tensors` begins in one buffer, and the buffer's size at the end; each is aligned for vectors.
std::vector<int64_t> placesOf(const std::vector<TensorInfo> &tensors) {
  std::vector<int64_t> places = {0};
  for (const TensorInfo &tensor : tensors)
    places.push_back(places.back() + (localBytes(tensor, 1) + 63) / 64 * 64);
  return places;
}

std::vector<void *> pointersOf(const std::vector<Buffer> &buffers) {
  std::vector<void *> pointers;
  for (const Buffer &buffer : buffers)
    pointers.push_back(buffer.data());
  return pointers;
}

/// One more link of a running hash, eight bytes at a time in eight chains: one multiplication would wait for the other.
uint64_t hashOf(const char *bytes, int64_t count, uint64_t hash) {
  auto add = [](uint64_t &chain, const char *from, int64_t length) {
    uint64_t word = 0;
    std::memcpy(&word, from, length);
    chain = (chain ^ word) * 0x9fb21c651e98df25u;
    chain ^= chain >> 32;
  };
  uint64_t chains[8];
  for (uint64_t c = 0; c < 8; ++c)
    chains[c] = hash + c;
  int64_t i = 0;
  for (; i + 64 <= count; i += 64)
    for (int64_t c = 0; c < 8; ++c)
      add(chains[c], bytes + i + 8 * c, 8);
  for (; i < count; i += 8)
    add(chains[0], bytes + i, std::min<int64_t>(8, count - i));
  for (const uint64_t &chain : chains)
    add(hash, reinterpret_cast<const char *>(&chain), 8);
  return hash;
}

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : ", ") + (extent < 0 ? "?" : std::to_string(extent));
  return "[" + text + "]";
}

/// What runs, as an error says it: "contract (layers.*.mlp.down_proj, entry "decode")".
std::string callText(const EntryInfo &entry, int64_t call) {
  std::string text = "entry \"" + entry.name + "\"";
  if (call >= static_cast<int64_t>(entry.calls.size()))
    return text;
  return entry.calls[call].function + " (" + entry.calls[call].where + ", " + text + ")";
}

bool fits(const std::vector<int64_t> &shape, const std::vector<int64_t> &wanted) {
  return shape.size() == wanted.size() && std::equal(shape.begin(), shape.end(), wanted.begin(),
                                                     [](int64_t is, int64_t needed) { return needed < 0 || is == needed; });
}

} // namespace

Program::Program(const Module &module, ProgramOptions given) : module(module), options(std::move(given)) {
  const Manifest &manifest = module.manifest();
  if (!options.world)
    options.world = localWorld(manifest.mesh.size(), options.timeoutSeconds);
  if (options.threads == 0)
    options.threads = options.world->threadsPerRank();
  team = std::make_unique<Ranks>(manifest.mesh, manifest.groups, options.threads, options.world);
  memories.resize(team->size());
  entryRuns.resize(manifest.entries.size());
  int64_t arenaBytes = 0;
  for (const EntryInfo &entry : manifest.entries)
    arenaBytes = std::max(arenaBytes, entry.arenaBytes);
  for (int64_t i = 0; i < team->size(); ++i) {
    team->context(i).recorder.tracing = options.tracing;
    RankMemory &memory = memories[i];
    std::vector<int64_t> places = placesOf(manifest.parameters);
    memory.parameterMemory = Buffer(places.back());
    for (size_t parameter = 0; parameter < manifest.parameters.size(); ++parameter)
      memory.parameters.push_back(memory.parameterMemory.data() + places[parameter]);
    // A cache is long and mostly empty: zeroing whole huge pages of it would take longer than what is written to them.
    grow(memory.states, manifest.states, 1, Pages::Small);
    // The plan is for the longest prompt; of an arena of a few huge pages a shorter one would bring in far more than it uses.
    constexpr int64_t manyHugePages = int64_t(1) << 26;
    memory.arena = Buffer(arenaBytes, arenaBytes < manyHugePages ? Pages::Small : Pages::Huge);
    memory.entries.resize(manifest.entries.size());
  }
  world().setActivity([] { return "loading weights"; });
  loadParameters();
  // Ranks on slower disks come later: that is no failure of the first collective.
  world().collect("loaded weights", std::vector<std::string>(team->size()));
  world().setActivity([] { return "the work between two entries"; });
}

Program::~Program() = default;

Program::RankMemory &Program::memoryOf(int64_t rank) { return memories[rank - world().firstHere()]; }

/// Checks that the weights are those the module was compiled for, and reads every rank's shards in the rank's threads.
void Program::loadParameters() {
  const Manifest &manifest = module.manifest();
  std::optional<tp::WeightFile> weights;
  bool stored = std::any_of(manifest.parameters.begin(), manifest.parameters.end(),
                            [](const TensorInfo &parameter) { return !parameter.source.tensor.empty(); });
  if (stored) {
    std::string path = options.weights ? *options.weights : module.resolve(manifest.weights.path);
    if (!std::filesystem::exists(path))
      throw tp::Error("the weights " + path + " of " + module.path() + " are not there; pass --weights");
    weights = tp::WeightFile::open(path);
    if (std::string wanted = manifest.weights.fingerprint; !wanted.empty() && weights->fingerprint() != wanted)
      throw tp::Error("weights changed since compilation: " + path + " has fingerprint " + weights->fingerprint() + ", " +
                      module.path() + " was compiled for " + wanted + "; compile it again, or pass --weights");
  }
  int64_t total = 0;
  for (const TensorInfo &parameter : manifest.parameters)
    total += localBytes(parameter, 1) * team->size();
  Progress progress("loading weights", total, options.progress);
  team->run([&](tprt_context &ctx) {
    ctx.pool.parallelFor(manifest.parameters.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const TensorInfo &parameter = manifest.parameters[i];
        loadParameter(parameter, ctx.rank, weights ? &*weights : nullptr, static_cast<char *>(memoryOf(ctx.rank).parameters[i]));
        progress.add(localBytes(parameter, 1));
      }
    });
  });
}

void Program::loadParameter(const TensorInfo &parameter, int64_t rank, const tp::WeightFile *weights, char *memory) const {
  const SourceInfo &source = parameter.source;
  if (source.tensor.empty())
    return cutShard(parameter, manifest().mesh, rank, parameter.shape, inputFor(parameter, 1), memory);

  const tp::StoredTensor &tensor = weights->at(source.tensor);
  std::vector<int64_t> offsets = source.offsets, sizes = source.sizes;
  if (sizes.empty()) {
    sizes = tensor.shape;
    offsets.assign(sizes.size(), 0);
  }
  // A vector may be stored with extents of 1 around it, and the like: the same elements in the same order.
  if (!parameter.stored && sizes.size() != parameter.shape.size() && countOf(sizes) == countOf(parameter.shape) &&
      parameter.layout.isWhole())
    return weights->readSlice(source.tensor, offsets, sizes, parameter.type, memory);
  if (sizes.size() != parameter.shape.size())
    throw tp::Error("parameter \"" + parameter.name + "\" of shape " + shapeText(parameter.shape) +
                    " cannot be read from tensor \"" + source.tensor + "\" of shape " + shapeText(sizes));
  tp::Shard shard = tp::shardOf(parameter.shape, parameter.layout, manifest().mesh, rank);
  // Where the source ends before the parameter does, the rest stays zero (bytes of zeros are blocks of zeros).
  tp::Shard there = shard;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > parameter.shape[i])
      throw tp::Error("parameter \"" + parameter.name + "\" of shape " + shapeText(parameter.shape) +
                      " is smaller than its source, tensor \"" + source.tensor + "\" of shape " + shapeText(sizes));
    there.sizes[i] = std::clamp<int64_t>(sizes[i] - shard.offsets[i], 0, shard.sizes[i]);
    there.offsets[i] = offsets[i] + (there.sizes[i] ? shard.offsets[i] : 0);
  }
  if (parameter.stored) {
    if (tensor.type.name != tp::storedType(*parameter.stored).name)
      throw tp::Error("parameter \"" + parameter.name + "\" is kept as " + tp::storedType(*parameter.stored).name +
                      ", tensor \"" + source.tensor + "\" is stored as " + tensor.type.name + "; compile the module again");
    if (there.sizes[1] != shard.sizes[1] && countOf(there.sizes) != 0)
      throw tp::Error("parameter \"" + parameter.name + "\" of shape " + shapeText(parameter.shape) +
                      " has longer rows than its source, tensor \"" + source.tensor + "\" of shape " + shapeText(sizes));
    return weights->readStored(source.tensor, there.offsets, there.sizes, memory);
  }
  if (there.sizes == shard.sizes)
    return weights->readSlice(source.tensor, there.offsets, there.sizes, parameter.type, memory);
  if (countOf(there.sizes) == 0)
    return;
  std::vector<char> part(countOf(there.sizes) * tp::bytesOf(parameter.type));
  weights->readSlice(source.tensor, there.offsets, there.sizes, parameter.type, part.data());
  std::vector<int64_t> origin(sizes.size(), 0);
  copyBox(tp::bytesOf(parameter.type), there.sizes, part.data(), there.sizes, origin, memory, shard.sizes, origin);
}

Array Program::inputFor(const TensorInfo &input, int64_t n) const {
  const std::string &name = input.source.input.empty() ? input.name : input.source.input;
  std::vector<int64_t> wanted = resolveShape(input.shape, n), whole = wanted;
  bool slice = !input.source.sizes.empty();
  if (slice)
    whole = givenShapeOf(module.manifest(), name);
  Array array;
  if (auto found = options.given.find(name); found != options.given.end()) {
    array = found->second;
    if (tp::isFloat(array.type) != tp::isFloat(input.type))
      throw tp::Error("input \"" + name + "\" holds " + std::string(tp::name(array.type)) + ", the module takes " +
                      std::string(tp::name(input.type)));
    array = array.as(input.type);
  } else if (options.randomSeed) {
    tp::HostTensor random = tp::randomTensor(input.type, whole, *options.randomSeed, name);
    array = {input.type, whole, tp::toBytes(random)};
  } else {
    throw tp::Error("input \"" + name + "\" of shape " + shapeText(input.shape) + " is not given; pass --input " + name +
                    "=FILE.npy, or --random-inputs SEED");
  }
  if (slice) {
    for (size_t i = 0; i < input.source.sizes.size(); ++i)
      if (array.shape.size() != input.source.sizes.size() || array.shape[i] < input.source.offsets[i] + input.source.sizes[i])
        throw tp::Error("input \"" + name + "\" has shape " + shapeText(array.shape) + ", the module reads up to " +
                        shapeText(whole));
    Array part = Array::zeros(input.type, input.source.sizes);
    copyBox(tp::bytesOf(input.type), part.shape, array.bytes.data(), array.shape, input.source.offsets, part.bytes.data(),
            part.shape, std::vector<int64_t>(part.shape.size(), 0));
    array = std::move(part);
  }
  if (!fits(array.shape, input.shape))
    throw tp::Error("input \"" + name + "\" has shape " + shapeText(array.shape) + ", the module takes " +
                    shapeText(input.shape));
  return array;
}

int64_t Program::extentFor(const EntryInfo &entry) const {
  if (!entry.dynamicMax)
    return 1;
  for (const TensorInfo &input : entry.inputs)
    if (auto found = options.given.find(input.name); found != options.given.end())
      for (size_t i = 0; i < input.shape.size() && i < found->second.shape.size(); ++i)
        if (input.shape[i] < 0)
          return found->second.shape[i];
  return *entry.dynamicMax;
}

int64_t Program::paddedExtent(const EntryInfo &entry, int64_t n) {
  int64_t multiple = 1;
  for (const std::vector<TensorInfo> *tensors : {&entry.inputs, &entry.outputs})
    for (const TensorInfo &tensor : *tensors)
      for (int64_t extent : tensor.localShape)
        if (extent < -1)
          multiple = std::lcm(multiple, -extent);
  for (const CollectiveInfo &collective : entry.collectives)
    for (int64_t extent : collective.operandShape)
      if (extent < -1)
        multiple = std::lcm(multiple, -extent);
  return (n + multiple - 1) / multiple * multiple;
}

void Program::run(int64_t index, int64_t n, const std::vector<const Array *> &inputs) {
  const EntryInfo &entry = manifest().entries[index];
  if (n < 1 || (entry.dynamicMax && n > *entry.dynamicMax) || (!entry.dynamicMax && n != 1))
    throw tp::Error("entry \"" + entry.name + "\" takes up to " + std::to_string(entry.dynamicMax.value_or(1)) +
                    " tokens a sequence, there are " + std::to_string(n) + "; compile with a larger --max-seq");
  if (paddedExtent(entry, n) != n)
    throw tp::Error("entry \"" + entry.name + "\" splits its tokens into parts that do not divide " + std::to_string(n) +
                    "; the next length that does is " + std::to_string(paddedExtent(entry, n)));
  if (inputs.size() != entry.inputs.size())
    throw tp::Error("entry \"" + entry.name + "\" takes " + std::to_string(entry.inputs.size()) + " inputs, there are " +
                    std::to_string(inputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i]->type != entry.inputs[i].type || inputs[i]->shape != resolveShape(entry.inputs[i].shape, n))
      throw tp::Error("input \"" + entry.inputs[i].name + "\" of entry \"" + entry.name + "\" is " +
                      std::string(tp::name(inputs[i]->type)) + shapeText(inputs[i]->shape) + ", needs " +
                      std::string(tp::name(entry.inputs[i].type)) + shapeText(resolveShape(entry.inputs[i].shape, n)));

  Clock::time_point begin = Clock::now();
  if (hashing)
    for (const TensorInfo &output : entry.outputs)
      outputHashes[output.name].resize(team->size(), 0xcbf29ce484222325u);
  world().setActivity([&] { return callText(entry, team->context(0).recorder.currentCall()); });
  team->run([&](tprt_context &ctx) {
    Recorder &recorder = ctx.recorder;
    Clock::time_point started = Clock::now();
    recorder.beginEntry(index, entry.collectives.size());
    ctx.entry = &entry;
    RankMemory &memory = memoryOf(ctx.rank);
    EntryMemory &own = memory.entries[index];
    grow(own.inputs, entry.inputs, n);
    grow(own.outputs, entry.outputs, n);
    for (size_t i = 0; i < inputs.size(); ++i)
      cutShard(entry.inputs[i], manifest().mesh, ctx.rank, inputs[i]->shape, *inputs[i], own.inputs[i].data());
    std::vector<void *> states = pointersOf(memory.states);
    std::vector<void *> in = pointersOf(own.inputs), out = pointersOf(own.outputs);
    recorder.around("place inputs", started, Clock::now());
    callEntry(ctx, [&](tprt_context *context) {
      module.entry(index)(context, memory.parameters.data(), states.data(), in.data(), out.data(), memory.arena.data(), n);
    });
    Clock::time_point ended = Clock::now();
    for (size_t i = 0; hashing && i < entry.outputs.size(); ++i) {
      uint64_t &hash = outputHashes.at(entry.outputs[i].name)[ctx.rank - world().firstHere()];
      hash = hashOf(own.outputs[i].data(), localBytes(entry.outputs[i], n), hash);
    }
    if (hashing)
      recorder.around("hash outputs", ended, Clock::now());
    recorder.around(nullptr, started, Clock::now());
  });
  world().setActivity([] { return "the work between two entries"; });
  EntryRun &run = entryRuns[index];
  ++run.executions;
  run.n = n;
  run.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<int64_t> Program::localOutputShape(int64_t entry, int64_t index) const {
  return resolveShape(manifest().entries[entry].outputs[index].localShape, entryRuns[entry].n);
}

const char *Program::localOutput(int64_t entry, int64_t index, int64_t rank) const {
  return memories[rank - world().firstHere()].entries[entry].outputs[index].data();
}

const char *Program::wholeOutput(int64_t entry, int64_t index) const {
  return manifest().entries[entry].outputs[index].layout.isWhole() ? localOutput(entry, index, world().firstHere()) : nullptr;
}

Array Program::output(int64_t entry, int64_t index) const {
  const TensorInfo &info = manifest().entries[entry].outputs[index];
  std::vector<int64_t> localShape = localOutputShape(entry, index);
  int64_t bytes = countOf(localShape) * tp::bytesOf(info.type);
  std::vector<const char *> parts;
  std::vector<std::string> collected;
  if (info.layout.isWhole()) {
    parts.assign(world().size(), wholeOutput(entry, index));
  } else if (team->size() == world().size()) {
    for (int64_t rank = 0; rank < world().size(); ++rank)
      parts.push_back(localOutput(entry, index, rank));
  } else {
    std::vector<std::string> mine;
    for (int64_t i = 0; i < team->size(); ++i)
      mine.emplace_back(localOutput(entry, index, world().firstHere() + i), bytes);
    collected = world().collect("output \"" + info.name + "\"", std::move(mine));
    for (const std::string &part : collected)
      parts.push_back(part.data());
  }
  return joinShards(info, manifest().mesh, resolveShape(info.shape, entryRuns[entry].n), parts);
}

void Program::releaseValues(int64_t entry) {
  for (RankMemory &memory : memories)
    memory.entries[entry] = {};
}

void Program::resetStates() {
  for (RankMemory &memory : memories)
    for (Buffer &state : memory.states)
      std::memset(state.data(), 0, state.size());
}

int64_t Program::bytesPerRank(int64_t index) const {
  const EntryInfo &entry = manifest().entries[index];
  int64_t n = entryRuns[index].n, bytes = entry.arenaBytes;
  for (const std::vector<TensorInfo> *tensors : {&manifest().parameters, &manifest().states, &entry.inputs, &entry.outputs})
    for (const TensorInfo &tensor : *tensors)
      bytes += localBytes(tensor, n);
  return bytes;
}

} // namespace tprt
