// See ThreadScratch.h.
#include "devices/cpu/ThreadScratch.h"

#include <vector>

namespace tprt::cpu {

float *threadScratch(int64_t count) {
  thread_local std::vector<float> memory;
  if (static_cast<int64_t>(memory.size()) < count + 16)
    memory = std::vector<float>(count + count / 2 + 16);
  uintptr_t address = reinterpret_cast<uintptr_t>(memory.data());
  return reinterpret_cast<float *>((address + 63) & ~uintptr_t(63));
}

} // namespace tprt::cpu
