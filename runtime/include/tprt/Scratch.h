// Memory for the time of one call, kept for the next one.
#pragma once
#include <cstdint>
#include <memory>

namespace tprt {

class Scratch {
public:
  /// At least `bytes`, 64-byte aligned, overwritten by the next call. Throws std::bad_alloc.
  void *atLeast(int64_t bytes) {
    if (size < bytes + alignment) {
      size = 0;
      memory.reset();
      // Neither this nor the room for growth is filled: pages come when they are written, to the thread that writes them.
      int64_t roomy = bytes + bytes / 2 + alignment;
      memory = std::make_unique_for_overwrite<char[]>(roomy);
      size = roomy;
    }
    uintptr_t address = reinterpret_cast<uintptr_t>(memory.get());
    return reinterpret_cast<void *>((address + alignment - 1) & ~uintptr_t(alignment - 1));
  }

private:
  static constexpr int64_t alignment = 64;
  std::unique_ptr<char[]> memory;
  int64_t size = 0;
};

} // namespace tprt
