// See tprt/Context.h.
#include "tprt/Context.h"
#include "devices/cpu/RotationTable.h"
#include "tp/Support/Error.h"
#include "tprt/Communicator.h"

#include <algorithm>

namespace tprt {

Group makeGroup(const tp::Mesh &mesh, const std::vector<tp::AxisPart> &parts, int64_t rank) {
  for (const tp::AxisPart &part : parts)
    if (std::string problem = mesh.problemWith(part); !problem.empty())
      throw tp::Error(problem);
  Group group{parts, mesh.groupOf(parts, rank), 0};
  group.index = std::find(group.members.begin(), group.members.end(), rank) - group.members.begin();
  return group;
}

} // namespace tprt

tprt_context::tprt_context(int64_t rank, int64_t threads, std::unique_ptr<tprt::Communicator> communicator)
    : rank(rank), pool(threads), communicator(std::move(communicator)) {}
tprt_context::~tprt_context() = default;

void *tprt_context::scratch(int64_t bytes) {
  if (scratchBytes < bytes + 64) {
    scratchBytes = 0;
    scratchMemory.reset();
    // Not filled: its pages come when they are written, to the thread that writes them.
    int64_t roomy = bytes + bytes / 2 + 64;
    scratchMemory = std::make_unique_for_overwrite<char[]>(roomy);
    scratchBytes = roomy;
  }
  uintptr_t address = reinterpret_cast<uintptr_t>(scratchMemory.get());
  return reinterpret_cast<void *>((address + 63) & ~uintptr_t(63));
}
