// See tprt/Recorder.h.
#include "tprt/Recorder.h"

#include <algorithm>

namespace tprt {

void Recorder::beginEntry(int64_t entry, int64_t sites) {
  current = entry;
  calls = 0;
  countSites(sites);
}

void Recorder::countSites(int64_t sites) {
  int64_t entry = current;
  if (static_cast<int64_t>(counts.size()) <= entry)
    counts.resize(entry + 1);
  if (static_cast<int64_t>(counts[entry].size()) < sites)
    counts[entry].resize(sites);
}

void Recorder::collective(const char *name, int64_t site, int64_t wireBytes, Clock::time_point begin, Clock::time_point end,
                          Clock::time_point arrived) {
  countSites(site + 1);
  int64_t call = nextCall();
  SiteCount &count = counts[current][site];
  ++count.calls;
  count.wireBytes += wireBytes;
  count.seconds += std::chrono::duration<double>(end - begin).count();
  if (!tracing)
    return;
  events.push_back({name, "collective", begin, end, current, call, site});
  events.push_back({"wait", "wait", begin, std::min(arrived, end), current, call, site});
}

} // namespace tprt
