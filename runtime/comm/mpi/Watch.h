// Sees what ends a run from outside: SIGTERM, Ctrl-C, and the death of a rank on this host.
//
// A rank that waits for its peers asks `event` about once a millisecond, and reports with what it was doing. A rank that
// computes does not ask; if it has not come to a wait in a while, a thread of this object reports for it and ends the process.
// The same thread keeps the time-out where a look for messages does not return: one rank that is stopped in the middle of a
// message can hold others inside the MPI library.
// Whoever takes the report first makes it, so a process prints one error. Deaths are seen through pidfds: at once, from
// any thread, and whether or not the launcher cleans up.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace tprt::mpi {

class Watch {
public:
  /// `who` starts every report: "rank 2". One object per process; it takes over SIGTERM and SIGINT. After `timeoutSeconds` in
  /// which nothing has come for a rank that waits, and `patience`, the process ends.
  Watch(std::string who, double timeoutSeconds);
  ~Watch();
  Watch(const Watch &) = delete;

  /// From here on the death of `process`, which is rank `peer`, is an event; until `forget`.
  void follow(int64_t peer, pid_t process);
  void forget(int64_t peer);

  /// Whether a process that is followed has died.
  bool isDead(int64_t peer);

  /// What has happened, if anything: "rank 1 has died", "it was told to end by SIGTERM".
  std::optional<std::string> event() { return happened ? std::optional(eventText()) : std::nullopt; }
  /// Whether the caller's side is the one to report the end of this process. False: the watch is doing it.
  bool takeReport();
  /// The rank waits, and since `since` nothing has come.
  void waitsFrom(std::chrono::steady_clock::time_point since) {
    isMissingKnown = false;
    waitingSince = std::chrono::nanoseconds(since.time_since_epoch()).count();
  }
  /// For whom.
  void waitsFor(std::string peers);
  /// The rank waits no longer.
  void waitsNoMore() { waitingSince = 0; }

  /// What the process does, asked for by the watch's thread.
  void setActivity(std::function<std::string()> text);
  /// The work is done: whatever happens after `seconds` from now, the process ends with status 0.
  void endBy(double seconds);

  /// How long a rank may take to report an event itself.
  static constexpr std::chrono::milliseconds patience{250};
  /// How long a process that has reported stays, so that the others can report too: Open MPI's mpirun kills the rest when
  /// the second process has gone.
  static constexpr std::chrono::milliseconds lingering{800};

private:
  void run();
  void wake();
  std::string eventText();
  void record(std::string what);
  void recordTimeOut();
  void reportForRank();

  const std::string who;
  const double timeout;
  int wakeUp;
  std::mutex lock;
  struct Followed {
    int64_t peer;
    int pidfd;
  };
  std::vector<Followed> followed;
  std::string what, missing;
  /// Nanoseconds of the steady clock; 0 where the rank does not wait.
  std::atomic<int64_t> waitingSince{0};
  std::atomic<bool> isMissingKnown{false};
  std::function<std::string()> activity;
  std::atomic<bool> happened{false}, stopping{false};
  enum Reporter { nobody, rank, watch };
  std::atomic<int> reporter{nobody};
  std::optional<std::chrono::steady_clock::time_point> deadline, reportBy;
  std::thread thread;
};

} // namespace tprt::mpi
