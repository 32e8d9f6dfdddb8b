// Fills the arena from the bottom, one resting place at a time, and goes back where that fails.
//
// In a plan where nothing can drop, the lowest buffer of a clique that lies in a valley of the floors (ArenaState) either rests
// at the bottom of the valley, or leaves waste there, which the slack must pay. So the search takes the clique in a valley with
// the fewest answers to "what comes next here?" and tries them in turn. What keeps it small (the first two, and the rising
// floors, after Moffitt, MiniMalloc, ASPLOS 2023):
// - a choice that leaves room for a buffer below its place is not tried: the buffer could drop;
// - ranges that no remaining buffer joins are solved one after the other, never again for each plan of their neighbour;
// - a buffer over a whole range may as well lie on top of it: it is taken off, and the range often falls apart;
// - a range is given by its remaining buffers and its slacks alone: one that failed, or had more slack and failed, is not
//   searched again, whatever order led to it.
// This is strong where there is little slack. Where there is much, ContourSearch is, so they take turns.
#include "tp/Planning/ArenaSearch.h"

#include "ArenaContours.h"
#include "ArenaState.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tp {

namespace {

/// What is tried first among the buffers that may come next.
enum class Taste { Wide, Big, Area, Fitting };

struct Attempt {
  Taste taste;
  bool weighted; // cliques that often ran out of slack come first
  int64_t work;
  uint64_t random; // 0: none
};

class Search : private ArenaState {
public:
  Search(const std::vector<ArenaBuffer> &given, int64_t capacity, const std::function<bool()> &timeIsUp)
      : ArenaState(given, capacity), timeIsUp(timeIsUp) {}

  using ArenaState::possible;
  using ArenaState::work;
  const std::vector<int64_t> &offsets() const { return offset; }
  bool late() const { return tooLate; }

  /// Fits, Impossible, or (after attempt.work, or late) Unknown.
  ArenaVerdict run(const Attempt &chosen) {
    attempt = chosen;
    limit = work + attempt.work;
    stopped = false;
    size_t mark = this->mark();
    bool fits = true;
    for (size_t k = 0; k < cliques; ++k)
      touch(k);
    fits = settle() && solve(0, cliques - 1, capacity);
    if (fits)
      return ArenaVerdict::Fits;
    undo(mark);
    return stopped ? ArenaVerdict::Unknown : ArenaVerdict::Impossible;
  }

private:
  const std::function<bool()> &timeIsUp;
  // Failed ranges: by the remaining buffers, the slacks of each failure.
  std::unordered_map<uint64_t, std::vector<std::vector<int64_t>>> failures;
  size_t remembered = 0;
  Attempt attempt{};
  int64_t limit = 0, nodes = 0;
  bool stopped = false, tooLate = false;

  /// Places what remains in the cliques [from, to] below `top`.
  bool solve(size_t from, size_t to, int64_t top) {
    size_t mark = this->mark();
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
    size_t mark = this->mark();
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

  /// The clique of a valley with the fewest answers to what comes next, for its weight.
  size_t choose(size_t from, size_t to) {
    size_t best = from;
    auto worth = std::tuple(std::numeric_limits<double>::max(), Never, Never);
    bool isForced = false;
    forEachValley(from, to, [&](size_t begin, size_t end) {
      for (size_t k = begin; k <= end && !isForced; ++k) {
        int64_t ways = answers(k);
        isForced = ways <= 1;
        auto now = std::tuple(double(ways) / (attempt.weighted ? weight[k] : 1), floor[k], slack[k]);
        if (isForced || now < worth) {
          worth = now;
          best = k;
        }
      }
    });
    return best;
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
    std::vector<size_t> resting = restingAt(clique);
    int64_t waste = levelOfWaste(clique, resting);
    std::vector<std::pair<double, size_t>> ordered;
    for (size_t buffer : resting)
      ordered.push_back({-appeal(buffer, from, to), buffer});
    std::sort(ordered.begin(), ordered.end());
    size_t mark = this->mark();
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
};

} // namespace

ArenaSearchResult searchArena(const std::vector<ArenaBuffer> &buffers, int64_t capacity, int64_t effort,
                              const std::function<bool()> &timeIsUp, bool onThreads) {
  if (buffers.empty())
    return {ArenaVerdict::Fits, {}};
  Search search(buffers, capacity, timeIsUp);
  if (!search.possible())
    return {ArenaVerdict::Impossible, {}};
  // A way of choosing that does not get there soon rarely does: each gets a little, then all get more, with some chance in
  // it. What they proved to fail stays known.
  auto lookDeep = [&](uint64_t round, int64_t share) {
    for (Taste taste : {Taste::Wide, Taste::Area, Taste::Fitting, Taste::Big})
      for (bool weighted : {false, true}) {
        if (search.late())
          return ArenaVerdict::Unknown;
        ArenaVerdict verdict = search.run({taste, weighted, share, round});
        if (verdict != ArenaVerdict::Unknown)
          return verdict;
      }
    return ArenaVerdict::Unknown;
  };
  // The searches over contours join in when that gave nothing twice. A round ends when all have done their share of it, on
  // however many threads, and who comes first in it is taken: the plan does not depend on their speed.
  constexpr ContourTaste ContourTastes[] = {{0.1, false}, {0.03, true}};
  // The first of them finds most of what is found at all then, so it does twice the work of each of the others.
  constexpr int64_t ContourShares[] = {16, 8};
  constexpr int DeepRounds = 2;
  std::vector<std::unique_ptr<ContourSearch>> wide;
  int64_t spent = 0, share = 1 << 19;
  for (uint64_t round = 0; spent < effort && !search.late(); ++round, share += share / 4) {
    if (round == DeepRounds)
      for (const ContourTaste &taste : ContourTastes)
        wide.push_back(std::make_unique<ContourSearch>(buffers, capacity, taste, timeIsUp));
    int64_t each = std::min(share, (effort - spent) / (wide.empty() ? 8 : 32) + 1);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < wide.size(); ++i) {
      auto run = [&contours = *wide[i], until = wide[i]->work + ContourShares[i] * each] { contours.run(until); };
      if (onThreads)
        threads.emplace_back(run);
      else
        run();
    }
    ArenaVerdict verdict = lookDeep(round, each);
    for (std::thread &thread : threads)
      thread.join();
    if (verdict != ArenaVerdict::Unknown)
      return {verdict, verdict == ArenaVerdict::Fits ? search.offsets() : std::vector<int64_t>()};
    spent = search.work;
    for (auto &contours : wide) {
      if (contours->found())
        return {ArenaVerdict::Fits, contours->offsets()};
      spent += contours->work;
    }
  }
  return {};
}

} // namespace tp
