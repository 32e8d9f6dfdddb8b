// Says how far a long job is, from two seconds on and every two seconds; short jobs stay silent. Thread-safe.
#pragma once
#include "tprt/Recorder.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

namespace tprt {

class Progress {
public:
  /// `total` in bytes; `say` may be null.
  Progress(std::string what, int64_t total, std::function<void(const std::string &)> say)
      : what(std::move(what)), total(total), say(std::move(say)) {}

  void add(int64_t bytes) {
    int64_t now = done += bytes;
    std::unique_lock guard(lock, std::try_to_lock);
    if (!say || !guard.owns_lock() || Clock::now() - last < std::chrono::seconds(2))
      return;
    last = Clock::now();
    say(what + ": " + std::to_string(now >> 20) + " of " + std::to_string(total >> 20) + " MiB");
  }

private:
  std::string what;
  int64_t total;
  std::function<void(const std::string &)> say;
  std::atomic<int64_t> done{0};
  std::mutex lock;
  Clock::time_point last = Clock::now();
};

} // namespace tprt
