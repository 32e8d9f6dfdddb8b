// A search for offsets that keeps many half-built arenas at once, for tables with slack at most moments.
#pragma once
#include "ArenaState.h"

#include <functional>
#include <map>
#include <unordered_set>

namespace tp {

/// How such a search judges.
struct ContourTaste {
  /// The waste that is expected of bytes still to come, as a share: of them, or of the geometric mean of them and the capacity.
  double waste;
  bool bySquareRoot;
};

class ContourSearch : private ArenaState {
public:
  ContourSearch(const std::vector<ArenaBuffer> &given, int64_t capacity, const ContourTaste &taste,
                const std::function<bool()> &timeIsUp);

  using ArenaState::work;
  /// Goes on until `limit` of work is done, a plan is found, or nothing is left of what was kept (no proof: much was not).
  void run(int64_t limit);
  bool found() const { return isFound; }
  std::vector<int64_t> offsets() const;

private:
  struct Snapshot {
    int64_t step;
    std::vector<int64_t> floors;
    std::vector<bool> isPlaced;
  };
  /// How a snapshot came about: the buffer placed last, and the step before.
  struct Step {
    int64_t before;
    size_t buffer;
    int64_t at;
  };

  ContourTaste taste;
  const std::function<bool()> &timeIsUp;
  /// Snapshots by the volume below their floors, each of them by risk.
  std::vector<std::multimap<double, Snapshot>> contours;
  size_t next = 0, kept = 0, mostKept;
  bool sawAny = false, isExhausted = false, isFound = false;
  std::vector<Step> steps;
  std::unordered_set<uint64_t> seen;
  // Risk of each clique in the snapshot that is being built on.
  std::vector<double> risk;
  std::vector<int64_t> riskFloor, riskOpen;

  double riskOf(size_t clique) const;
  size_t choose();
  void buildOn(const Snapshot &snapshot);
  void keep(int64_t step);
};

} // namespace tp
