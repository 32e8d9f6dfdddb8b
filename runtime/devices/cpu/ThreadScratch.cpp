// See ThreadScratch.h.
#include "devices/cpu/ThreadScratch.h"
#include "tprt/Scratch.h"

namespace tprt::cpu {

float *threadScratch(int64_t count) {
  thread_local Scratch memory;
  return static_cast<float *>(memory.atLeast(count * int64_t(sizeof(float))));
}

} // namespace tprt::cpu
