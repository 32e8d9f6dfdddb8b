// From a path to a module: what kind of model it is, what its file holds, the plan, the graph, and what a runtime must know.
#include "tp/Import/Import.h"

#include "LlamaConfig.h"

#include "dialects/nn/Nn.h"
#include "tp/Support/Error.h"
#include "tp/Support/Gguf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <filesystem>

using namespace mlir;
namespace fs = std::filesystem;

namespace tp {

static bool isGgufPath(const std::string &path) { return fs::path(path).extension() == ".gguf"; }

bool isModelPath(const std::string &path) { return isGgufPath(path) || fs::is_directory(path); }

// The weights of a Hugging Face folder, where it has any.
static std::optional<WeightFile> openFolder(const std::string &folder, bool needsWeights) {
  bool any = false;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder))
    any |= entry.path().extension() == ".safetensors" || entry.path().filename() == "model.safetensors.index.json";
  if (!any && !needsWeights)
    return std::nullopt;
  if (!any)
    throw Error(folder + ": has a config.json, but no weights (*.safetensors)");
  return WeightFile::open(folder);
}

static int64_t sequenceBound(const ModelFacts &facts, const ImportOptions &options) {
  if (!options.maxSequence)
    return std::min<int64_t>(facts.maxSequence, 2048);
  if (!facts.maxSequenceReason.empty() && *options.maxSequence > facts.maxSequence)
    throw Error("--max-seq " + std::to_string(*options.maxSequence) + " is more than the " + std::to_string(facts.maxSequence) +
                " positions of " + facts.source + "; " + facts.maxSequenceReason);
  return *options.maxSequence;
}

// What tokenises for the model: the GGUF file itself or the folder; nothing where there is no tokenizer.
static DictionaryAttr tokenizerAttr(MLIRContext *context, const std::string &path, const std::optional<WeightFile> &file) {
  bool isGguf = isGgufPath(path);
  auto has = [&](const char *name) { return fs::exists(fs::path(path) / name); };
  if (isGguf ? !file->gguf()->has("tokenizer.ggml.model") : !has("tokenizer.json") && !has("vocab.txt"))
    return {};
  Builder builder(context);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("format", builder.getStringAttr(isGguf ? "gguf" : "hf")),
       builder.getNamedAttr("path", builder.getStringAttr(fs::absolute(path).lexically_normal().string()))});
}

static DictionaryAttr modelAttr(MLIRContext *context, const ModelFacts &facts, int64_t batch, int64_t maxSequence,
                                DictionaryAttr tokenizer) {
  Builder builder(context);
  SmallVector<NamedAttribute> entries;
  auto add = [&](StringRef name, Attribute value) { entries.push_back(builder.getNamedAttr(name, value)); };
  add("kind", builder.getStringAttr(facts.kind));
  add("batch", builder.getI64IntegerAttr(batch));
  add("max_seq", builder.getI64IntegerAttr(maxSequence));
  add("vocab", builder.getI64IntegerAttr(facts.vocabulary));
  add("eos", builder.getDenseI64ArrayAttr(facts.endTokens));
  add("bos", builder.getI64IntegerAttr(facts.beginToken));
  add("add_bos", builder.getBoolAttr(facts.addBeginToken));
  if (tokenizer)
    add("tokenizer", tokenizer);
  return builder.getDictionaryAttr(entries);
}

static DictionaryAttr weightsAttr(MLIRContext *context, const std::string &path, const std::optional<WeightFile> &file) {
  Builder builder(context);
  std::string absolute = fs::absolute(path).lexically_normal().string();
  return builder.getDictionaryAttr({builder.getNamedAttr("path", builder.getStringAttr(file ? absolute : "")),
                                    builder.getNamedAttr("format", builder.getStringAttr(file ? file->format() : "none")),
                                    builder.getNamedAttr("fingerprint", builder.getStringAttr(file ? file->fingerprint() : ""))});
}

static void addMesh(OpBuilder &builder, const Mesh &mesh) {
  SmallVector<StringRef> names;
  SmallVector<int64_t> sizes;
  for (const MeshAxis &axis : mesh.axes) {
    names.push_back(axis.name);
    sizes.push_back(axis.size);
  }
  MeshOp::create(builder, builder.getUnknownLoc(), builder.getStringAttr("mesh"), builder.getStrArrayAttr(names),
                 builder.getDenseI64ArrayAttr(sizes), StringAttr());
}

// Matrices that take less room in the file than in f32 say how they are stored: --tp-keep-stored may leave them so.
static void noteStoredFormats(ModuleOp module, const WeightFile &file) {
  Builder builder(module.getContext());
  for (auto parameter : module.getOps<nn::ParameterOp>()) {
    auto type = cast<RankedTensorType>(parameter.getType());
    NamedAttrList source(parameter.getSourceAttr());
    auto name = dyn_cast_or_null<StringAttr>(source.get("tensor"));
    const StoredTensor *tensor = name ? file.find(name.str()) : nullptr;
    if (!tensor || !type.getElementType().isF32() || type.getRank() != 2 || tensor->shape.size() != 2 ||
        !storedFormat(tensor->type.name))
      continue;
    source.set("stored", builder.getStringAttr(tensor->type.name));
    parameter.setSourceAttr(source.getDictionary(module.getContext()));
  }
}

OwningOpRef<ModuleOp> importModel(MLIRContext &context, const std::string &path, const ImportOptions &options) {
  context.loadDialect<TPDialect, nn::NNDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect>();
  bool isGguf = isGgufPath(path);
  std::optional<WeightFile> file;
  ModelFamily family;
  if (isGguf) {
    file = WeightFile::open(path);
    family = llamaFamily(readGgufConfig(*file), /*isGguf=*/true);
  } else {
    ModelFolder folder = openModelFolder(path);
    file = openFolder(path, options.needsWeights);
    folder.weights = file ? &*file : nullptr;
    family = folder.architecture->read(folder);
  }
  const ModelFacts &facts = family.facts;
  ModelPlan plan = planModel(family.weights, options);
  if (file)
    checkWeights(family.weights, facts.source, *file);
  int64_t maxSequence = sequenceBound(facts, options);

  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder(module->getBodyRegion());
  addMesh(builder, options.mesh);
  family.build(*module, plan, {options.type, options.batch, maxSequence});
  (*module)->setAttr("tp.model", modelAttr(&context, facts, options.batch, maxSequence, tokenizerAttr(&context, path, file)));
  (*module)->setAttr("tp.weights", weightsAttr(&context, path, file));
  if (file && options.keepStored)
    noteStoredFormats(*module, *file);
  return module;
}

} // namespace tp
