// Builds on many half-built arenas in turn, the best of each volume.
//
// Where there is slack at most moments, a search that goes back one step at a time drowns: what it did wrong shows much later,
// and until then all it tries is as good. Here every half-built arena is kept, on the contour of the volume that lies below its
// floors. One cycle goes over the contours from low to high, takes the best of each and puts what follows from it on higher
// ones ("cyclic best-first search", Kao, Sewell and Jacobson 2009): the first cycle is about one greedy plan, and each further
// one widens the view of all stages alike. Best is who risks least: a clique is at risk where its slack is small beside the
// waste that its bytes still to come must be expected to bring.
#include "ArenaContours.h"

#include <algorithm>
#include <cmath>

namespace tp {

namespace {
constexpr size_t ContoursPerBuffer = 20, MostOnContour = 200, BytesKept = size_t(96) << 20, MostSteps = size_t(4) << 20;
} // namespace

ContourSearch::ContourSearch(const std::vector<ArenaBuffer> &given, int64_t capacity, const ContourTaste &taste,
                             const std::function<bool()> &timeIsUp)
    : ArenaState(given, capacity), taste(taste), timeIsUp(timeIsUp), contours(ContoursPerBuffer * count + 1),
      mostKept(BytesKept / (cliques * sizeof(int64_t) + count / 8 + 160)), risk(cliques), riskFloor(cliques),
      riskOpen(cliques, -1) {
  for (size_t k = 0; k < cliques; ++k)
    touch(k);
  if (settle())
    keep(-1);
}

void ContourSearch::run(int64_t limit) {
  while (!isFound && !isExhausted && work < limit) {
    if (next == contours.size()) {
      isExhausted = !sawAny || steps.size() > MostSteps;
      sawAny = false;
      next = 0;
      continue;
    }
    auto &contour = contours[next++];
    if (contour.empty())
      continue;
    if (timeIsUp && timeIsUp())
      break;
    Snapshot best = std::move(contour.extract(contour.begin()).mapped());
    --kept;
    sawAny = true;
    buildOn(best);
  }
}

std::vector<int64_t> ContourSearch::offsets() const {
  std::vector<int64_t> found(count);
  for (int64_t step = int64_t(steps.size()) - 1; step >= 0; step = steps[step].before)
    found[steps[step].buffer] = steps[step].at;
  return found;
}

double ContourSearch::riskOf(size_t clique) const {
  if (open[clique] == 0)
    return 0;
  double left = double(slack[clique]), toCome = double(capacity - floor[clique]) - left;
  return std::exp(-left / (taste.waste * (taste.bySquareRoot ? std::sqrt(toCome * double(capacity)) : toCome)));
}

/// The clique with the fewest answers to what comes next in the lowest valley; or, on the way to it, one with one answer.
size_t ContourSearch::choose() {
  size_t best = 0;
  auto worth = std::pair(Never, Never);
  forEachValley(0, cliques - 1, [&](size_t begin, size_t end) {
    int64_t height = floor[begin];
    if (height > worth.first || worth.second <= 1)
      return;
    for (size_t k = begin; k <= end && worth.second > 1; ++k)
      if (open[k] > 0) {
        auto now = std::pair(height, answers(k));
        if (now < worth || now.second <= 1) {
          worth = now;
          best = k;
        }
      }
  });
  return best;
}

void ContourSearch::buildOn(const Snapshot &snapshot) {
  restore(snapshot.floors, snapshot.isPlaced);
  work += 8 * count;
  for (size_t k = 0; k < cliques; ++k) {
    if (open[k] == 0)
      floor[k] = capacity; // a wall, not a valley
    risk[k] = riskOf(k);
    riskFloor[k] = floor[k];
    riskOpen[k] = open[k];
  }
  size_t clique = choose();
  int64_t level = floor[clique];
  std::vector<size_t> resting = restingAt(clique);
  int64_t waste = levelOfWaste(clique, resting);
  size_t begin = mark();
  for (size_t buffer : resting) {
    place(buffer, level);
    if (settle()) {
      steps.push_back({snapshot.step, buffer, level});
      keep(int64_t(steps.size()) - 1);
    }
    undo(begin);
    if (isFound)
      return;
  }
  if (waste != Never && raise(clique, waste) && settle() && !couldDrop(begin))
    keep(snapshot.step);
  undo(begin);
}

/// Puts the arena of now onto its contour, if it is new and there is room for it.
void ContourSearch::keep(int64_t step) {
  work += 2 * (count + cliques);
  double risks = 0, volume = 0;
  uint64_t hash = 0;
  size_t toCome = 0;
  for (size_t k = 0; k < cliques; ++k) {
    bool isOpen = open[k] > 0;
    risks += floor[k] == riskFloor[k] && open[k] == riskOpen[k] ? risk[k] : riskOf(k);
    volume += double(isOpen ? floor[k] : capacity);
    if (isOpen)
      hash += mix(uint64_t(floor[k]) * cliques + k);
  }
  std::vector<bool> isPlaced(count);
  for (size_t i = 0; i < count; ++i) {
    isPlaced[i] = placed[i];
    if (!placed[i]) {
      hash += key[i];
      ++toCome;
    }
  }
  if (toCome == 0) {
    isFound = true;
    return;
  }
  auto &contour = contours[size_t(volume / (double(capacity) * double(cliques)) * double(contours.size() - 1))];
  bool isFull = contour.size() >= MostOnContour || (kept >= mostKept && !contour.empty());
  if (isFull && risks >= contour.rbegin()->first)
    return;
  if (!seen.insert(hash).second)
    return;
  if (isFull) {
    contour.erase(std::prev(contour.end()));
    --kept;
  }
  contour.emplace(risks, Snapshot{step, floor, std::move(isPlaced)});
  ++kept;
}

} // namespace tp
