// The door that libFuzzer calls: runs the one target of this program.
#include "FuzzTarget.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tp::fuzz::isRefused(tp::fuzz::targets().front(), {reinterpret_cast<const char *>(data), size});
  return 0;
}
