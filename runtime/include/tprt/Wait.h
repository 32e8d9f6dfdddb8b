// How a thread waits for another one: a few hundred looks, then giving the core away between looks. Where there are more
// ranks than cores it gives the core away at once: what it waits for may need that core, and a look takes 40 ns. A futex
// wake would cost tens of microseconds.
#pragma once
#include <chrono>
#include <cstdint>
#include <sched.h>

namespace tprt {

class Wait {
public:
  /// `crowded`: more threads wait like this than there are cores.
  explicit Wait(bool crowded = false) : spins(crowded ? 2 : 300) {}
  /// Gives the core away only after so many looks.
  static Wait forLooks(int64_t spins) {
    Wait wait;
    wait.spins = spins;
    return wait;
  }
  /// Call between two looks. True once a millisecond, when it is time to ask about time-outs and the like: by the clock, since
  /// on a busy machine a yield can take as long.
  bool pause() {
    if (++looks < spins) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
      return false;
    }
    sched_yield();
    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    if (looks == spins)
      asked = now;
    if (now - asked < std::chrono::milliseconds(1))
      return false;
    asked = now;
    return true;
  }
  int64_t count() const { return looks; }

private:
  int64_t spins;
  int64_t looks = 0;
  std::chrono::steady_clock::time_point asked;
};

} // namespace tprt
