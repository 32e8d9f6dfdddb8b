// Where the ranks of one group meet: a barrier at which each leaves what it asks for and where its memory is.
//
// Arrivals are numbered. A rank's card for an arrival bears the number, in one line of memory with a fingerprint of what it calls
// and the operand itself where that is small: who waits for the number has all of it with the line that tells it that the other has
// come. Two cards take turns, and so do the offers. That is enough: who writes its card for arrival n has seen all others come to
// n - 1, so they have done with what they came together for at n - 2.
#pragma once
#include "tprt/Communicator.h"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace tprt::local {

/// Operands up to this size are on the card. Measured by benchmarks/collectives on 2 cores, us for an all-reduce of f32:
///   bytes            8    512   1024   2048   4096   8192
///   2 ranks, card  0.7    1.2    1.4    2.3    3.0    5.1      sliced     -      -    1.7    1.5    2.0    2.0
///   4 ranks, card   3.9   4.2    4.9    6.1    8.2     12      sliced     -      -    7.0    7.2    7.8    8.6
///   8 ranks, card    15    10     11     14     19     29      sliced     -      -     18     16     18     18
/// A card saves a barrier and costs a copy, and every rank reads everybody's.
inline constexpr int64_t cardBytes = 1024;

/// What all others read.
struct alignas(128) Card {
  /// Of the last arrival that this card was for.
  std::atomic<uint64_t> number{0};
  /// CollectiveCall::fingerprint.
  uint64_t call = 0;
  char operand[cardBytes];
};

/// What they read of large collectives, and to tell what differs.
struct Offer {
  CollectiveCall call;
  const void *src = nullptr;
  void *dst = nullptr;
};

struct alignas(128) Seat {
  Card cards[2];
  Offer offers[2];
  /// How often the seat's owner has come. Others look at the cards.
  uint64_t arrivals = 0;
  /// Which card and offer are for the next arrival.
  size_t nextTurn() const { return (arrivals + 1) & 1; }
};

class Meeting {
public:
  /// `crowded`: there are more ranks in this process than cores.
  Meeting(std::vector<int64_t> members, bool crowded)
      : members(std::move(members)), seats(this->members.size()), crowded(crowded) {}

  /// Rank `index` has come: its next card and offer may be read.
  void arrive(int64_t index);
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
    uint64_t number = seats[index].arrivals;
    return seats[peer].cards[number & 1].number.load(std::memory_order_acquire) < number;
  }
};

} // namespace tprt::local
