// How a thread waits for another one: a few hundred looks, then giving the core away between looks. There may be more
// ranks than cores, and then pure spinning costs milliseconds and a futex wake tens of microseconds.
#pragma once
#include <cstdint>
#include <sched.h>

namespace tprt {

class Wait {
public:
  /// Call between two looks. True about once a millisecond, when it is time to ask about time-outs and the like.
  bool pause() {
    if (++looks < spins) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
      return false;
    }
    sched_yield();
    return (looks & 1023) == 0;
  }
  int64_t count() const { return looks; }

private:
  static constexpr int64_t spins = 300;
  int64_t looks = 0;
};

} // namespace tprt
