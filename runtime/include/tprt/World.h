// Where the ranks of a run live, and what they have in common beside the collectives of a program.
//
// `local`: all ranks are threads of this process. `mpi`: every process is one rank, started by mpirun. What is written
// once per run (texts, statistics, assembled outputs) is brought together with `collect` and written where rank 0 lives.
#pragma once
#include "tprt/Communicator.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tprt {

class World {
public:
  virtual ~World() = default;
  /// All ranks of the run, and those in this process: [firstHere, firstHere + ranksHere).
  virtual int64_t size() const = 0;
  virtual int64_t firstHere() const = 0;
  virtual int64_t ranksHere() const = 0;
  bool hasRankZero() const { return firstHere() == 0; }
  /// The cores of this host shared out among the ranks on it, at least 1.
  virtual int64_t threadsPerRank() const = 0;
  /// The communicator of a rank that lives here; to be asked for once for each rank. It keeps the world alive.
  virtual std::unique_ptr<Communicator> communicator(int64_t rank) = 0;

  /// What every rank of the run says, by rank, in every process; `mine` is what the ranks here say. All processes call it
  /// at the same point, while no job runs. `what` names it in errors: "output logits". Throws Error (time-out, death).
  virtual std::vector<std::string> collect(const std::string &what, std::vector<std::string> mine) = 0;
  /// What to add to this process's clock to get that of rank 0. All processes call it at the same point.
  virtual Clock::duration clockAhead() { return {}; }

  /// What this process does from here on, for errors about what comes from outside: "loading weights". It may be asked for
  /// by another thread, until the next call.
  virtual void setActivity(std::function<std::string()>) {}
  /// Whether the caller is to report why this process ends. False: another thread is doing it, and ends the process.
  virtual bool takeReport() { return true; }
  /// After the report, and before the process ends: tells the others `why`, and gives them time to report theirs. A
  /// launcher kills the rest as soon as the first processes have gone.
  virtual void leave(const std::string &why) {}
  /// Waits until all processes have come here, then ends what connects them. Throws Error if one fails first.
  virtual void finish() {}
};

/// Ranks that are threads of this process. `timeoutSeconds`: how long a rank waits for its peers in one collective.
std::shared_ptr<World> localWorld(int64_t ranks, double timeoutSeconds);

/// This process as one of those that mpirun started; a world of one rank where none did. Loads the MPI library. Throws Error
/// if there is none.
std::shared_ptr<World> mpiWorld(double timeoutSeconds);

} // namespace tprt
