// Greedy placement under several orders, then a complete search, then a search over orders.
//
// One pass takes the buffers in some order and puts each at the lowest offset where it fits beside those already placed
// that are alive with it. Largest first is nearly always within a few percent of the best, and fast. Where it misses the
// lower bound (or the capacity), ArenaSearch looks for a plan that meets it exactly, or finds that none does. Where it finds
// neither in time, orders are improved by taking earlier a buffer that reaches too far: never exact, but better than greedy.
#include "tp/Planning/PlanArena.h"

#include "tp/Planning/ArenaSearch.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace tp {

int64_t arenaLowerBound(const std::vector<ArenaBuffer> &buffers) {
  std::vector<std::pair<int64_t, int64_t>> changes; // time, bytes; ends before begins
  for (const ArenaBuffer &buffer : buffers)
    if (buffer.lower < buffer.upper) {
      changes.push_back({buffer.lower, buffer.size});
      changes.push_back({buffer.upper, -buffer.size});
    }
  std::sort(changes.begin(), changes.end());
  int64_t alive = 0, most = 0;
  for (auto [time, bytes] : changes)
    most = std::max(most, alive += bytes);
  return most;
}

namespace {

class Placer {
public:
  explicit Placer(const std::vector<ArenaBuffer> &buffers) : buffers(buffers), neighbours(buffers.size()) {
    // Buffers alive together, found by a sweep over the begins.
    std::vector<size_t> byLower(buffers.size());
    std::iota(byLower.begin(), byLower.end(), size_t(0));
    std::sort(byLower.begin(), byLower.end(),
              [&](size_t a, size_t b) { return std::pair(buffers[a].lower, a) < std::pair(buffers[b].lower, b); });
    std::vector<size_t> alive;
    for (size_t next : byLower) {
      if (buffers[next].lower >= buffers[next].upper)
        continue;
      std::erase_if(alive, [&](size_t other) { return buffers[other].upper <= buffers[next].lower; });
      for (size_t other : alive) {
        neighbours[other].push_back(next);
        neighbours[next].push_back(other);
      }
      alive.push_back(next);
    }
  }

  ArenaPlan place(const std::vector<size_t> &order) const {
    ArenaPlan plan{std::vector<int64_t>(buffers.size(), -1), 0};
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (size_t next : order) {
      taken.clear();
      for (size_t other : neighbours[next])
        if (plan.offsets[other] >= 0)
          taken.push_back({plan.offsets[other], plan.offsets[other] + buffers[other].size});
      std::sort(taken.begin(), taken.end());
      int64_t offset = 0;
      for (auto [begin, end] : taken) {
        if (begin - offset >= buffers[next].size)
          break;
        offset = std::max(offset, end);
      }
      plan.offsets[next] = offset;
      plan.bytes = std::max(plan.bytes, offset + buffers[next].size);
    }
    return plan;
  }

  /// The buffers that are alive together with buffer `i`.
  const std::vector<size_t> &neighboursOf(size_t i) const { return neighbours[i]; }

private:
  const std::vector<ArenaBuffer> &buffers;
  std::vector<std::vector<size_t>> neighbours;
};

/// Annealing over orders: a buffer that reaches beyond the goal is taken earlier, before one of those in its way. Ends with
/// the goal met, with the effort spent, or when the time is up.
ArenaPlan improveOrder(const std::vector<ArenaBuffer> &buffers, const Placer &placer, std::vector<size_t> order, int64_t goal,
                       int64_t effort, const std::function<bool()> &timeIsUp) {
  auto excess = [&](const ArenaPlan &plan) {
    double sum = 0;
    for (size_t i = 0; i < buffers.size(); ++i)
      sum += double(std::max<int64_t>(0, plan.offsets[i] + buffers[i].size - goal));
    return sum;
  };
  int64_t work = 0;
  for (size_t i = 0; i < buffers.size(); ++i)
    work += 8 + int64_t(placer.neighboursOf(i).size()) * 4;
  int64_t rounds = effort / std::max<int64_t>(1, work);
  uint64_t random = 0x9e3779b97f4a7c15;
  auto below = [&](size_t limit) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return size_t((random >> 33) % limit);
  };
  ArenaPlan current = placer.place(order), best = current;
  double currentExcess = excess(current), bestExcess = currentExcess;
  std::vector<size_t> bestOrder = order;
  int64_t sinceBest = 0;
  for (int64_t round = 0; round < rounds && best.bytes > goal && !timeIsUp(); ++round) {
    std::vector<size_t> reaching;
    for (size_t place = 0; place < order.size(); ++place)
      if (current.offsets[order[place]] + buffers[order[place]].size > goal)
        reaching.push_back(place);
    if (reaching.empty())
      break;
    size_t from = reaching[below(reaching.size())];
    const std::vector<size_t> &inTheWay = placer.neighboursOf(order[from]);
    size_t to = below(from + 1);
    if (!inTheWay.empty() && below(4) != 0)
      to = std::min<size_t>(from, std::find(order.begin(), order.end(), inTheWay[below(inTheWay.size())]) - order.begin());
    std::vector<size_t> changed = order;
    std::rotate(changed.begin() + to, changed.begin() + from, changed.begin() + from + 1);
    ArenaPlan plan = placer.place(changed);
    double planExcess = excess(plan);
    bool takes = planExcess <= currentExcess || below(1000) < 1000 * std::exp(-(planExcess / currentExcess - 1) * 12);
    ++sinceBest;
    if (takes) {
      order = std::move(changed);
      current = std::move(plan);
      currentExcess = planExcess;
      if (current.bytes < best.bytes)
        best = current;
      if (currentExcess < bestExcess) {
        bestExcess = currentExcess;
        bestOrder = order;
        sinceBest = 0;
      }
    }
    if (sinceBest > 3000) {
      // Far from the best for long: go back to it.
      order = bestOrder;
      current = placer.place(order);
      currentExcess = bestExcess;
      sinceBest = 0;
    }
  }
  return best;
}

/// What meets the goal exactly: buffers that are never alive, or empty, lie anywhere.
ArenaSearchResult searchFor(const std::vector<ArenaBuffer> &buffers, int64_t capacity, int64_t effort,
                            const std::function<bool()> &timeIsUp, bool onThreads) {
  std::vector<ArenaBuffer> real;
  for (const ArenaBuffer &buffer : buffers)
    if (buffer.lower < buffer.upper && buffer.size > 0)
      real.push_back(buffer);
  if (real.size() > 4096) // each buffer is a level of its recursion
    return {};
  ArenaSearchResult result = searchArena(real, capacity, effort, timeIsUp, onThreads);
  if (result.verdict == ArenaVerdict::Fits)
    for (size_t i = 0; i < buffers.size(); ++i)
      if (buffers[i].lower >= buffers[i].upper || buffers[i].size == 0)
        result.offsets.insert(result.offsets.begin() + i, 0);
  return result;
}

} // namespace

ArenaPlan planArena(const std::vector<ArenaBuffer> &buffers, const ArenaGoal &wanted) {
  Placer placer(buffers);
  int64_t bound = arenaLowerBound(buffers), goal = std::max(bound, wanted.capacity.value_or(0));
  // Unsigned, and ~ for -, because any two times may be the ends of a buffer.
  auto length = [&](size_t i) { return uint64_t(buffers[i].upper) - uint64_t(buffers[i].lower); };
  auto sortedBy = [&](auto key) {
    std::vector<size_t> order(buffers.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) != key(b) ? key(a) > key(b) : a < b; });
    return order;
  };
  ArenaPlan best;
  std::vector<size_t> bestOrder;
  for (const std::vector<size_t> &order : {
           sortedBy([&](size_t i) { return std::pair(buffers[i].size, length(i)); }),
           sortedBy([&](size_t i) { return std::pair(length(i), buffers[i].size); }),
           sortedBy([&](size_t i) { return std::pair(double(length(i)) * double(buffers[i].size), 0); }),
           sortedBy([&](size_t i) { return std::pair(~buffers[i].lower, buffers[i].size); }),
       }) {
    ArenaPlan plan = placer.place(order);
    if (bestOrder.empty() || plan.bytes < best.bytes) {
      best = std::move(plan);
      bestOrder = order;
    }
    if (best.bytes <= goal)
      break;
  }
  best.impossible = wanted.capacity && bound > *wanted.capacity;
  if (best.bytes <= goal || best.impossible)
    return best;

  auto start = std::chrono::steady_clock::now();
  auto after = [&](double share) {
    return [start, until = wanted.seconds ? std::optional(*wanted.seconds * share) : std::nullopt] {
      return until && std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() >= *until;
    };
  };
  constexpr int64_t NoLimit = std::numeric_limits<int64_t>::max();
  ArenaSearchResult exact =
      searchFor(buffers, goal, wanted.seconds ? NoLimit : 20'000'000, after(0.95), wanted.seconds.has_value());
  if (exact.verdict == ArenaVerdict::Fits)
    return {exact.offsets, goal};
  best.impossible = wanted.capacity && exact.verdict == ArenaVerdict::Impossible;
  if (best.impossible)
    return best;
  ArenaPlan better = improveOrder(buffers, placer, bestOrder, goal, wanted.seconds ? NoLimit : 20'000'000, after(1));
  return better.bytes < best.bytes ? better : best;
}

} // namespace tp
