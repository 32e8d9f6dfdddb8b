// Counts what one rank does while an entry runs: per collective site for --stats, and one event per call for --trace.
//
// An entry is a straight line, so the number of a call in it says which op of the program it is: the manifest's "calls" has
// a name for each, and the module passes none.
#pragma once
#include <atomic>
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
  /// Static text: the ABI function, "wait", or what the runtime does itself. Null for the whole execution of an entry.
  const char *name;
  /// "compute", "collective", "wait" (the first part of a collective), "runtime" or "entry".
  const char *category;
  Clock::time_point begin, end;
  /// Index into the manifest's entries.
  int64_t entry;
  /// Number of the call in the entry, or -1; the collective's site, or -1.
  int64_t call, site;
};

/// Belongs to one rank's thread; read by others only while that rank is at rest, but for `currentCall`.
class Recorder {
public:
  /// Counts go to the entry with this index from here on, and its calls are numbered from 0.
  void beginEntry(int64_t entry, int64_t sites);
  void collective(const char *name, int64_t site, int64_t wireBytes, Clock::time_point begin, Clock::time_point end,
                  Clock::time_point arrived);
  void compute(const char *name, Clock::time_point begin, Clock::time_point end) {
    int64_t call = nextCall();
    if (tracing)
      events.push_back({name, "compute", begin, end, current, call, -1});
  }
  /// What the runtime does around an entry's calls, and (null) the execution as a whole.
  void around(const char *name, Clock::time_point begin, Clock::time_point end) {
    if (tracing)
      events.push_back({name, name ? "runtime" : "entry", begin, end, current, -1, -1});
  }

  /// The number of the call that runs, from any thread.
  int64_t currentCall() const { return calls.load(std::memory_order_relaxed); }

  bool tracing = false;
  /// Per entry, per site, over all executions.
  std::vector<std::vector<SiteCount>> counts;
  std::vector<TraceEvent> events;

private:
  void countSites(int64_t sites);
  /// Counts a call that has ended, and says which it was. Only one thread writes.
  int64_t nextCall() {
    int64_t call = currentCall();
    calls.store(call + 1, std::memory_order_relaxed);
    return call;
  }
  int64_t current = 0;
  std::atomic<int64_t> calls{0};
};

} // namespace tprt
