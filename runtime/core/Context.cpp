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
