// See Watch.h.
#include "comm/mpi/Watch.h"
#include "tp/Support/Error.h"
#include "tp/Support/Options.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <sstream>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tprt::mpi {

namespace {

using Clock = std::chrono::steady_clock;

/// What a signal handler may touch.
std::atomic<int> signalSeen{0}, signalWakeUp{-1};

void onSignal(int number) {
  int before = errno;
  signalSeen = number;
  uint64_t one = 1;
  if (write(signalWakeUp, &one, sizeof one) < 0) {
    // The counter is full: the thread is awake anyway.
  }
  errno = before;
}

} // namespace

Watch::Watch(std::string who, double timeoutSeconds)
    : who(std::move(who)), timeout(timeoutSeconds), wakeUp(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wakeUp < 0)
    throw tp::Error("cannot make an eventfd: " + std::string(std::strerror(errno)));
  signalWakeUp = wakeUp;
  thread = std::thread([this] { run(); });
  struct sigaction action{};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  for (int number : {SIGTERM, SIGINT})
    sigaction(number, &action, nullptr);
}

Watch::~Watch() {
  for (int number : {SIGTERM, SIGINT})
    std::signal(number, SIG_DFL);
  stopping = true;
  wake();
  thread.join();
  for (const Followed &process : followed)
    close(process.pidfd);
  close(wakeUp);
}

void Watch::wake() {
  uint64_t one = 1;
  if (write(wakeUp, &one, sizeof one) < 0) {
    // As in onSignal.
  }
}

void Watch::follow(int64_t peer, pid_t process) {
  int pidfd = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (pidfd < 0) {
    // An old kernel has none: deaths are then seen by the launcher, or by the time-out.
    if (errno == ESRCH)
      record("rank " + std::to_string(peer) + " has died");
    return;
  }
  std::lock_guard guard(lock);
  followed.push_back({peer, pidfd});
  wake();
}

void Watch::forget(int64_t peer) {
  std::lock_guard guard(lock);
  std::erase_if(followed, [&](const Followed &process) {
    if (process.peer == peer)
      close(process.pidfd);
    return process.peer == peer;
  });
}

bool Watch::isDead(int64_t peer) {
  std::lock_guard guard(lock);
  for (const Followed &process : followed)
    if (pollfd file{process.pidfd, POLLIN, 0}; process.peer == peer && poll(&file, 1, 0) == 1)
      return true;
  return false;
}

void Watch::record(std::string text) {
  std::lock_guard guard(lock);
  if (happened)
    return;
  what = std::move(text);
  reportBy = Clock::now() + patience;
  happened = true;
}

std::string Watch::eventText() {
  std::lock_guard guard(lock);
  return what;
}

void Watch::waitsFor(std::string peers) {
  std::lock_guard guard(lock);
  missing = std::move(peers);
  isMissingKnown = true;
}

// The rank itself looks at its time-out about once a millisecond; where it has not for `patience`, it does not come to look.
void Watch::recordTimeOut() {
  int64_t since = waitingSince, now = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
  if (since == 0 || double(now - since) * 1e-9 <= timeout + std::chrono::duration<double>(patience).count())
    return;
  std::lock_guard guard(lock);
  if (happened)
    return;
  std::ostringstream text;
  text << "nothing has come for " << timeout << " s";
  if (isMissingKnown)
    text << ": missing " << missing;
  what = text.str();
  reportBy = Clock::now();
  happened = true;
}

bool Watch::takeReport() {
  int before = nobody;
  return reporter.compare_exchange_strong(before, rank) || before == rank;
}

void Watch::setActivity(std::function<std::string()> text) {
  std::lock_guard guard(lock);
  activity = std::move(text);
}

void Watch::endBy(double seconds) {
  std::lock_guard guard(lock);
  deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  wake();
}

void Watch::reportForRank() {
  int before = nobody;
  if (!reporter.compare_exchange_strong(before, watch))
    return;
  {
    std::lock_guard guard(lock);
    tp::printError(tp::Error(who + " stopped in " + (activity ? activity() : "its start") + ": " + what));
  }
  std::fflush(nullptr);
  std::this_thread::sleep_for(lingering);
  _exit(1);
}

void Watch::run() {
  while (!stopping) {
    std::vector<pollfd> files{{wakeUp, POLLIN, 0}};
    std::vector<int64_t> peers;
    int wait = static_cast<int>(patience.count());
    {
      std::lock_guard guard(lock);
      // After the first event there is nothing more to see.
      if (!happened)
        for (const Followed &process : followed) {
          files.push_back({process.pidfd, POLLIN, 0});
          peers.push_back(process.peer);
        }
      for (const auto &time : {deadline, reportBy})
        if (time && (reporter == nobody || time == deadline)) {
          int left = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*time - Clock::now()).count());
          wait = std::max(0, std::min(wait, left));
        }
    }
    poll(files.data(), files.size(), wait);
    uint64_t count;
    while (read(wakeUp, &count, sizeof count) > 0) {
    }
    if (int number = signalSeen.exchange(0))
      record(std::string("it was told to end by ") + (number == SIGINT ? "SIGINT" : "SIGTERM"));
    for (size_t i = 1; i < files.size(); ++i)
      if (files[i].revents & POLLIN) {
        std::lock_guard guard(lock);
        // It may have been forgotten since.
        bool current = false;
        for (const Followed &process : followed)
          current |= process.peer == peers[i - 1];
        if (current && !happened) {
          what = "rank " + std::to_string(peers[i - 1]) + " has died";
          reportBy = Clock::now() + patience;
          happened = true;
        }
      }
    recordTimeOut();
    std::optional<Clock::time_point> end, report;
    {
      std::lock_guard guard(lock);
      end = deadline, report = reportBy;
    }
    if (end && Clock::now() >= *end)
      _exit(0);
    if (report && Clock::now() >= *report)
      reportForRank();
  }
}

} // namespace tprt::mpi
