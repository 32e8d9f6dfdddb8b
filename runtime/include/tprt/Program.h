// A module on its ranks: parameters loaded, states zeroed, entries ready to run.
//
// Everything outside speaks of whole tensors in global order; this cuts inputs and weights into each rank's shard and
// puts outputs together again, by the layouts of the manifest. Where the ranks are processes, each has such an object, and
// all do the same calls in the same order: `run` and `output` are of all ranks, `local...` of those that live here.
#pragma once
#include "tprt/Array.h"
#include "tprt/Module.h"
#include "tprt/Ranks.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace tp {
class WeightFile;
}

namespace tprt {

struct ProgramOptions {
  /// File or folder to take instead of the one in the manifest.
  std::optional<std::string> weights;
  /// Where the ranks live; null: all of them as threads of this process.
  std::shared_ptr<World> world;
  /// Threads of each rank; 0: the cores divided by the ranks, at least 1.
  int64_t threads = 0;
  /// Where `world` is null: how long a rank waits for the others.
  double timeoutSeconds = 60;
  bool tracing = false;
  /// Whole tensors by name, for parameters and inputs that come from the user ("arg0").
  std::map<std::string, Array> given;
  /// Fills what is not given with tp::randomTensor of this seed.
  std::optional<uint64_t> randomSeed;
  /// Says how far something is that has taken over two seconds; null: silence.
  std::function<void(const std::string &)> progress;
};

class Program {
public:
  /// Loads the parameters of the ranks here, and waits for the others to have theirs. Throws Error: weights that are missing or changed since compilation, a parameter
  /// that is neither stored nor given, ...
  Program(const Module &module, ProgramOptions options);
  ~Program();

  const Module &code() const { return module; }
  const Manifest &manifest() const { return module.manifest(); }
  Ranks &ranks() { return *team; }
  World &world() const { return team->world(); }

  /// The whole input `name` as the options give it or as random numbers; Error if neither. `n` fills dynamic extents.
  Array inputFor(const TensorInfo &input, int64_t n) const;
  /// The value that n must have for the given inputs of `entry`: 1 without a dynamic extent, the largest if none is given.
  int64_t extentFor(const EntryInfo &entry) const;
  /// The smallest n' >= n that divides over every split of the entry's dynamic extent.
  static int64_t paddedExtent(const EntryInfo &entry, int64_t n);

  /// Runs an entry on all ranks with these whole inputs, in the manifest's order. Throws Error (shapes, n above the
  /// entry's largest or not divisible over its splits, what a rank failed with).
  void run(int64_t entry, int64_t n, const std::vector<const Array *> &inputs);

  /// After `run`: output `index` of `entry` in global order; what is partial is summed (max, min) in rank order.
  Array output(int64_t entry, int64_t index) const;
  /// The same without a copy where every rank holds all of it; else nullptr.
  const char *wholeOutput(int64_t entry, int64_t index) const;
  /// The part of one of the ranks here, and its shape.
  const char *localOutput(int64_t entry, int64_t index, int64_t rank) const;
  std::vector<int64_t> localOutputShape(int64_t entry, int64_t index) const;

  /// Frees what `entry` took in and gave out here; there is nothing to read of it until it has run again.
  void releaseValues(int64_t entry);
  /// Sets all states to zero.
  void resetStates();

  /// What has been counted, for --stats.
  struct EntryRun {
    int64_t executions = 0;
    /// n of the last one.
    int64_t n = 1;
    double seconds = 0;
  };
  const EntryRun &runOf(int64_t entry) const { return entryRuns[entry]; }
  /// Bytes of parameters, states, arena, inputs and outputs of one rank, for an entry as it ran last.
  int64_t bytesPerRank(int64_t entry) const;
  /// Output name to one running hash per rank here over the bytes of every execution; empty unless `hashing`.
  bool hashing = false;
  const std::map<std::string, std::vector<uint64_t>> &hashes() const { return outputHashes; }

private:
  struct RankMemory;
  struct EntryMemory;
  void loadParameters();
  RankMemory &memoryOf(int64_t rank);
  void loadParameter(const TensorInfo &parameter, int64_t rank, const tp::WeightFile *weights, char *memory) const;

  const Module &module;
  ProgramOptions options;
  std::unique_ptr<Ranks> team;
  std::vector<RankMemory> memories;
  std::vector<EntryRun> entryRuns;
  std::map<std::string, std::vector<uint64_t>> outputHashes;
};

} // namespace tprt
