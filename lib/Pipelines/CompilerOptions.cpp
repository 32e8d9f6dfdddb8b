// The command line that tp-compile, tp-plan and tp-check have in common.
#include "tp/Pipelines/Driver.h"

#include <algorithm>
#include <filesystem>

namespace tp {

void CompilerOptions::declare(Options &options) {
  const char *what = "a graph (*.mlir), a Hugging Face folder, or a *.gguf file";
  options.argument("INPUT", input, what);
  options.add(
      "--mesh", "dp=2,tp=4", [this](std::string_view text) { mesh = Mesh::parse(text); },
      "axes of the mesh, major to minor; may be left out where INPUT has a tp.mesh");
  options.addChoice("--target", {"cpu", "cuda:sm_90", "cuda:sm_80"}, target, "what the module runs on");
  options.addChoice("--dtype", {"f32", "bf16", "f16"}, type, "element type; f32 on cpu and bf16 on cuda if not given");
  options.add(
      "--shard", "'PATTERN=[_,tp]'", [this](std::string_view text) { shards.push_back(ShardWish::parse(text)); },
      "a wish for all parameters whose names match; may be repeated, the later counts");
  options.addFlag("--no-plan", noPlan, "leave out the known plan of the model: only --shard splits anything");
  options.addFlag(
      "--expand-weights", expandWeights,
      "load every weight as f32; without it, f32 models keep matrices of 16 bits, Q8_0, Q4_0 and Q4_1 as they are stored");
  options.add("--batch", "N", batch, "number of sequences", {.least = 1, .most = int64_t(1) << 24});
  options.add("--max-seq", "N", maxSequence, "bound of the sequence; if not given, the smaller of the model's own and 2048",
              {.least = 1, .most = int64_t(1) << 31});
  options.addFlag("--mlir-timing", timing, "print where the time goes, by phase and pass, to standard error");
  options.addChoice("--tp-stop-after", phaseNames(), stopAfter, "print the program after this phase and stop");
}

void CompilerOptions::check() const {
  if (!isGraph()) {
    if (!mesh)
      throw UsageError("--mesh is missing, as in --mesh tp=2");
    return;
  }
  if (type)
    throw UsageError("--dtype is for models: the element types of a graph stand in it");
  if (expandWeights)
    throw UsageError("--expand-weights is for models: a graph has no weight file");
  if (maxSequence || batch != 1)
    throw UsageError(std::string(maxSequence ? "--max-seq" : "--batch") + " is for models: the sizes of a graph stand in it");
}

bool CompilerOptions::isGraph() const { return std::filesystem::path(input).extension() == ".mlir"; }

DType CompilerOptions::elementType() const {
  if (type)
    return parseDType(*type);
  return target == "cpu" ? DType::F32 : DType::BF16;
}

} // namespace tp
