// Says on stderr what a tool is doing once that takes longer than two seconds, and nothing before.
#pragma once
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace tp {

/// While it lives, a line "TOOL: PHASE ..." is printed after two seconds, and every ten seconds from then on.
class Progress {
public:
  Progress(const std::string &tool, const std::string &phase);
  ~Progress();

private:
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false;
  std::thread thread;
};

} // namespace tp
