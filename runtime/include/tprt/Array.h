// A dense tensor in host memory as the runtime passes it around (packed elements, not widened), the aligned memory behind
// a rank's buffers, and copies of boxes between tensors.
#pragma once
#include "tp/Support/HostTensor.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tprt {

struct Array {
  tp::DType type = tp::DType::F32;
  std::vector<int64_t> shape;
  /// Row-major, packed.
  std::vector<char> bytes;

  static Array zeros(tp::DType type, std::vector<int64_t> shape);
  /// An .npy file. Throws Error.
  static Array readNpy(const std::string &path);
  void writeNpy(const std::string &path) const;
  int64_t count() const;
  /// The elements in another type, converted as tprt_convert does.
  Array as(tp::DType to) const;
};

/// What a large buffer asks the system for.
enum class Pages { Huge, Small };

/// Zeroed memory, 64-byte aligned; large ones in huge pages where the system has them. Pages that are never touched cost
/// nothing.
class Buffer {
public:
  Buffer() = default;
  explicit Buffer(int64_t bytes, Pages pages = Pages::Huge);
  char *data() const { return memory.get(); }
  int64_t size() const { return byteCount; }

private:
  struct Unmap {
    int64_t bytes;
    void operator()(char *memory) const;
  };
  std::unique_ptr<char, Unmap> memory;
  int64_t byteCount = 0;
};

/// Copies the box of `sizes` at `srcOffsets` of src to `dstOffsets` of dst; both dense, of elements of `elementBytes`.
void copyBox(int64_t elementBytes, const std::vector<int64_t> &sizes, const void *src, const std::vector<int64_t> &srcShape,
             const std::vector<int64_t> &srcOffsets, void *dst, const std::vector<int64_t> &dstShape,
             const std::vector<int64_t> &dstOffsets);

} // namespace tprt
