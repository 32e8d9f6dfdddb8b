// See tprt/Report.h.
#include "tprt/Report.h"
#include "tp/Support/AtomicFile.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <tuple>

namespace tprt {

namespace {

/// Counts of one site, the largest of the ranks.
SiteCount largestCount(Program &program, size_t entry, size_t site) {
  SiteCount largest;
  for (int64_t rank = 0; rank < program.ranks().size(); ++rank) {
    const auto &counts = program.ranks().context(rank).recorder.counts;
    if (entry >= counts.size() || site >= counts[entry].size())
      continue;
    const SiteCount &count = counts[entry][site];
    largest.calls = std::max(largest.calls, count.calls);
    largest.wireBytes = std::max(largest.wireBytes, count.wireBytes);
  }
  return largest;
}

double secondsInCollectives(Program &program, size_t entry) {
  double most = 0;
  for (int64_t rank = 0; rank < program.ranks().size(); ++rank) {
    const auto &counts = program.ranks().context(rank).recorder.counts;
    double seconds = 0;
    if (entry < counts.size())
      for (const SiteCount &count : counts[entry])
        seconds += count.seconds;
    most = std::max(most, seconds);
  }
  return most;
}

tp::Json collectiveJson(const CollectiveInfo &info, const SiteCount &count, int64_t executions, int64_t n) {
  tp::Json json;
  json["kind"] = info.kind;
  json["axes"] = info.axes;
  json["group_size"] = info.groupSize;
  if (!info.reduce.empty())
    json["reduce"] = info.reduce;
  json["dtype"] = info.type;
  json["operand_shape"] = resolveShape(info.operandShape, n);
  json["count"] = count.calls / executions;
  json["wire_bytes_per_rank"] = count.wireBytes / executions;
  json["where"] = info.where;
  json["why"] = info.why;
  return json;
}

tp::Json entryJson(Program &program, size_t index) {
  const EntryInfo &entry = program.manifest().entries[index];
  const Program::EntryRun &run = program.runOf(index);
  tp::Json json;
  json["name"] = entry.name;
  // Tokens grow with n; the manifest says how many there are at the largest n.
  json["tokens"] = entry.dynamicMax && run.executions ? entry.tokens * run.n / *entry.dynamicMax : entry.tokens;
  json["collectives"] = tp::Json::array();
  for (size_t site = 0; site < entry.collectives.size(); ++site)
    if (SiteCount count = largestCount(program, index, site); count.calls)
      json["collectives"].push_back(collectiveJson(entry.collectives[site], count, run.executions, run.n));
  json["tensors"] = entry.tensors;
  json["peak_bytes_per_rank"] = program.bytesPerRank(index);
  json["executions"] = run.executions;
  json["seconds"] = run.seconds;
  json["seconds_in_collectives"] = secondsInCollectives(program, index);
  return json;
}

double microseconds(Clock::duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

/// A complete event ("X"). `start` is the trace's time 0.
tp::Json traceJson(const EntryInfo &entry, const TraceEvent &event, int64_t rank, Clock::time_point start) {
  // Both ends are rounded the same way, so that what lies within another event does so in the file too.
  double begin = microseconds(event.begin - start), end = microseconds(event.end - start);
  tp::Json arguments = {{"entry", entry.name}};
  if (event.call >= 0 && event.call < static_cast<int64_t>(entry.calls.size()) && event.name) {
    const CallInfo &call = entry.calls[event.call];
    arguments["where"] = call.where;
    if (!call.kernel.empty())
      arguments["kernel"] = call.kernel;
  }
  if (event.site >= 0 && event.site < static_cast<int64_t>(entry.collectives.size())) {
    arguments["site"] = event.site;
    arguments["where"] = entry.collectives[event.site].where;
    arguments["over"] = entry.collectives[event.site].axes;
  }
  return {{"ph", "X"},
          {"name", event.name ? std::string(event.name) : entry.name},
          {"cat", event.category},
          {"pid", 0},
          {"tid", rank},
          {"ts", begin},
          {"dur", end - begin},
          {"args", std::move(arguments)}};
}

} // namespace

tp::Json statistics(Program &program, double tokensPerSecond) {
  const Manifest &manifest = program.manifest();
  tp::Json json;
  json["mesh"] = tp::Json::object();
  for (const tp::MeshAxis &axis : manifest.mesh.axes)
    json["mesh"][axis.name] = axis.size;
  json["entries"] = tp::Json::array();
  for (size_t i = 0; i < manifest.entries.size(); ++i)
    json["entries"].push_back(entryJson(program, i));
  json["tokens_per_second"] = tokensPerSecond;
  json["output_hashes"] = tp::Json::object();
  for (const auto &[name, hashes] : program.hashes()) {
    tp::Json texts = tp::Json::array();
    for (uint64_t hash : hashes) {
      char text[17];
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
      texts.push_back(text);
    }
    json["output_hashes"][name] = texts;
  }
  return json;
}

void writeTrace(Program &program, const std::string &path) {
  tp::Json events = tp::Json::array();
  Clock::time_point start = Clock::time_point::max();
  for (int64_t rank = 0; rank < program.ranks().size(); ++rank)
    for (const TraceEvent &event : program.ranks().context(rank).recorder.events)
      start = std::min(start, event.begin);
  events.push_back({{"ph", "M"}, {"name", "process_name"}, {"pid", 0}, {"tid", 0}, {"args", {{"name", "tp-run"}}}});
  for (int64_t rank = 0; rank < program.ranks().size(); ++rank) {
    events.push_back(
        {{"ph", "M"}, {"name", "thread_name"}, {"pid", 0}, {"tid", rank}, {"args", {{"name", "rank " + std::to_string(rank)}}}});
    const std::vector<TraceEvent> &own = program.ranks().context(rank).recorder.events;
    // An event stands before those within it; of two that last equally long, the one that was noted first.
    std::vector<size_t> order(own.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::tuple(own[a].begin, own[b].end, a) < std::tuple(own[b].begin, own[a].end, b);
    });
    for (size_t i : order)
      events.push_back(traceJson(program.manifest().entries[own[i].entry], own[i], rank, start));
  }
  tp::writeFile(path, tp::printJson({{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}}, -1));
}

void dumpRanks(Program &program, const std::string &directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure)
    throw tp::Error("cannot make the folder " + directory + ": " + failure.message());
  const Manifest &manifest = program.manifest();
  for (size_t entry = 0; entry < manifest.entries.size(); ++entry) {
    if (!program.runOf(entry).executions)
      continue;
    for (size_t i = 0; i < manifest.entries[entry].outputs.size(); ++i)
      for (int64_t rank = 0; rank < program.ranks().size(); ++rank) {
        const TensorInfo &info = manifest.entries[entry].outputs[i];
        Array part = Array::zeros(info.type, program.localOutputShape(entry, i));
        std::copy_n(program.localOutput(entry, i, rank), part.bytes.size(), part.bytes.data());
        part.writeNpy(directory + "/rank" + std::to_string(rank) + "." + info.name + ".npy");
      }
  }
}

} // namespace tprt
