// See tprt/Report.h.
#include "tprt/Report.h"
#include "tp/Support/AtomicFile.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>

namespace tprt {

namespace {

/// What one rank counted, as it travels to the other processes.
tp::Json countsJson(Program &program, int64_t index) {
  const auto &counts = program.ranks().context(index).recorder.counts;
  tp::Json json;
  for (size_t entry = 0; entry < program.manifest().entries.size(); ++entry) {
    tp::Json sites = tp::Json::array();
    double seconds = 0;
    for (size_t site = 0; entry < counts.size() && site < counts[entry].size(); ++site) {
      const SiteCount &count = counts[entry][site];
      sites.push_back({count.calls, count.wireBytes});
      seconds += count.seconds;
    }
    json["entries"].push_back({{"sites", sites}, {"seconds_in_collectives", seconds}, {"seconds", program.runOf(entry).seconds}});
  }
  for (const auto &[name, hashes] : program.hashes())
    json["hashes"][name] = hashes[index];
  return json;
}

std::vector<tp::Json> collectJson(Program &program, const std::string &what, const std::function<tp::Json(int64_t)> &ofRank) {
  std::vector<std::string> texts;
  for (int64_t index = 0; index < program.ranks().size(); ++index)
    texts.push_back(tp::printJson(ofRank(index), -1));
  std::vector<tp::Json> documents;
  for (const std::string &text : program.world().collect(what, std::move(texts)))
    documents.push_back(tp::parseJson(text, what));
  return documents;
}

/// Counts of one site, the largest of the ranks.
SiteCount largestCount(const std::vector<tp::Json> &ranks, size_t entry, size_t site) {
  SiteCount largest;
  for (const tp::Json &rank : ranks) {
    const tp::Json &sites = rank["entries"][entry]["sites"];
    if (site >= sites.size())
      continue;
    largest.calls = std::max(largest.calls, sites[site][0].get<int64_t>());
    largest.wireBytes = std::max(largest.wireBytes, sites[site][1].get<int64_t>());
  }
  return largest;
}

double largestSeconds(const std::vector<tp::Json> &ranks, size_t entry, const char *key) {
  double most = 0;
  for (const tp::Json &rank : ranks)
    most = std::max(most, rank["entries"][entry][key].get<double>());
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

tp::Json entryJson(Program &program, const std::vector<tp::Json> &ranks, size_t index, tp::Json tensors) {
  const EntryInfo &entry = program.manifest().entries[index];
  const Program::EntryRun &run = program.runOf(index);
  tp::Json json;
  json["name"] = entry.name;
  // Tokens grow with n; the manifest says how many there are at the largest n.
  json["tokens"] = entry.dynamicMax && run.executions ? entry.tokens * run.n / *entry.dynamicMax : entry.tokens;
  json["collectives"] = tp::Json::array();
  for (size_t site = 0; site < entry.collectives.size(); ++site)
    if (SiteCount count = largestCount(ranks, index, site); count.calls)
      json["collectives"].push_back(collectiveJson(entry.collectives[site], count, run.executions, run.n));
  json["tensors"] = std::move(tensors);
  json["peak_bytes_per_rank"] = program.bytesPerRank(index);
  json["executions"] = run.executions;
  for (const char *key : {"seconds", "seconds_in_collectives"})
    json[key] = largestSeconds(ranks, index, key);
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

/// The track of one rank.
tp::Json trackJson(const Manifest &manifest, const tprt_context &ctx, Clock::time_point start) {
  tp::Json track = tp::Json::array();
  track.push_back({{"ph", "M"},
                   {"name", "thread_name"},
                   {"pid", 0},
                   {"tid", ctx.rank},
                   {"args", {{"name", "rank " + std::to_string(ctx.rank)}}}});
  const std::vector<TraceEvent> &events = ctx.recorder.events;
  // An event stands before those within it; of two that last equally long, the one that was noted first.
  std::vector<size_t> order(events.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tuple(events[a].begin, events[b].end, a) < std::tuple(events[b].begin, events[a].end, b);
  });
  for (size_t i : order)
    track.push_back(traceJson(manifest.entries[events[i].entry], events[i], ctx.rank, start));
  return track;
}

/// When the first event of any rank began, in this process's time.
Clock::time_point traceStart(Program &program) {
  // Between processes, times are compared as nanoseconds of rank 0's clock.
  Clock::duration ahead = program.world().clockAhead();
  std::vector<tp::Json> firsts = collectJson(program, "trace", [&](int64_t index) {
    Clock::time_point first = Clock::time_point::max();
    for (const TraceEvent &event : program.ranks().context(index).recorder.events)
      first = std::min(first, event.begin + ahead);
    return tp::Json(static_cast<int64_t>(std::chrono::nanoseconds(first.time_since_epoch()).count()));
  });
  int64_t first = std::numeric_limits<int64_t>::max();
  for (const tp::Json &text : firsts)
    first = std::min(first, text.get<int64_t>());
  return Clock::time_point(std::chrono::nanoseconds(first)) - ahead;
}

} // namespace

tp::Json statistics(Program &program, double tokensPerSecond) {
  const Manifest &manifest = program.manifest();
  std::vector<tp::Json> ranks = collectJson(program, "statistics", [&](int64_t index) { return countsJson(program, index); });
  tp::Json json;
  json["mesh"] = tp::Json::object();
  for (const tp::MeshAxis &axis : manifest.mesh.axes)
    json["mesh"][axis.name] = axis.size;
  json["entries"] = tp::Json::array();
  std::vector<tp::Json> tensors = tensorsOfEntries(program.code().manifestText(), program.code().path());
  for (size_t i = 0; i < manifest.entries.size(); ++i)
    json["entries"].push_back(entryJson(program, ranks, i, std::move(tensors.at(i))));
  json["tokens_per_second"] = tokensPerSecond;
  json["output_hashes"] = tp::Json::object();
  for (const auto &[name, hashes] : program.hashes()) {
    tp::Json texts = tp::Json::array();
    for (const tp::Json &rank : ranks) {
      char text[17];
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(rank["hashes"][name].get<uint64_t>()));
      texts.push_back(text);
    }
    json["output_hashes"][name] = texts;
  }
  return json;
}

void writeTrace(Program &program, const std::string &path) {
  Clock::time_point start = traceStart(program);
  std::vector<tp::Json> tracks = collectJson(
      program, "trace", [&](int64_t index) { return trackJson(program.manifest(), program.ranks().context(index), start); });
  if (!program.world().hasRankZero())
    return;
  tp::Json events = tp::Json::array();
  events.push_back({{"ph", "M"}, {"name", "process_name"}, {"pid", 0}, {"tid", 0}, {"args", {{"name", "tp-run"}}}});
  for (tp::Json &track : tracks)
    for (tp::Json &event : track)
      events.push_back(std::move(event));
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
      for (int64_t rank = program.world().firstHere(), end = rank + program.ranks().size(); rank < end; ++rank) {
        const TensorInfo &info = manifest.entries[entry].outputs[i];
        Array part = Array::zeros(info.type, program.localOutputShape(entry, i));
        std::copy_n(program.localOutput(entry, i, rank), part.bytes.size(), part.bytes.data());
        part.writeNpy(directory + "/rank" + std::to_string(rank) + "." + info.name + ".npy");
      }
  }
}

} // namespace tprt
