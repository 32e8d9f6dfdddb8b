// See Meeting.h.
#include "comm/local/Meeting.h"
#include "tprt/Wait.h"

namespace tprt::local {

void Meeting::arriveAndWait(int64_t index, const std::function<void(const std::vector<int64_t> &)> &whenSlow) {
  uint64_t mine = seats[index].arrivals.load(std::memory_order_relaxed) + 1;
  seats[index].arrivals.store(mine, std::memory_order_release);
  Wait wait(crowded);
  for (size_t peer = 0; peer < seats.size();) {
    if (seats[peer].arrivals.load(std::memory_order_acquire) >= mine) {
      ++peer;
      continue;
    }
    if (!wait.pause())
      continue;
    std::vector<int64_t> missing;
    for (size_t i = 0; i < seats.size(); ++i)
      if (seats[i].arrivals.load(std::memory_order_acquire) < mine)
        missing.push_back(static_cast<int64_t>(i));
    if (!missing.empty())
      whenSlow(missing);
  }
}

} // namespace tprt::local
