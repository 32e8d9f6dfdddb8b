// See Children.h.
#include "Children.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tp::random_programs {

[[maybe_unused]] static constexpr rlim_t memoryLimit = rlim_t(6) << 30;

// Processor time is what counts: a process that is stopped for a while, or shares its core with ten others, hangs no more than
// before. What waits for nothing uses none of it; for that there is a second limit, of the clock on the wall.
static constexpr unsigned wallPerProcessor = 15;

void stillAlive(unsigned seconds) {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  rlimit limit{static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1 + seconds, RLIM_INFINITY};
  setrlimit(RLIMIT_CPU, &limit);
  alarm(seconds * wallPerProcessor);
}

static void writeAll(int file, const std::string &text) {
  for (size_t done = 0; done < text.size();) {
    ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count <= 0)
      _exit(3); // the parent is gone
    done += count;
  }
}

static std::string oneLine(const std::string &text) {
  std::string line;
  for (char c : text)
    if (c == '\n')
      line += "\\n";
    else
      line += c;
  return line + "\n";
}

std::string inChild(const std::function<void(const Say &)> &body, const std::function<void(const std::string &)> &hear,
                    unsigned seconds) {
  int ends[2];
  std::fflush(nullptr);
  if (pipe(ends) != 0)
    return "no pipe";
  pid_t child = fork();
  if (child < 0)
    return "no child process";
  if (child == 0) {
    close(ends[0]);
    rlimit core{0, 0};
    setrlimit(RLIMIT_CORE, &core);
#if !__has_feature(address_sanitizer) // it reserves terabytes
    rlimit memory{memoryLimit, memoryLimit};
    setrlimit(RLIMIT_AS, &memory);
#endif
    for (int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM, SIGXCPU})
      signal(number, SIG_DFL);
    stillAlive(seconds);
    try {
      body([&](const std::string &text) { writeAll(ends[1], oneLine(text)); });
    } catch (...) {
      _exit(4);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string pending;
  char buffer[1 << 14];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) {
    pending.append(buffer, count);
    for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
      hear(pending.substr(0, end));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    int number = WTERMSIG(status);
    return number == SIGXCPU   ? "time-out after " + std::to_string(seconds) + " s of processor time"
           : number == SIGALRM ? "time-out after " + std::to_string(seconds * wallPerProcessor) + " s"
                               : "signal " + std::to_string(number);
  }
  return WEXITSTATUS(status) ? "exit status " + std::to_string(WEXITSTATUS(status)) : "";
}

} // namespace tp::random_programs
