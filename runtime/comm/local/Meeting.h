// Where the ranks of one group meet: a barrier at which each leaves what it asks for and where its memory is.
//
// A rank counts its arrivals in a line of memory of its own, and waits until everybody's count has reached its own: that
// way it always knows who is missing. What a rank leaves is kept in two places that take turns, so a collective that
// works on staged copies needs one barrier only: nobody can be two collectives ahead.
#pragma once
#include "tprt/Communicator.h"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace tprt::local {

struct Offer {
  CollectiveCall call;
  const void *src = nullptr;
  void *dst = nullptr;
};

struct alignas(64) Seat {
  std::atomic<uint64_t> arrivals{0};
  /// Collectives begun, by the seat's owner only.
  uint64_t visits = 0;
  Offer offers[2];
  std::unique_ptr<char[]> staging[2];
};

class Meeting {
public:
  /// `crowded`: there are more ranks in this process than cores.
  Meeting(std::vector<int64_t> members, bool crowded)
      : members(std::move(members)), seats(this->members.size()), crowded(crowded) {}

  /// Arrives and waits for all others. `whenSlow(missing)` is called about once a millisecond with the indices that had
  /// not arrived a moment ago; it throws to give up.
  void arriveAndWait(int64_t index, const std::function<void(const std::vector<int64_t> &)> &whenSlow);

  /// Of `missing`, those that will not come to where `index` waits: they have left, and without having come. One may come, do the
  /// rest and leave while this is asked, so `hasLeft` is asked first.
  std::vector<int64_t> lost(int64_t index, const std::vector<int64_t> &missing,
                            const std::function<bool(int64_t)> &hasLeft) const;

  const std::vector<int64_t> members;
  std::vector<Seat> seats;
  const bool crowded;

private:
  bool isMissing(int64_t peer, int64_t index) const {
    return seats[peer].arrivals.load(std::memory_order_acquire) < seats[index].arrivals.load(std::memory_order_relaxed);
  }
};

} // namespace tprt::local
