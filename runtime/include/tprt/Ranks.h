// The ranks of a run that live in this process: a thread and a context each, kept for as long as the object lives.
//
// The first failure ends the run: its rank poisons the communicator, so that the others stop waiting, and its error is
// the one that is reported. A rank that still does not return is left behind rather than waited for.
#pragma once
#include "tprt/Communicator.h"
#include "tprt/Context.h"
#include "tprt/World.h"

#include <functional>
#include <memory>

namespace tprt {

class Ranks {
public:
  /// One rank for every device of `mesh` that `world` has here; `groups` are the manifest's, in its order. `threads` per
  /// rank.
  Ranks(const tp::Mesh &mesh, const std::vector<std::vector<tp::AxisPart>> &groups, int64_t threads,
        std::shared_ptr<World> world);
  ~Ranks();
  Ranks(const Ranks &) = delete;

  /// How many ranks live here; their contexts, in rank order, are of use while no job runs.
  int64_t size() const;
  tprt_context &context(int64_t index);
  World &world() const;

  /// Runs `job` on all ranks of this process at once, each in its own thread, and waits. Throws the first error of any rank; after that
  /// this object can run nothing more. Ranks that have not ended `graceSeconds` after the first failure are given up:
  /// they may still touch memory, so the process should end (`hasStragglers`).
  void run(const std::function<void(tprt_context &)> &job);
  /// Where ranks were given up.
  bool hasStragglers() const;

  static constexpr double graceSeconds = 1.5;

private:
  struct State;
  void stop();
  std::shared_ptr<State> state;
};

/// Calls a module's entry (or anything shaped like one) on the calling thread and throws what it failed with.
void callEntry(tprt_context &ctx, const std::function<void(tprt_context *)> &entry);

} // namespace tprt
