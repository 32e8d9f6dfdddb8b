// A half-built arena: what has been placed from the bottom up, and how high everything else must lie for it.
//
// Only which buffers are alive together matters, so time shrinks to the largest such sets ("cliques", in order of time), and a
// buffer to a range of them. Over each clique stands a floor, below which nothing more may go; its slack is what remains
// between floor and capacity beyond the buffers still to come. A floor rises to the lowest place any buffer of the clique may
// still take, that place is the highest floor under the buffer, and so on until nothing moves: waste shows early. All changes
// go onto a trail and can be undone.
#pragma once
#include "tp/Planning/PlanArena.h"

#include <limits>

namespace tp {

class ArenaState {
public:
  static constexpr int64_t Never = std::numeric_limits<int64_t>::max();

  ArenaState(const std::vector<ArenaBuffer> &given, int64_t capacity);

  int64_t capacity;
  size_t count, cliques = 0;
  // Per buffer. Its range is [first, last]; it can lie no lower than `least`; `offset` holds once it is placed.
  std::vector<int64_t> size;
  std::vector<size_t> first, last;
  std::vector<int64_t> least, offset, placed;
  std::vector<uint64_t> key;
  /// The buffer before that is equal in size and range; `count` if none is.
  std::vector<size_t> twin;
  /// Those alive together with the buffer.
  std::vector<std::vector<uint32_t>> neighbours;
  // Per clique. `open` counts the buffers still to come, `joins` those that join clique k with k + 1.
  std::vector<std::vector<size_t>> members;
  std::vector<int64_t> floor, slack, open, joins;
  /// A buffer still to come whose least place is the floor: while it stays there, the floor does.
  std::vector<int64_t> witness;
  /// One, and one more for each time the clique ran out of slack.
  std::vector<double> weight;
  /// Buffers looked at so far.
  int64_t work = 0;

  static uint64_t mix(uint64_t x);

  /// Whether no clique holds more than the capacity.
  bool possible() const;
  /// The trail's length, to undo to.
  size_t mark() const { return trail.size(); }
  void undo(size_t mark);
  /// The buffer counts no longer; its cliques' floors and slacks stay.
  void remove(size_t buffer, int64_t at);
  void place(size_t buffer, int64_t at);
  /// Raises a floor, and pays for it; false where the slack does not reach.
  bool raise(size_t clique, int64_t level);
  /// Raises floors and least places until they agree; false where a slack does not pay for it.
  bool settle();
  /// Has settle look at a clique.
  void touch(size_t clique);
  /// Whether buffer may come next in a valley that it lies in; of equal ones only the first may.
  bool mayRest(size_t buffer, int64_t level) const {
    return !placed[buffer] && least[buffer] == level && (twin[buffer] == count || placed[twin[buffer]]);
  }
  /// The next level at which something may lie in clique k if none of `resting` comes next; Never if that costs too much.
  int64_t levelOfWaste(size_t k, const std::vector<size_t> &resting) const;
  /// Whether a remaining buffer fits, where it could lie before the trail's `mark`, below all floors of now.
  bool couldDrop(size_t mark) const;
  /// Those that may come next in clique k.
  std::vector<size_t> restingAt(size_t k) const;
  /// How many ways there are to go on in clique k: each buffer that may come next, and waste if there is slack.
  int64_t answers(size_t k) {
    work += int64_t(members[k].size());
    int64_t ways = slack[k] > 0;
    for (size_t buffer : members[k])
      ways += mayRest(buffer, floor[k]);
    return ways;
  }
  /// Calls visit(begin, end) for each range of cliques within [from, to] that has one floor, lower than beside it.
  template <typename Visit> void forEachValley(size_t from, size_t to, Visit visit) const {
    for (size_t begin = from; begin <= to;) {
      size_t end = begin;
      while (end < to && floor[end + 1] == floor[begin])
        ++end;
      if ((begin == from || floor[begin - 1] > floor[begin]) && (end == to || floor[end + 1] > floor[begin]))
        visit(begin, end);
      begin = end + 1;
    }
  }
  /// Goes to where just `isPlaced` are placed and the floors, settled, are as given; forgets the trail.
  void restore(const std::vector<int64_t> &floors, const std::vector<bool> &isPlaced);

private:
  struct Change {
    int64_t *where, before;
  };
  std::vector<Change> trail;
  std::vector<size_t> dirty;
  std::vector<int64_t> isDirty;
  /// Used by restore: the highest of 1, 2, 4, ... floors from each clique on.
  std::vector<std::vector<int64_t>> highest;

  void findCliques(const std::vector<ArenaBuffer> &given);
  /// Raises the least place of a buffer; a floor that it kept down has to be looked at again.
  void lift(size_t buffer, int64_t level) {
    set(least[buffer], level);
    for (size_t k = first[buffer]; k <= last[buffer]; ++k)
      if (witness[k] == int64_t(buffer))
        touch(k);
  }
  void set(int64_t &where, int64_t value) {
    trail.push_back({&where, where});
    where = value;
  }
};

} // namespace tp
