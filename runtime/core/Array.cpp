// See tprt/Array.h.
#include "tprt/Array.h"
#include "devices/cpu/Kernels.h"
#include "tp/Support/Error.h"
#include "tp/Support/Npy.h"
#include "tprt/Manifest.h"

#include <cstring>
#include <sys/mman.h>

namespace tprt {

Array Array::zeros(tp::DType type, std::vector<int64_t> shape) {
  int64_t bytes = countOf(shape) * tp::bytesOf(type);
  return {type, std::move(shape), std::vector<char>(bytes)};
}

Array Array::readNpy(const std::string &path) {
  tp::NpyFile file = tp::openNpy(path);
  return {file.type, file.shape, std::vector<char>(file.elements, file.elements + file.byteCount())};
}

void Array::writeNpy(const std::string &path) const {
  if (type == tp::DType::BF16)
    return as(tp::DType::F32).writeNpy(path);
  tp::writeNpy(path, type, shape, bytes.data());
}

int64_t Array::count() const { return countOf(shape); }

Array Array::as(tp::DType to) const {
  if (to == type)
    return *this;
  Array result = zeros(to, shape);
  cpu::kernels().convert(type, to, bytes.data(), result.bytes.data(), count());
  return result;
}

Buffer::Buffer(int64_t bytes, Pages pages) : byteCount(bytes) {
  if (bytes == 0)
    return;
  void *address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED)
    throw tp::Error("cannot get " + std::to_string(bytes) + " bytes of memory: " + std::strerror(errno));
  if (pages == Pages::Huge && bytes >= (int64_t(1) << 21))
    madvise(address, bytes, MADV_HUGEPAGE);
  memory = std::unique_ptr<char, Unmap>(static_cast<char *>(address), Unmap{bytes});
}

void Buffer::Unmap::operator()(char *memory) const { munmap(memory, bytes); }

void copyBox(int64_t elementBytes, const std::vector<int64_t> &sizes, const void *src, const std::vector<int64_t> &srcShape,
             const std::vector<int64_t> &srcOffsets, void *dst, const std::vector<int64_t> &dstShape,
             const std::vector<int64_t> &dstOffsets) {
  size_t rank = sizes.size();
  for (int64_t size : sizes)
    if (size == 0)
      return;
  if (rank == 0) {
    std::memcpy(dst, src, elementBytes);
    return;
  }
  std::vector<int64_t> srcStride(rank), dstStride(rank), index(rank, 0);
  int64_t from = elementBytes, to = elementBytes;
  for (size_t i = rank; i-- > 0; from *= srcShape[i], to *= dstShape[i])
    srcStride[i] = from, dstStride[i] = to;
  const char *source = static_cast<const char *>(src);
  char *destination = static_cast<char *>(dst);
  for (size_t i = 0; i < rank; ++i) {
    source += srcOffsets[i] * srcStride[i];
    destination += dstOffsets[i] * dstStride[i];
  }
  // Trailing dimensions that are whole on both sides move in one piece.
  size_t inner = rank - 1;
  int64_t run = sizes[inner] * elementBytes;
  while (inner > 0 && sizes[inner] == srcShape[inner] && sizes[inner] == dstShape[inner])
    run *= sizes[--inner];
  while (true) {
    std::memcpy(destination, source, run);
    size_t i = inner;
    while (i-- > 0) {
      source += srcStride[i];
      destination += dstStride[i];
      if (++index[i] < sizes[i])
        break;
      source -= sizes[i] * srcStride[i];
      destination -= sizes[i] * dstStride[i];
      index[i] = 0;
    }
    if (i == static_cast<size_t>(-1))
      return;
  }
}

} // namespace tprt
