// See Process.h.
#include "comm/mpi/Process.h"
#include "tp/Support/Error.h"
#include "tprt/Wait.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace tprt::mpi {

namespace {

std::string rankName(int64_t rank) { return "rank " + std::to_string(rank); }

/// The peers that `requests` still wait for, each once.
std::string missingIn(const Process::Requests &requests) {
  std::vector<int64_t> peers;
  for (const Process::Request &request : requests)
    peers.push_back(request.peer);
  std::sort(peers.begin(), peers.end());
  peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
  std::string text;
  for (int64_t peer : peers)
    text += (text.empty() ? "" : ", ") + rankName(peer);
  return text;
}

double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

} // namespace

Process::Process(double timeoutSeconds) : mpi(library()), timeout(timeoutSeconds) {
  // One thread at a time: the rank's own while a job runs, else the main thread.
  constexpr int serialized = 2;
  int provided = 0, number = 0;
  mpi.check(mpi.Init_thread(nullptr, nullptr, serialized, &provided), "Init_thread");
  if (provided < serialized)
    throw tp::Error("the MPI library cannot be called by one thread after another (it grants thread level " +
                    std::to_string(provided) + ", needed is 2)");
  mpi.check(mpi.Comm_set_errhandler(mpi.commWorld, mpi.errorsReturn), "Comm_set_errhandler");
  mpi.check(mpi.Comm_rank(mpi.commWorld, &number), "Comm_rank");
  ownRank = number;
  mpi.check(mpi.Comm_size(mpi.commWorld, &number), "Comm_size");
  processes = number;
  watching = std::make_unique<Watch>(rankName(ownRank), timeout);
  peers.resize(processes);
  for (int64_t peer = 0; peer < processes; ++peer)
    if (peer != ownRank)
      mpi.check(mpi.Irecv(&peers[peer].last, sizeof(LastMessage), mpi.byteType, static_cast<int>(peer), lastTag, mpi.commWorld,
                          &peers[peer].request),
                "Irecv");
}

/// A message has at most this many bytes: MPI counts in int.
constexpr int64_t longest = int64_t(1) << 30;

void Process::send(Requests &requests, int64_t peer, Tag tag, const void *data, int64_t bytes) {
  const char *next = static_cast<const char *>(data);
  for (int64_t left = bytes; left > 0; left -= longest, next += longest) {
    Handle request = nullptr;
    int count = static_cast<int>(std::min(left, longest));
    mpi.check(mpi.Isend(next, count, mpi.byteType, static_cast<int>(peer), tag, mpi.commWorld, &request), "Isend");
    requests.push_back({request, peer, false});
  }
}

void Process::receive(Requests &requests, int64_t peer, Tag tag, void *data, int64_t bytes) {
  char *next = static_cast<char *>(data);
  for (int64_t left = bytes; left > 0; left -= longest, next += longest) {
    Handle request = nullptr;
    int count = static_cast<int>(std::min(left, longest));
    mpi.check(mpi.Irecv(next, count, mpi.byteType, static_cast<int>(peer), tag, mpi.commWorld, &request), "Irecv");
    requests.push_back({request, peer, true});
  }
}

bool Process::test(Handle &request) {
  int done = 0;
  mpi.check(mpi.Test(&request, &done, mpi.statusIgnore), "Test");
  return done != 0;
}

void Process::wait(Requests &requests, const std::function<std::string()> &where,
                   const std::function<void(const Request &)> &done) {
  Wait pause;
  Clock::time_point since = Clock::now();
  bool toldWatch = false;
  watching->waitsFrom(since);
  struct NoMore {
    Watch &watch;
    ~NoMore() { watch.waitsNoMore(); }
  } noMore{*watching};
  while (!requests.empty()) {
    size_t open = 0;
    for (size_t i = 0; i < requests.size(); ++i) {
      Request request = requests[i];
      if (!test(request.handle)) {
        requests[open++] = request;
        continue;
      }
      since = Clock::now();
      watching->waitsFrom(since);
      toldWatch = false;
      if (done)
        done(request);
    }
    requests.resize(open);
    if (open && pause.pause()) {
      if (!toldWatch)
        watching->waitsFor(missingIn(requests));
      toldWatch = true;
      lookForTheEnd(requests, where, since);
    }
  }
}

void Process::stop(const std::function<std::string()> &where, const std::string &why) {
  watching->takeReport();
  throw tp::Error(rankName(ownRank) + " stopped in " + where() + ": " + why);
}

void Process::readLastMessages(const std::function<std::string()> &where) {
  for (int64_t peer = 0; peer < processes; ++peer) {
    Peer &other = peers[peer];
    if (peer == ownRank || other.ended || !test(other.request))
      continue;
    other.ended = true;
    watching->forget(peer);
    if (other.last.failed) {
      other.last.text[sizeof other.last.text - 1] = 0;
      stop(where, rankName(peer) + " failed: " + other.last.text);
    }
  }
}

void Process::lookForTheEnd(const Requests &requests, const std::function<std::string()> &where, Clock::time_point since) {
  // Of those whose last message was here when all requests have been asked for since.
  for (const Request &request : requests)
    if (request.receiving && peers[request.peer].ended)
      stop(where, rankName(request.peer) + " has ended");
  readLastMessages(where);
  if (std::optional<std::string> event = watching->event()) {
    // A peer that failed has said why before it died, and before the launcher told all to end.
    for (Clock::time_point begin = Clock::now(); secondsSince(begin) < 0.05; sched_yield())
      readLastMessages(where);
    std::string missing = missingIn(requests);
    stop(where, *event + (missing.empty() || *event == missing + " has died" ? "" : "; missing " + missing));
  }
  if (secondsSince(since) > timeout) {
    watching->takeReport();
    std::ostringstream text;
    text << rankName(ownRank) << " waited " << timeout << " s in " << where() << ": missing " << missingIn(requests);
    throw tp::Error(text.str());
  }
}

Process::Requests Process::tellAll(int64_t failed, const std::string &text) {
  farewell.failed = failed;
  std::strncpy(farewell.text, text.c_str(), sizeof farewell.text - 1);
  Requests requests;
  for (int64_t peer = 0; peer < processes; ++peer)
    // One that ended well before waits for this; one that failed does not.
    if (peer != ownRank && !(peers[peer].ended && peers[peer].last.failed))
      send(requests, peer, lastTag, &farewell, sizeof farewell);
  return requests;
}

/// Whether the last message of a peer is here, or none will come.
bool Process::hasEnded(int64_t peer) {
  Peer &other = peers[peer];
  if (peer != ownRank && !other.ended)
    other.ended = test(other.request) || watching->isDead(peer);
  return peer == ownRank || other.ended;
}

void Process::leave(const std::string &why) try {
  Requests requests = tellAll(1, why);
  auto allHaveEnded = [&] {
    bool all = true;
    for (int64_t peer = 0; peer < processes; ++peer)
      all &= hasEnded(peer);
    return all;
  };
  for (Clock::time_point begin = Clock::now(); Clock::now() - begin < Watch::lingering; sched_yield()) {
    std::erase_if(requests, [&](Request &request) { return test(request.handle); });
    if (allHaveEnded())
      return;
  }
} catch (const tp::Error &) {
  // What is reported is why this process failed, not that its farewell did.
}

void Process::finish() {
  watching->setActivity([] { return "its end"; });
  auto where = [] { return std::string("the end of the run"); };
  Requests requests = tellAll(0, "");
  Wait pause;
  for (Clock::time_point begin = Clock::now();;) {
    readLastMessages(where);
    std::erase_if(requests, [&](Request &request) { return test(request.handle); });
    Requests open = requests;
    for (int64_t peer = 0; peer < processes; ++peer)
      if (peer != ownRank && !peers[peer].ended)
        open.push_back({nullptr, peer, false});
    if (open.empty())
      break;
    if (pause.pause())
      lookForTheEnd(open, where, begin);
  }
  // All have done their work; what MPI still has to say to itself must not keep us for long.
  watching->endBy(5);
  mpi.Finalize();
  watching.reset();
}

} // namespace tprt::mpi
