// Counts what one rank does while an entry runs: per collective site for --stats, and one event per call for --trace.
#pragma once
#include <chrono>
#include <cstdint>
#include <vector>

namespace tprt {

using Clock = std::chrono::steady_clock;

struct SiteCount {
  int64_t calls = 0;
  int64_t wireBytes = 0;
  double seconds = 0;
};

struct TraceEvent {
  /// Static text: the ABI function, or "wait".
  const char *name;
  /// "compute", "collective" or "wait".
  const char *category;
  Clock::time_point begin, end;
  /// The collective's site, or -1.
  int64_t site;
};

/// Belongs to one rank's thread; read by others only while that rank is at rest.
class Recorder {
public:
  /// Counts go to the entry with this index from here on.
  void beginEntry(int64_t entry, int64_t sites);
  void collective(const char *name, int64_t site, int64_t wireBytes, Clock::time_point begin, Clock::time_point end,
                  double waited);
  void compute(const char *name, Clock::time_point begin, Clock::time_point end) {
    if (tracing)
      events.push_back({name, "compute", begin, end, -1});
  }

  bool tracing = false;
  /// Per entry, per site, over all executions.
  std::vector<std::vector<SiteCount>> counts;
  std::vector<TraceEvent> events;

private:
  int64_t current = 0;
};

} // namespace tprt
