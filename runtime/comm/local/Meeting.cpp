// See Meeting.h.
#include "comm/local/Meeting.h"
#include "tprt/Wait.h"

namespace tprt::local {

void Meeting::arrive(int64_t index) {
  Seat &seat = seats[index];
  uint64_t number = seat.arrivals + 1;
  seat.arrivals = number;
  seat.cards[number & 1].number.store(number, std::memory_order_release);
}

void Meeting::arriveAndWait(int64_t index, const std::function<void(const std::vector<int64_t> &)> &whenSlow) {
  arrive(index);
  Wait wait(crowded);
  for (size_t peer = 0; peer < seats.size();) {
    if (!isMissing(static_cast<int64_t>(peer), index)) {
      ++peer;
      continue;
    }
    if (!wait.pause())
      continue;
    std::vector<int64_t> missing;
    for (size_t i = 0; i < seats.size(); ++i)
      if (isMissing(static_cast<int64_t>(i), index))
        missing.push_back(static_cast<int64_t>(i));
    if (!missing.empty())
      whenSlow(missing);
  }
}

std::vector<int64_t> Meeting::lost(int64_t index, const std::vector<int64_t> &missing,
                                   const std::function<bool(int64_t)> &hasLeft) const {
  std::vector<int64_t> found;
  for (int64_t peer : missing)
    if (hasLeft(peer) && isMissing(peer, index))
      found.push_back(peer);
  return found;
}

} // namespace tprt::local
