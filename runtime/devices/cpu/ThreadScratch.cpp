// See ThreadScratch.h. Room for growth is not written to, so it takes no memory until it is used.
#include "devices/cpu/ThreadScratch.h"

#include <memory>

namespace tprt::cpu {

float *threadScratch(int64_t count) {
  thread_local std::unique_ptr<float[]> memory;
  thread_local int64_t size = 0;
  if (size < count + 16) {
    int64_t roomy = count + count / 2 + 16;
    size = 0;
    memory.reset();
    memory = std::make_unique_for_overwrite<float[]>(roomy);
    size = roomy;
  }
  uintptr_t address = reinterpret_cast<uintptr_t>(memory.get());
  return reinterpret_cast<float *>((address + 63) & ~uintptr_t(63));
}

} // namespace tprt::cpu
