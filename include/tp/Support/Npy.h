// NumPy's .npy files: a short text header and then the elements as they lie in memory, little-endian, C order.
//
// NumPy has no bf16, so tensors of that type are written as float32, which holds every one of its values.
#pragma once
#include "tp/Support/HostTensor.h"
#include "tp/Support/MappedFile.h"

#include <string>
#include <vector>

namespace tp {

/// An .npy file whose elements are still in the mapped file.
struct NpyFile {
  DType type;
  std::vector<int64_t> shape;
  MappedFile file;
  /// The elements, row-major; not necessarily aligned.
  const char *elements;
  int64_t count() const;
  int64_t byteCount() const { return count() * bytesOf(type); }
};

/// Opens `path`. Throws Error for anything but f2, f4, f8, i1, i2, i4, i8, u1 and bool in little-endian C order, and
/// for a file whose size is not what its header says.
NpyFile openNpy(const std::string &path);
/// The whole file as a tensor.
HostTensor readNpy(const std::string &path);

/// Writes `path` whole or not at all. `elements`: packed row-major memory of `type`.
void writeNpy(const std::string &path, DType type, const std::vector<int64_t> &shape, const void *elements);
void writeNpy(const std::string &path, const HostTensor &tensor);

} // namespace tp
