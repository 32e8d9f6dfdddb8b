// This process among those that mpirun started: messages that never block for good.
//
// No call of MPI waits here. Every send and receive is asked for with MPI_Test, a few hundred times and then between
// yields of the core; about once a millisecond the rank looks for what ends a run: a peer's last message, a signal, a
// death, the time-out. Each peer sends exactly one last message, that it has ended well or why it failed.
#pragma once
#include "comm/mpi/MpiLibrary.h"
#include "comm/mpi/Watch.h"
#include "tprt/Recorder.h"

#include <functional>
#include <memory>

namespace tprt::mpi {

enum Tag : int { headTag = 1, bodyTag = 2, lastTag = 3 };

class Process {
public:
  /// Starts MPI. Throws Error.
  explicit Process(double timeoutSeconds);

  int64_t rank() const { return ownRank; }
  int64_t size() const { return processes; }
  Watch &watch() { return *watching; }

  /// Sends and receives under way. Their memory must live until `wait` returns, or the process ends.
  struct Request {
    Handle handle;
    int64_t peer;
    bool receiving;
  };
  using Requests = std::vector<Request>;
  void send(Requests &requests, int64_t peer, Tag tag, const void *data, int64_t bytes);
  void receive(Requests &requests, int64_t peer, Tag tag, void *data, int64_t bytes);

  /// Waits for all of `requests`, which is empty then; calls `done` with each. `where` says what this rank is in ("all_reduce
  /// ..."), and is asked for an error only. Throws Error: time-out, a peer's failure, death or early end, a signal.
  void wait(Requests &requests, const std::function<std::string()> &where,
            const std::function<void(const Request &)> &done = nullptr);

  /// Throws what `wait` would throw if something that ends the run has happened: where messages come fast, no wait is long
  /// enough to look.
  void lookForEvent(const std::function<std::string()> &where) {
    if (watching->event())
      lookForTheEnd({}, where, Clock::now());
  }

  /// Follows the death of a process of this host.
  void follow(int64_t peer, pid_t process) { watching->follow(peer, process); }
  /// Tells all peers why this process ends, and waits until they have reported too, or died, at most `lingering`.
  void leave(const std::string &why);
  /// Tells all peers that this process has ended well, waits for theirs, and ends MPI.
  void finish();

private:
  struct LastMessage {
    int64_t failed;
    char text[1000];
  };
  struct Peer {
    LastMessage last;
    Handle request = nullptr;
    bool ended = false;
  };
  bool test(Handle &request);
  void lookForTheEnd(const Requests &requests, const std::function<std::string()> &where, Clock::time_point since);
  void readLastMessages(const std::function<std::string()> &where);
  Requests tellAll(int64_t failed, const std::string &text);
  bool hasEnded(int64_t peer);
  [[noreturn]] void stop(const std::function<std::string()> &where, const std::string &why);

  const Library &mpi;
  const double timeout;
  int64_t ownRank = 0, processes = 1;
  std::vector<Peer> peers;
  LastMessage farewell{};
  std::unique_ptr<Watch> watching;
};

} // namespace tprt::mpi
