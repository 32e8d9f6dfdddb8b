// See tprt/Manifest.h.
#include "tprt/Manifest.h"
#include "tp/Support/MappedFile.h"
#include "tprt/Abi.h"

#include <algorithm>
#include <cstring>
#include <elf.h>

namespace tprt {

namespace {

constexpr std::string_view marker = "TPM-MANIFEST-1\n";

/// A library that is cut off would be found out by a bus error while it is loaded, so its segments are checked here.
void checkElf(const tp::MappedFile &file) {
  std::string_view text = file.text();
  Elf64_Ehdr header;
  if (text.size() < sizeof header || std::memcmp(text.data(), ELFMAG, SELFMAG) != 0)
    throw tp::Error(file.path() + " is no compiled module (.tpm)");
  std::memcpy(&header, text.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
    throw tp::Error(file.path() + " is compiled for another kind of processor, this one is x86-64; compile it here");
  if (header.e_type != ET_DYN)
    throw tp::Error(file.path() + " is no compiled module (.tpm): it is an ELF file of type " + std::to_string(header.e_type) +
                    ", needs a shared object");
  auto cutOff = [&] {
    return tp::Error(file.path() + " is cut off after " + std::to_string(text.size()) + " bytes; compile it again");
  };
  // The table of sections, if there is one, is the last thing in the file.
  if (header.e_shoff > text.size() || uint64_t(header.e_shnum) * header.e_shentsize > text.size() - header.e_shoff)
    throw cutOff();
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    uint64_t at = header.e_phoff + i * sizeof segment;
    bool fits =
        header.e_phentsize == sizeof segment && at >= header.e_phoff && at <= text.size() && sizeof segment <= text.size() - at;
    if (fits) {
      std::memcpy(&segment, text.data() + at, sizeof segment);
      fits = segment.p_filesz <= text.size() && segment.p_offset <= text.size() - segment.p_filesz;
    }
    if (!fits)
      throw cutOff();
  }
}

constexpr int64_t mostElements = int64_t(1) << 48;

/// Refuses `least` below 0 and `most` above 2^48: what is within can be added and multiplied by an element's size.
void checkRange(int64_t least, int64_t most, const char *role, const std::string &what) {
  if (least < 0 || most > mostElements)
    throw tp::Error(what + ": " + role + " is " + std::to_string(least < 0 ? least : most) + ", needs 0 to 2^48");
}

SourceInfo parseSource(const tp::Json &json, const std::string &what) {
  SourceInfo source;
  source.tensor = tp::stringAt(json, "tensor", what, "");
  source.input = tp::stringAt(json, "input", what, "");
  if (tp::findKey(json, "offsets"))
    source.offsets = tp::intsAt(json, "offsets", what);
  if (tp::findKey(json, "sizes"))
    source.sizes = tp::intsAt(json, "sizes", what);
  if (source.offsets.size() != source.sizes.size())
    throw tp::Error(what + ": a source has " + std::to_string(source.offsets.size()) + " offsets and " +
                    std::to_string(source.sizes.size()) + " sizes");
  for (size_t i = 0; i < source.sizes.size(); ++i)
    checkRange(std::min(source.offsets[i], source.sizes[i]), std::max(source.offsets[i], source.sizes[i]), "a source's slice",
               what);
  return source;
}

/// A product that overflows or an extent below what it may be is refused, so that sizes can be trusted from here on.
void checkShape(const TensorInfo &tensor, const tp::Mesh &mesh, std::optional<int64_t> dynamicMax, const std::string &what) {
  std::string name = what + ": \"" + tensor.name + "\"";
  if (std::string problem = tp::problemWith(tensor.layout, tensor.shape, mesh); !problem.empty())
    throw tp::Error(name + ": " + problem);
  if (tensor.localShape.size() != tensor.shape.size())
    throw tp::Error(name + " has a shape of " + std::to_string(tensor.shape.size()) + " dimensions and a local one of " +
                    std::to_string(tensor.localShape.size()));
  int64_t count = 1;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    bool dynamic = tensor.shape[i] == -1 && dynamicMax;
    int64_t wanted =
        dynamic ? -mesh.sizeOf(tensor.layout.dims[i].axes) : tp::localSize(tensor.shape[i], tensor.layout.dims[i].axes, mesh);
    if ((tensor.shape[i] < 0 && !dynamic) || tensor.localShape[i] != wanted)
      throw tp::Error(name + " has extent " + std::to_string(tensor.shape[i]) + ", locally " +
                      std::to_string(tensor.localShape[i]) + ", in dimension " + std::to_string(i) + " of layout " +
                      tensor.layout.str());
    if (__builtin_mul_overflow(count, dynamic ? *dynamicMax : tensor.shape[i], &count) || count > mostElements)
      throw tp::Error(name + " has more than 2^48 elements");
  }
}

TensorInfo parseTensor(const tp::Json &json, const tp::Mesh &mesh, std::optional<int64_t> dynamicMax, const std::string &what) {
  TensorInfo tensor;
  tensor.name = tp::stringAt(json, "name", what);
  tensor.shape = tp::intsAt(json, "shape", what);
  std::string type = tp::stringAt(json, "dtype", what), layout = tp::stringAt(json, "layout", what);
  try {
    tensor.type = tp::parseDType(type);
    tensor.layout = tp::Layout::parse(layout);
  } catch (const tp::Error &error) {
    throw tp::Error(what + ": \"" + tensor.name + "\": " + error.what());
  }
  tensor.localShape = tp::intsAt(json, "local_shape", what);
  if (const tp::Json *source = tp::findKey(json, "source"))
    tensor.source = parseSource(*source, what);
  checkShape(tensor, mesh, dynamicMax, what);
  if (std::string format = tp::stringAt(json, "stored", what, ""); !format.empty()) {
    tensor.stored = tp::storedFormat(format);
    std::string name = what + ": \"" + tensor.name + "\"";
    if (!tensor.stored)
      throw tp::Error(name + " is kept as " + format + ", which this runtime does not know");
    if (tensor.shape.size() != 2 || tensor.source.tensor.empty() || tensor.type != tp::DType::F32 ||
        tensor.localShape[1] % tp::storedType(*tensor.stored).blockElements)
      throw tp::Error(name + " is kept as " + format + ", but is no f32 matrix of whole blocks of a weight file");
  }
  return tensor;
}

/// `dynamicMax`: the largest n of the entry; without it no extent may be dynamic.
std::vector<TensorInfo> parseTensors(const tp::Json &json, const char *key, const tp::Mesh &mesh,
                                     std::optional<int64_t> dynamicMax, const std::string &what) {
  std::vector<TensorInfo> tensors;
  for (const tp::Json &element : tp::arrayAt(json, key, what))
    tensors.push_back(parseTensor(element, mesh, dynamicMax, what));
  return tensors;
}

CollectiveInfo parseCollective(const tp::Json &json, const tp::Mesh &mesh, const std::vector<std::vector<tp::AxisPart>> &groups,
                               std::optional<int64_t> dynamicMax, const std::string &what) {
  CollectiveInfo info;
  info.kind = tp::stringAt(json, "kind", what);
  info.group = tp::intAt(json, "group", what);
  if (info.group < 0 || info.group >= static_cast<int64_t>(groups.size()))
    throw tp::Error(what + ": a collective names group " + std::to_string(info.group) + " of " + std::to_string(groups.size()));
  info.axes = tp::stringsAt(json, "axes", what);
  info.groupSize = tp::intAt(json, "group_size", what);
  info.reduce = tp::stringAt(json, "reduce", what, "");
  info.type = tp::stringAt(json, "dtype", what);
  if (int64_t size = mesh.sizeOf(groups[info.group]); info.groupSize != size)
    throw tp::Error(what + ": a collective over group " + std::to_string(info.group) + " of " + std::to_string(size) +
                    " ranks says that they are " + std::to_string(info.groupSize));
  info.operandShape = tp::intsAt(json, "operand_shape", what);
  int64_t count = 1;
  for (int64_t extent : info.operandShape) {
    // -1 is n and -k is a k-th of it, for a split over at most the ranks there are.
    bool dynamic = extent < 0 && extent >= -mesh.size() && dynamicMax;
    if ((extent < 0 && !dynamic) || __builtin_mul_overflow(count, dynamic ? *dynamicMax : extent, &count) || count > mostElements)
      throw tp::Error(what + ": a collective's operand has extent " + std::to_string(extent) + " or more than 2^48 elements");
  }
  info.where = tp::stringAt(json, "where", what, "");
  info.why = tp::stringAt(json, "why", what, "");
  return info;
}

// [function, where] or [function, where, kernel]
CallInfo parseCall(const tp::Json &json, const std::string &what) {
  bool isCall = json.is_array() && (json.size() == 2 || json.size() == 3) &&
                std::all_of(json.begin(), json.end(), [](const tp::Json &text) { return text.is_string(); });
  if (!isCall)
    throw tp::Error(what + ": a call is a list of two or three texts, not " + json.dump());
  return {json[0], json[1], json.size() == 3 ? json[2].get<std::string>() : ""};
}

EntryInfo parseEntry(const tp::Json &json, const tp::Mesh &mesh, const std::vector<std::vector<tp::AxisPart>> &groups,
                     const std::string &file) {
  EntryInfo entry;
  entry.name = tp::stringAt(json, "name", file);
  std::string what = file + ": entry \"" + entry.name + "\"";
  entry.symbol = tp::stringAt(json, "symbol", what);
  if (const tp::Json *dynamic = tp::findKey(json, "dynamic"))
    entry.dynamicMax = tp::intAt(*dynamic, "max", what);
  if (entry.dynamicMax && (*entry.dynamicMax < 1 || *entry.dynamicMax > int64_t(1) << 31))
    throw tp::Error(what + " takes up to " + std::to_string(*entry.dynamicMax) + " tokens a sequence, needs 1 to 2^31");
  entry.tokens = tp::intAt(json, "tokens", what, 0);
  // Reports multiply it by n.
  if (entry.tokens < 0 || entry.tokens > int64_t(1) << 31)
    throw tp::Error(what + " is planned for " + std::to_string(entry.tokens) + " tokens, needs 0 to 2^31");
  entry.inputs = parseTensors(json, "inputs", mesh, entry.dynamicMax, what);
  entry.outputs = parseTensors(json, "outputs", mesh, entry.dynamicMax, what);
  entry.arenaBytes = tp::intAt(json, "arena_bytes", what);
  checkRange(entry.arenaBytes, entry.arenaBytes, "the arena's size in bytes", what);
  for (const tp::Json &element : tp::arrayAt(json, "collectives", what))
    entry.collectives.push_back(parseCollective(element, mesh, groups, entry.dynamicMax, what));
  if (tp::findKey(json, "calls"))
    for (const tp::Json &element : tp::arrayAt(json, "calls", what))
      entry.calls.push_back(parseCall(element, what));
  if (tp::findKey(json, "tensors"))
    tp::arrayAt(json, "tensors", what);
  return entry;
}

ModelInfo parseModel(const tp::Json &json, const std::string &what) {
  ModelInfo model;
  model.kind = tp::stringAt(json, "kind", what, model.kind);
  model.batch = tp::intAt(json, "batch", what, 1);
  model.maxSequence = tp::intAt(json, "max_seq", what, 0);
  model.vocabulary = tp::intAt(json, "vocab", what, 0);
  if (model.batch < 1 || model.batch > int64_t(1) << 24 || model.maxSequence < 0 || model.maxSequence > int64_t(1) << 31 ||
      model.vocabulary < 0 || model.vocabulary > int64_t(1) << 31)
    throw tp::Error(what + ": the model has a batch of " + std::to_string(model.batch) + ", sequences of " +
                    std::to_string(model.maxSequence) + " and a vocabulary of " + std::to_string(model.vocabulary) +
                    "; needs 1 to 2^24, and 0 to 2^31");
  model.bos = tp::intAt(json, "bos", what, -1);
  model.addBos = tp::boolAt(json, "add_bos", what, false);
  if (tp::findKey(json, "eos"))
    model.eos = tp::intsAt(json, "eos", what);
  if (const tp::Json *tokenizer = tp::findKey(json, "tokenizer")) {
    model.tokenizerFormat = tp::stringAt(*tokenizer, "format", what, "");
    model.tokenizerPath = tp::stringAt(*tokenizer, "path", what, "");
  }
  return model;
}

} // namespace

int64_t Manifest::findEntry(const std::string &name) const {
  for (size_t i = 0; i < entries.size(); ++i)
    if (entries[i].name == name)
      return static_cast<int64_t>(i);
  return -1;
}

std::vector<int64_t> resolveShape(std::vector<int64_t> shape, int64_t n) {
  for (int64_t &extent : shape)
    if (extent < 0)
      extent = (n - extent - 1) / -extent;
  return shape;
}

int64_t localBytes(const TensorInfo &tensor, int64_t n) {
  int64_t count = countOf(resolveShape(tensor.localShape, n));
  if (!tensor.stored)
    return count * tp::bytesOf(tensor.type);
  tp::StoredType stored = tp::storedType(*tensor.stored);
  return count / stored.blockElements * stored.blockBytes;
}

int64_t countOf(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

std::string readManifestText(const std::string &path) {
  tp::MappedFile file(path);
  checkElf(file);
  std::string_view text = file.text();
  for (size_t at = text.find(marker); at != text.npos; at = text.find(marker, at + 1)) {
    size_t begin = at + marker.size();
    if (begin >= text.size() || text[begin] != '{')
      continue;
    size_t end = text.find('\0', begin);
    if (end == text.npos)
      throw tp::Error(path + " is cut off inside its manifest; compile it again");
    return std::string(text.substr(begin, end - begin));
  }
  throw tp::Error(path + " is no compiled module (.tpm): it has no manifest");
}

std::vector<tp::Json> tensorsOfEntries(std::string_view text, const std::string &what) {
  tp::Json json = tp::parseJson(text, what + " (manifest)", {"calls"});
  std::vector<tp::Json> tensors;
  for (const tp::Json &entry : tp::arrayAt(json, "entries", what))
    tensors.push_back(tp::findKey(entry, "tensors") ? tp::arrayAt(entry, "tensors", what) : tp::Json::array());
  return tensors;
}

Manifest parseManifest(const std::string &text, const std::string &what) {
  Manifest manifest;
  tp::Json json = tp::parseJson(text, what + " (manifest)", {"tensors"});
  if (int64_t version = tp::intAt(json, "abi_version", what); version != abiVersion)
    throw tp::Error(what + " has ABI version " + std::to_string(version) + ", this runtime needs " + std::to_string(abiVersion) +
                    "; compile it again");
  manifest.version = tp::stringAt(json, "tp_version", what, "");
  manifest.target = tp::stringAt(json, "target", what);
  manifest.isa = tp::stringAt(json, "isa", what, "");
  int64_t ranks = 1;
  for (const auto &[axis, size] : tp::objectAt(json, "mesh", what).items()) {
    manifest.mesh.axes.push_back({axis, tp::asInt(size, axis, what)});
    if (manifest.mesh.axes.back().size < 1 || __builtin_mul_overflow(ranks, manifest.mesh.axes.back().size, &ranks) ||
        ranks > 4096)
      throw tp::Error(what + ": mesh axis \"" + axis + "\" has size " + size.dump() + "; a mesh has 1 to 4096 ranks");
  }
  if (const tp::Json *model = tp::findKey(json, "model"))
    manifest.model = parseModel(*model, what);
  if (const tp::Json *weights = tp::findKey(json, "weights")) {
    manifest.weights.path = tp::stringAt(*weights, "path", what, "");
    manifest.weights.format = tp::stringAt(*weights, "format", what, "none");
    manifest.weights.fingerprint = tp::stringAt(*weights, "fingerprint", what, "");
  }
  for (const tp::Json &group : tp::arrayAt(json, "groups", what)) {
    std::vector<tp::AxisPart> parts;
    for (const tp::Json &part : tp::arrayAt(group, "parts", what)) {
      parts.push_back({tp::stringAt(part, "axis", what), tp::intAt(part, "pre", what, 1), tp::intAt(part, "size", what, 0)});
      if (std::string problem = manifest.mesh.problemWith(parts.back()); !problem.empty())
        throw tp::Error(what + ": " + problem);
      for (size_t i = 0; i + 1 < parts.size(); ++i)
        if (manifest.mesh.overlap(parts[i], parts.back()))
          throw tp::Error(what + ": a group uses axis \"" + tp::str(parts.back()) + "\" twice");
    }
    manifest.groups.push_back(parts);
  }
  manifest.parameters = parseTensors(json, "parameters", manifest.mesh, std::nullopt, what);
  manifest.states = parseTensors(json, "states", manifest.mesh, std::nullopt, what);
  for (const tp::Json &entry : tp::arrayAt(json, "entries", what))
    manifest.entries.push_back(parseEntry(entry, manifest.mesh, manifest.groups, what));
  return manifest;
}

} // namespace tprt
