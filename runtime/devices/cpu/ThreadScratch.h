// Scratch memory of the calling thread, for pieces of a parallel loop (the rank's own scratch is tprt_context::scratch).
#pragma once
#include <cstdint>

namespace tprt::cpu {

/// At least `count` floats, 64-byte aligned, overwritten by this thread's next call.
float *threadScratch(int64_t count);

} // namespace tprt::cpu
