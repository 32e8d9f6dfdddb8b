// Picks the kernels for the processor that we run on.
#include "devices/cpu/Kernels.h"
#include "tp/Support/Error.h"

#include <cstdlib>
#include <cstring>

namespace tprt::cpu {

const char *processorIsa() {
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
            __builtin_cpu_supports("f16c");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return v4 ? "x86-64-v4" : v3 ? "x86-64-v3" : "x86-64";
}

const Kernels &kernels() {
  static const Kernels &chosen = []() -> const Kernels & {
    const char *isa = processorIsa();
    // TPRT_ISA=x86-64-v3 lets a test run the other set.
    if (const char *wanted = std::getenv("TPRT_ISA"); wanted && !std::strcmp(wanted, "x86-64-v3"))
      return v3::table;
    if (!std::strcmp(isa, "x86-64-v4"))
      return v4::table;
    if (!std::strcmp(isa, "x86-64-v3"))
      return v3::table;
    throw tp::Error("this processor has no AVX2 and FMA; the runtime needs x86-64-v3 or later");
  }();
  return chosen;
}

} // namespace tprt::cpu
