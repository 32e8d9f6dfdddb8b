// See Shards.h.
#include "core/Shards.h"
#include "devices/cpu/Kernels.h"

#include <algorithm>
#include <cstring>

namespace tprt {

void cutShard(const TensorInfo &info, const tp::Mesh &mesh, int64_t rank, const std::vector<int64_t> &shape, const Array &whole,
              char *memory) {
  tp::Shard shard = tp::shardOf(shape, info.layout, mesh, rank);
  int64_t count = countOf(shard.sizes);
  if (info.layout.isPartial() && mesh.indexAlong(info.layout.partial, rank) != 0)
    return cpu::kernels().reduceSources(info.type, info.layout.reduction, nullptr, 0, 0, count, memory);
  tp::Shard there = shard;
  for (size_t i = 0; i < shape.size(); ++i)
    there.sizes[i] = std::clamp<int64_t>(whole.shape[i] - shard.offsets[i], 0, shard.sizes[i]);
  if (there.sizes != shard.sizes)
    std::memset(memory, 0, count * tp::bytesOf(info.type));
  copyBox(tp::bytesOf(info.type), there.sizes, whole.bytes.data(), whole.shape, shard.offsets, memory, shard.sizes,
          std::vector<int64_t>(shape.size(), 0));
}

Array joinShards(const TensorInfo &info, const tp::Mesh &mesh, const std::vector<int64_t> &shape,
                 const std::vector<const char *> &parts) {
  Array whole = Array::zeros(info.type, shape);
  int64_t element = tp::bytesOf(info.type);
  std::vector<int64_t> origin(shape.size(), 0);
  // Every place is written once: by the first rank that holds it.
  std::vector<std::vector<int64_t>> written;
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    tp::Shard shard = tp::shardOf(shape, info.layout, mesh, rank);
    if (std::find(written.begin(), written.end(), shard.offsets) != written.end())
      continue;
    written.push_back(shard.offsets);
    const void *part = parts[rank];
    std::vector<char> total;
    if (info.layout.isPartial()) {
      std::vector<const void *> terms;
      for (int64_t peer : mesh.groupOf(info.layout.partial, rank))
        terms.push_back(parts[peer]);
      int64_t count = countOf(shard.sizes);
      total.resize(count * element);
      cpu::kernels().reduceSources(info.type, info.layout.reduction, terms.data(), terms.size(), 0, count, total.data());
      part = total.data();
    }
    copyBox(element, shard.sizes, part, shard.sizes, origin, whole.bytes.data(), shape, shard.offsets);
  }
  return whole;
}

std::vector<int64_t> givenShapeOf(const Manifest &manifest, const std::string &name) {
  std::vector<int64_t> shape;
  auto visit = [&](const std::vector<TensorInfo> &tensors) {
    for (const TensorInfo &tensor : tensors) {
      const SourceInfo &source = tensor.source;
      if (source.input != name || source.sizes.empty())
        continue;
      shape.resize(std::max(shape.size(), source.sizes.size()), 0);
      for (size_t i = 0; i < source.sizes.size(); ++i)
        shape[i] = std::max(shape[i], source.offsets[i] + source.sizes[i]);
    }
  };
  visit(manifest.parameters);
  for (const EntryInfo &entry : manifest.entries)
    visit(entry.inputs);
  return shape;
}

} // namespace tprt
