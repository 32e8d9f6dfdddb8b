// See tprt/ThreadPool.h. A helper without work looks for a while, then sleeps on the ticket until the next loop.
#include "tprt/ThreadPool.h"
#include "tp/Support/Error.h"
#include "tprt/Wait.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace tprt {

namespace {
constexpr int64_t looksBeforeSleep = 20000;
uint64_t loopOf(uint64_t ticket) { return ticket >> 32; }
int64_t nextPieceOf(uint64_t ticket) { return static_cast<int64_t>(ticket & 0xffffffffu); }
} // namespace

/// Threads of all pools of this process: where they have a core each, nobody gains by one that gives its own away, and
/// between two loops of a token there are only some microseconds.
static std::atomic<int64_t> threadsOfAllPools{0};

int64_t ThreadPool::patience() const {
  static const int64_t cores = std::thread::hardware_concurrency();
  return threadsOfAllPools.load(std::memory_order_relaxed) <= cores ? 4000 : 300;
}

ThreadPool::ThreadPool(int64_t threads) {
  threadsOfAllPools += threads;
  try {
    for (int64_t i = 1; i < threads; ++i)
      helpers.emplace_back([this] { help(); });
  } catch (const std::system_error &error) {
    threadsOfAllPools -= threads - size();
    stop();
    throw tp::Error("cannot start thread " + std::to_string(helpers.size() + 2) + " of the " + std::to_string(threads) +
                    " of a rank: " + error.code().message() + "; take fewer with --threads, or allow more memory or processes");
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping = true;
  ticket.fetch_add(uint64_t(1) << 32);
  ticket.notify_all();
  for (std::thread &helper : helpers)
    helper.join();
  threadsOfAllPools -= size();
}

void ThreadPool::run(int64_t total, int64_t grain, int64_t mostPieces, Piece body, void *closure) {
  if (total <= 0)
    return;
  grain = std::max<int64_t>(grain, 1);
  int64_t wanted = std::min(mostPieces, (total + grain - 1) / grain);
  if (helpers.empty() || wanted <= 1)
    return body(closure, 0, total);

  // The fields are written while no piece is to be had: the old loop is over, the new one has no ticket yet.
  int64_t step = std::max(grain, (total + wanted - 1) / wanted);
  piece.store(body, std::memory_order_relaxed);
  self.store(closure, std::memory_order_relaxed);
  count.store(total, std::memory_order_relaxed);
  pieceSize.store(step, std::memory_order_relaxed);
  int64_t number = (total + step - 1) / step;
  pieces.store(number, std::memory_order_relaxed);
  done.store(0, std::memory_order_relaxed);
  uint64_t loop = loopOf(ticket.load(std::memory_order_relaxed)) + 1;
  ticket.store(loop << 32, std::memory_order_release);
  ticket.notify_all();

  workOn(loop);
  for (Wait wait = Wait::forLooks(patience()); done.load(std::memory_order_acquire) != number;)
    wait.pause();
  if (failure)
    std::rethrow_exception(std::exchange(failure, nullptr));
}

/// Works on pieces of `loop` until none is left; false if there was none. The fields are read before a piece is claimed:
/// a claim succeeds only if the ticket has not moved, and while a piece is left the fields do not change.
bool ThreadPool::workOn(uint64_t loop) {
  bool worked = false;
  uint64_t seen = ticket.load(std::memory_order_acquire);
  while (loopOf(seen) == loop) {
    Piece body = piece.load(std::memory_order_relaxed);
    void *closure = self.load(std::memory_order_relaxed);
    int64_t total = count.load(std::memory_order_relaxed), step = pieceSize.load(std::memory_order_relaxed);
    int64_t number = pieces.load(std::memory_order_relaxed), index = nextPieceOf(seen);
    if (index >= number)
      return worked;
    if (!ticket.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel))
      continue;
    try {
      body(closure, index * step, std::min(total, (index + 1) * step));
    } catch (...) {
      std::lock_guard guard(failureLock);
      if (!failure)
        failure = std::current_exception();
    }
    done.fetch_add(1, std::memory_order_release);
    worked = true;
    seen = ticket.load(std::memory_order_acquire);
  }
  return worked;
}

void ThreadPool::help() {
  uint64_t seen = ticket.load();
  for (Wait wait = Wait::forLooks(patience()); !stopping.load(std::memory_order_relaxed);) {
    uint64_t now = ticket.load(std::memory_order_acquire);
    if (loopOf(now) != loopOf(seen)) {
      workOn(loopOf(now));
      seen = now;
      wait = Wait::forLooks(patience());
    } else if (wait.count() > looksBeforeSleep) {
      ticket.wait(now);
    } else {
      wait.pause();
    }
  }
}

} // namespace tprt
