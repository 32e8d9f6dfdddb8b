// Floors and least places rise together: a clique is looked at again only when the buffer that kept its floor down no longer
// does (its witness), which is rare beside how often places rise.
#include "ArenaState.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace tp {

ArenaState::ArenaState(const std::vector<ArenaBuffer> &given, int64_t capacity)
    : capacity(capacity), count(given.size()), size(count), first(count), last(count), least(count, 0), offset(count, 0),
      placed(count, 0), key(count) {
  for (size_t i = 0; i < count; ++i) {
    size[i] = given[i].size;
    key[i] = mix(i + 1);
  }
  findCliques(given);
}

bool ArenaState::possible() const {
  return std::all_of(slack.begin(), slack.end(), [](int64_t left) { return left >= 0; });
}

uint64_t ArenaState::mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void ArenaState::findCliques(const std::vector<ArenaBuffer> &given) {
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
    if (i + 1 == count || *std::upper_bound(uppers.begin(), uppers.end(), given[byLower[i]].lower) <= given[byLower[i + 1]].lower)
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
  witness.resize(cliques);
  for (size_t k = 0; k < cliques; ++k)
    witness[k] = int64_t(members[k].front());
  neighbours.resize(count);
  for (size_t k = 0; k < cliques; ++k)
    for (size_t i : members[k])
      for (size_t j : members[k])
        if (first[i] == k && (first[j] < k || j < i)) {
          neighbours[i].push_back(uint32_t(j));
          neighbours[j].push_back(uint32_t(i));
        }
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

void ArenaState::undo(size_t mark) {
  while (trail.size() > mark) {
    *trail.back().where = trail.back().before;
    trail.pop_back();
  }
}

void ArenaState::touch(size_t clique) {
  if (!isDirty[clique]) {
    isDirty[clique] = 1;
    dirty.push_back(clique);
  }
}

void ArenaState::remove(size_t buffer, int64_t at) {
  set(placed[buffer], 1);
  offset[buffer] = at;
  for (size_t k = first[buffer]; k <= last[buffer]; ++k) {
    set(open[k], open[k] - 1);
    if (k < last[buffer])
      set(joins[k], joins[k] - 1);
    if (witness[k] == int64_t(buffer))
      touch(k);
  }
}

void ArenaState::place(size_t buffer, int64_t at) {
  remove(buffer, at);
  int64_t top = at + size[buffer];
  for (size_t k = first[buffer]; k <= last[buffer]; ++k) {
    set(floor[k], top);
    touch(k);
  }
  work += neighbours[buffer].size();
  for (size_t other : neighbours[buffer])
    if (!placed[other] && least[other] < top)
      lift(other, top);
}

bool ArenaState::settle() {
  bool holds = true;
  while (!dirty.empty()) {
    size_t k = dirty.back();
    dirty.pop_back();
    isDirty[k] = 0;
    if (!holds || open[k] == 0)
      continue;
    if (!placed[witness[k]] && least[witness[k]] == floor[k])
      continue;
    work += members[k].size();
    int64_t lowest = Never;
    size_t kept = 0;
    for (size_t buffer : members[k])
      if (!placed[buffer] && least[buffer] < lowest) {
        lowest = least[buffer];
        kept = buffer;
      }
    set(witness[k], int64_t(kept));
    if (lowest > floor[k])
      holds = raise(k, lowest);
  }
  return holds;
}

bool ArenaState::raise(size_t k, int64_t level) {
  set(slack[k], slack[k] - (level - floor[k]));
  set(floor[k], level);
  weight[k] += slack[k] < 0;
  if (slack[k] < 0)
    return false;
  for (size_t buffer : members[k])
    if (!placed[buffer] && least[buffer] < level)
      lift(buffer, level);
  if (placed[witness[k]] || least[witness[k]] != level)
    touch(k);
  return true;
}

std::vector<size_t> ArenaState::restingAt(size_t k) const {
  std::vector<size_t> resting;
  for (size_t buffer : members[k])
    if (mayRest(buffer, floor[k]))
      resting.push_back(buffer);
  return resting;
}

int64_t ArenaState::levelOfWaste(size_t k, const std::vector<size_t> &resting) const {
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

bool ArenaState::couldDrop(size_t mark) const {
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

void ArenaState::restore(const std::vector<int64_t> &floors, const std::vector<bool> &isPlaced) {
  trail.clear();
  floor = floors;
  std::fill(open.begin(), open.end(), 0);
  std::fill(joins.begin(), joins.end(), 0);
  std::fill(slack.begin(), slack.end(), 0);
  // The highest floor of any range is the higher of two of these.
  highest.resize(std::bit_width(cliques));
  highest[0] = floor;
  for (size_t level = 1; level < highest.size(); ++level) {
    size_t half = size_t(1) << (level - 1);
    highest[level].resize(cliques);
    for (size_t k = 0; k + 2 * half <= cliques; ++k)
      highest[level][k] = std::max(highest[level - 1][k], highest[level - 1][k + half]);
  }
  for (size_t i = 0; i < count; ++i) {
    placed[i] = isPlaced[i];
    if (placed[i])
      continue;
    size_t begin = first[i], end = last[i] + 1, level = std::bit_width(end - begin) - 1;
    least[i] = std::max(highest[level][begin], highest[level][end - (size_t(1) << level)]);
    // The counts as differences from clique to clique, summed up below.
    ++open[begin];
    ++joins[begin];
    --joins[last[i]];
    slack[begin] += size[i];
    if (end < cliques) {
      --open[end];
      slack[end] -= size[i];
    }
  }
  for (size_t k = 1; k < cliques; ++k) {
    open[k] += open[k - 1];
    joins[k] += joins[k - 1];
    slack[k] += slack[k - 1];
  }
  for (size_t k = 0; k < cliques; ++k) {
    slack[k] = capacity - floor[k] - slack[k];
    auto keepsDown = [&](size_t buffer) { return !placed[buffer] && least[buffer] == floor[k]; };
    if (open[k] > 0 && !keepsDown(size_t(witness[k])))
      witness[k] = int64_t(*std::find_if(members[k].begin(), members[k].end(), keepsDown));
  }
}

} // namespace tp
