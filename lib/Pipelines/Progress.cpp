// One thread per phase that sleeps until the phase ends or has taken long enough to be worth a line.
#include "Progress.h"

#include <chrono>
#include <cstdio>

namespace tp {

Progress::Progress(const std::string &tool, const std::string &phase) {
  thread = std::thread([this, text = tool + ": " + phase] {
    std::unique_lock lock(mutex);
    int seconds = 0;
    for (int pause = 2; !wake.wait_for(lock, std::chrono::seconds(pause), [this] { return done; }); pause = 10) {
      seconds += pause;
      std::fprintf(stderr, "%s, %d s so far\n", text.c_str(), seconds);
    }
  });
}

Progress::~Progress() {
  {
    std::lock_guard lock(mutex);
    done = true;
  }
  wake.notify_one();
  thread.join();
}

} // namespace tp
