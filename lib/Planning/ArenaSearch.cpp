// Fills the arena from the bottom, one resting place at a time.
//
// Only which buffers are alive together matters, so time shrinks to the largest such sets ("cliques", in order of time), and a
// buffer to a range of them. Over each clique stands a floor, below which nothing more may go; its slack is what remains
// between floor and capacity beyond the buffers still to come. In a plan where nothing can drop, the lowest buffer of a clique
// that lies in a valley of the floors either rests at the bottom of the valley, or leaves waste there, which the slack must
// pay. So the search takes the clique in a valley with the fewest answers to "what comes next here?" and tries them in turn.
// What keeps it small (the first three after Moffitt, MiniMalloc, ASPLOS 2023):
// - floors rise to the lowest place any buffer of the clique may still take, and so on until nothing moves: waste shows early;
// - a choice that leaves room for a buffer below its place is not tried: the buffer could drop;
// - ranges that no remaining buffer joins are solved one after the other, never again for each plan of their neighbour;
// - a buffer over a whole range may as well lie on top of it: it is taken off, and the range often falls apart;
// - a range is given by its remaining buffers and its slacks alone: one that failed, or had more slack and failed, is not
//   searched again, whatever order led to it.
#include "tp/Planning/ArenaSearch.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tp {

namespace {

constexpr int64_t Never = std::numeric_limits<int64_t>::max();

/// What is tried first among the buffers that may come next.
enum class Taste { Wide, Big, Area, Fitting };

struct Attempt {
  Taste taste;
  bool weighted; // cliques that often ran out of slack come first
  int64_t work;
  uint64_t random; // 0: none
};

class Search {
public:
  Search(const std::vector<ArenaBuffer> &given, int64_t capacity, const std::function<bool()> &timeIsUp)
      : capacity(capacity), timeIsUp(timeIsUp), count(given.size()), size(count), first(count), last(count), least(count, 0),
        offset(count, 0), placed(count, 0), key(count) {
    for (size_t i = 0; i < count; ++i) {
      size[i] = given[i].size;
      key[i] = mix(i + 1);
    }
    findCliques(given);
  }

  /// Buffers looked at so far.
  int64_t work = 0;
  const std::vector<int64_t> &offsets() const { return offset; }
  bool late() const { return tooLate; }

  bool possible() const {
    return std::all_of(slack.begin(), slack.end(), [](int64_t left) { return left >= 0; });
  }

  /// Fits, Impossible, or (after attempt.work, or late) Unknown.
  ArenaVerdict run(const Attempt &chosen) {
    attempt = chosen;
    limit = work + attempt.work;
    stopped = false;
    size_t mark = trail.size();
    bool fits = true;
    for (size_t k = 0; k < cliques; ++k)
      dirty.push_back(k);
    fits = settle() && solve(0, cliques - 1, capacity);
    if (fits)
      return ArenaVerdict::Fits;
    undo(mark);
    return stopped ? ArenaVerdict::Unknown : ArenaVerdict::Impossible;
  }

private:
  int64_t capacity;
  const std::function<bool()> &timeIsUp;
  size_t count, cliques = 0;
  // Per buffer.
  std::vector<int64_t> size;
  std::vector<size_t> first, last;
  std::vector<int64_t> least, offset, placed;
  std::vector<uint64_t> key;
  /// The buffer before that is equal in size and range; `count` if none is.
  std::vector<size_t> twin;
  // Per clique.
  std::vector<std::vector<size_t>> members;
  std::vector<int64_t> floor, slack, open, isDirty;
  // Buffers that join clique k with k + 1.
  std::vector<int64_t> joins;
  std::vector<size_t> dirty;
  /// One, and one more for each time the clique ran out of slack.
  std::vector<double> weight;
  struct Change {
    int64_t *where, before;
  };
  std::vector<Change> trail;
  // Failed ranges: by the remaining buffers, the slacks of each failure.
  std::unordered_map<uint64_t, std::vector<std::vector<int64_t>>> failures;
  size_t remembered = 0;
  Attempt attempt{};
  int64_t limit = 0, nodes = 0;
  bool stopped = false, tooLate = false;

  static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  void findCliques(const std::vector<ArenaBuffer> &given) {
    // A clique ends where a buffer dies after another was born.
    std::vector<size_t> byLower(count);
    std::iota(byLower.begin(), byLower.end(), size_t(0));
    std::sort(byLower.begin(), byLower.end(), [&](size_t a, size_t b) { return given[a].lower < given[b].lower; });
    std::vector<int64_t> uppers;
    for (const ArenaBuffer &buffer : given)
      uppers.push_back(buffer.upper);
    std::sort(uppers.begin(), uppers.end());
    std::vector<int64_t> times; // one time of each clique
    for (size_t i = 0; i < count; ++i)
      if (i + 1 == count ||
          *std::upper_bound(uppers.begin(), uppers.end(), given[byLower[i]].lower) <= given[byLower[i + 1]].lower)
        times.push_back(given[byLower[i]].lower);
    cliques = times.size();
    members.resize(cliques);
    for (size_t i = 0; i < count; ++i) {
      first[i] = std::lower_bound(times.begin(), times.end(), given[i].lower) - times.begin();
      last[i] = std::lower_bound(times.begin(), times.end(), given[i].upper) - times.begin() - 1;
      for (size_t k = first[i]; k <= last[i]; ++k)
        members[k].push_back(i);
    }
    twin.assign(count, count);
    std::map<std::tuple<size_t, size_t, int64_t>, size_t> latest;
    for (size_t i = 0; i < count; ++i) {
      auto [seen, isNew] = latest.try_emplace({first[i], last[i], size[i]}, i);
      if (!isNew)
        twin[i] = std::exchange(seen->second, i);
    }
    floor.assign(cliques, 0);
    slack.assign(cliques, capacity);
    open.assign(cliques, 0);
    joins.assign(cliques, 0);
    isDirty.assign(cliques, 0);
    weight.assign(cliques, 1);
    for (size_t i = 0; i < count; ++i)
      for (size_t k = first[i]; k <= last[i]; ++k) {
        slack[k] -= size[i];
        ++open[k];
        joins[k] += k < last[i];
      }
  }

  void set(int64_t &where, int64_t value) {
    trail.push_back({&where, where});
    where = value;
  }

  void undo(size_t mark) {
    while (trail.size() > mark) {
      *trail.back().where = trail.back().before;
      trail.pop_back();
    }
  }

  void touch(size_t clique) {
    if (!isDirty[clique]) {
      isDirty[clique] = 1;
      dirty.push_back(clique);
    }
  }

  /// The buffer counts no longer; its clique's floors and slacks stay.
  void remove(size_t buffer, int64_t at) {
    set(placed[buffer], 1);
    offset[buffer] = at;
    for (size_t k = first[buffer]; k <= last[buffer]; ++k) {
      set(open[k], open[k] - 1);
      if (k < last[buffer])
        set(joins[k], joins[k] - 1);
      touch(k);
    }
  }

  void place(size_t buffer, int64_t at) {
    remove(buffer, at);
    for (size_t k = first[buffer]; k <= last[buffer]; ++k)
      set(floor[k], at + size[buffer]);
  }

  /// Raises floors and least places until they agree; false where a slack does not pay for it.
  bool settle() {
    bool holds = true;
    while (!dirty.empty()) {
      size_t k = dirty.back();
      dirty.pop_back();
      isDirty[k] = 0;
      if (!holds || open[k] == 0)
        continue;
      work += members[k].size();
      int64_t lowest = Never;
      for (size_t buffer : members[k])
        if (!placed[buffer]) {
          if (least[buffer] < floor[k]) {
            set(least[buffer], floor[k]);
            for (size_t other = first[buffer]; other <= last[buffer]; ++other)
              if (floor[other] < floor[k])
                touch(other);
          }
          lowest = std::min(lowest, least[buffer]);
        }
      if (lowest > floor[k])
        holds = raise(k, lowest);
    }
    return holds;
  }

  bool raise(size_t k, int64_t level) {
    set(slack[k], slack[k] - (level - floor[k]));
    set(floor[k], level);
    touch(k);
    weight[k] += slack[k] < 0;
    return slack[k] >= 0;
  }

  /// Places what remains in the cliques [from, to] below `top`.
  bool solve(size_t from, size_t to, int64_t top) {
    size_t mark = trail.size();
    for (size_t begin = from; begin <= to;) {
      size_t end = begin;
      while (end < to && joins[end] > 0)
        ++end;
      if (open[begin] > 0 && !solveJoined(begin, end, top)) {
        undo(mark);
        return false;
      }
      begin = end + 1;
    }
    return true;
  }

  bool solveJoined(size_t from, size_t to, int64_t top) {
    size_t mark = trail.size();
    bool tookOff = false;
    for (size_t buffer : members[from])
      if (!placed[buffer] && last[buffer] == to && first[buffer] == from) {
        top -= size[buffer];
        remove(buffer, top);
        tookOff = true;
      }
    if (tookOff) {
      // The rest is worth a look of its own: floors may have rested on what is gone, and the range may have come apart.
      if (settle() && solve(from, to, top))
        return true;
      undo(mark);
      return false;
    }
    if (nodes++ % 64 == 0 && timeIsUp && timeIsUp())
      tooLate = true;
    if (tooLate || work >= limit) {
      stopped = true;
      return false;
    }
    uint64_t rest = restOf(from, to);
    if (hasFailed(rest, from, to))
      return false;
    bool fits = branch(from, to, top);
    if (!fits && !stopped)
      remember(rest, from, to);
    return fits;
  }

  uint64_t restOf(size_t from, size_t to) const {
    uint64_t hash = mix(from * cliques + to);
    for (size_t k = from; k <= to; ++k)
      for (size_t buffer : members[k])
        if (first[buffer] == k && !placed[buffer])
          hash += key[buffer];
    return hash;
  }

  bool hasFailed(uint64_t rest, size_t from, size_t to) const {
    auto found = failures.find(rest);
    if (found == failures.end())
      return false;
    for (const std::vector<int64_t> &failed : found->second) {
      bool noBetter = true;
      for (size_t k = from; k <= to && noBetter; ++k)
        noBetter = slack[k] <= failed[k - from];
      if (noBetter)
        return true;
    }
    return false;
  }

  void remember(uint64_t rest, size_t from, size_t to) {
    if (remembered > (size_t(8) << 20))
      return;
    remembered += to - from + 1;
    failures[rest].emplace_back(slack.begin() + from, slack.begin() + to + 1);
  }

  /// Whether buffer may come next in a valley that it lies in; of equal ones only the first may.
  bool mayRest(size_t buffer, int64_t level) const {
    return !placed[buffer] && least[buffer] == level && (twin[buffer] == count || placed[twin[buffer]]);
  }

  /// The clique of a valley with the fewest answers to what comes next, for its weight.
  size_t choose(size_t from, size_t to) {
    size_t best = from;
    auto worth = std::tuple(std::numeric_limits<double>::max(), Never, Never);
    for (size_t begin = from; begin <= to;) {
      size_t end = begin;
      while (end < to && floor[end + 1] == floor[begin])
        ++end;
      bool valley = (begin == from || floor[begin - 1] > floor[begin]) && (end == to || floor[end + 1] > floor[begin]);
      if (valley)
        for (size_t k = begin; k <= end; ++k) {
          work += members[k].size();
          size_t answers = slack[k] > 0;
          for (size_t buffer : members[k])
            answers += mayRest(buffer, floor[k]);
          auto now = std::tuple(double(answers) / (attempt.weighted ? weight[k] : 1), floor[k], slack[k]);
          if (answers <= 1)
            return k;
          if (now < worth) {
            worth = now;
            best = k;
          }
        }
      begin = end + 1;
    }
    return best;
  }

  /// The next level at which something may lie in clique k if none of `resting` comes next; Never if that costs too much.
  int64_t levelOfWaste(size_t k, const std::vector<size_t> &resting) const {
    if (slack[k] == 0)
      return Never;
    int64_t next = Never;
    for (size_t buffer : members[k])
      if (!placed[buffer] && least[buffer] > floor[k])
        next = std::min(next, least[buffer]);
    // One that could rest here does not, because something beside the clique lies under it.
    size_t begin = k, end = k;
    for (size_t buffer : resting) {
      begin = std::min(begin, first[buffer]);
      end = std::max(end, last[buffer]);
    }
    for (size_t other = begin; other <= end; ++other)
      for (size_t under : members[other])
        if (!placed[under] && (last[under] < k || first[under] > k))
          next = std::min(next, least[under] + size[under]);
    return next != Never && next - floor[k] <= slack[k] ? next : Never;
  }

  double appeal(size_t buffer, size_t from, size_t to) const {
    double value = 0;
    double width = double(last[buffer] - first[buffer] + 1);
    switch (attempt.taste) {
    case Taste::Wide:
      value = width * 1e3 + double(size[buffer]) / double(capacity);
      break;
    case Taste::Big:
      value = double(size[buffer]) + width / double(cliques);
      break;
    case Taste::Area:
      value = double(size[buffer]) * width;
      break;
    case Taste::Fitting: {
      // Against a wall on one side or both first.
      bool left = first[buffer] == from || floor[first[buffer] - 1] > floor[first[buffer]];
      bool right = last[buffer] == to || floor[last[buffer] + 1] > floor[last[buffer]];
      value = (left + right) * 1e6 + width;
      break;
    }
    }
    if (attempt.random)
      value *= 1 + double(mix(attempt.random ^ key[buffer]) >> 40) / double(1 << 24) * 0.7;
    return value;
  }

  bool branch(size_t from, size_t to, int64_t top) {
    size_t clique = choose(from, to);
    int64_t level = floor[clique];
    std::vector<size_t> resting;
    for (size_t buffer : members[clique])
      if (mayRest(buffer, level))
        resting.push_back(buffer);
    int64_t waste = levelOfWaste(clique, resting);
    std::vector<std::pair<double, size_t>> ordered;
    for (size_t buffer : resting)
      ordered.push_back({-appeal(buffer, from, to), buffer});
    std::sort(ordered.begin(), ordered.end());
    size_t mark = trail.size();
    for (auto [order, buffer] : ordered) {
      place(buffer, level);
      if (settle() && solve(from, to, top))
        return true;
      undo(mark);
      if (stopped)
        return false;
    }
    if (waste == Never)
      return false;
    if (raise(clique, waste) && settle() && !couldDrop(mark) && solve(from, to, top))
      return true;
    undo(mark);
    return false;
  }

  /// Whether a remaining buffer fits, where it could lie before the trail's `mark`, below all floors of now.
  bool couldDrop(size_t mark) const {
    for (size_t i = mark; i < trail.size(); ++i) {
      auto [where, before] = trail[i];
      if (where < least.data() || where >= least.data() + count)
        continue;
      size_t buffer = where - least.data();
      int64_t above = before + size[buffer];
      if (least[buffer] >= above && std::all_of(floor.begin() + first[buffer], floor.begin() + last[buffer] + 1,
                                                [&](int64_t level) { return level >= above; }))
        return true;
    }
    return false;
  }
};

} // namespace

ArenaSearchResult searchArena(const std::vector<ArenaBuffer> &buffers, int64_t capacity, int64_t effort,
                              const std::function<bool()> &timeIsUp) {
  if (buffers.empty())
    return {ArenaVerdict::Fits, {}};
  Search search(buffers, capacity, timeIsUp);
  if (!search.possible())
    return {ArenaVerdict::Impossible, {}};
  // A way of choosing that does not get there soon rarely does: each gets a little, then all get more, with some chance in
  // it. What they proved to fail stays known.
  int64_t share = 1 << 19;
  for (uint64_t round = 0;; ++round, share += share / 4)
    for (Taste taste : {Taste::Wide, Taste::Area, Taste::Fitting, Taste::Big})
      for (bool weighted : {false, true}) {
        if (search.work >= effort || search.late())
          return {};
        ArenaVerdict verdict = search.run({taste, weighted, std::min(share, effort - search.work), round});
        if (verdict != ArenaVerdict::Unknown)
          return {verdict, verdict == ArenaVerdict::Fits ? search.offsets() : std::vector<int64_t>()};
      }
}

} // namespace tp
