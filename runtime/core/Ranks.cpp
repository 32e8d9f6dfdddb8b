// See tprt/Ranks.h. A rank without a job looks for one for a while and then sleeps: between two tokens it is awake.
#include "tprt/Ranks.h"
#include "tprt/Wait.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace tprt {

struct Ranks::State {
  std::shared_ptr<World> world;
  std::deque<tprt_context> contexts;
  std::vector<std::thread> threads;

  std::function<void(tprt_context &)> job;
  /// Counts jobs; a rank that has seen fewer has work to do.
  std::atomic<int64_t> jobs{0};
  std::atomic<bool> stopping{false};
  bool stragglers = false;

  /// The caller of `run` sleeps until all have finished, or one has failed: if it kept looking, it would take the cores
  /// from the ranks where there are more ranks than cores.
  std::mutex lock;
  std::condition_variable changed;
  int64_t finished = 0;
  bool failed = false;
  /// The first that is no echo of another.
  std::exception_ptr failure;

  void work(tprt_context &ctx);
  void fail(tprt_context &ctx);
};

void Ranks::State::fail(tprt_context &ctx) {
  bool echo = false;
  std::string why = "for an unknown reason";
  try {
    throw;
  } catch (const Poisoned &) {
    echo = true;
  } catch (const std::exception &error) {
    why = error.what();
  } catch (...) {
  }
  ctx.communicator->poison(why);
  std::lock_guard guard(lock);
  if (!echo && !failure)
    failure = std::current_exception();
  failed = true;
  changed.notify_all();
}

void Ranks::State::work(tprt_context &ctx) {
  constexpr int64_t looksBeforeSleep = 5000;
  int64_t done = 0;
  while (true) {
    for (Wait wait; jobs.load(std::memory_order_acquire) == done && !stopping;)
      if (wait.count() < looksBeforeSleep)
        wait.pause();
      else
        jobs.wait(done);
    if (stopping)
      return;
    ++done;
    ctx.communicator->setRunning(true);
    try {
      job(ctx);
    } catch (...) {
      fail(ctx);
    }
    ctx.communicator->setRunning(false);
    std::lock_guard guard(lock);
    if (++finished == static_cast<int64_t>(contexts.size()))
      changed.notify_all();
  }
}

Ranks::Ranks(const tp::Mesh &mesh, const std::vector<std::vector<tp::AxisPart>> &groups, int64_t threads,
             std::shared_ptr<World> world)
    : state(std::make_shared<State>()) {
  state->world = world;
  for (int64_t rank = world->firstHere(); rank < world->firstHere() + world->ranksHere(); ++rank) {
    tprt_context &ctx = state->contexts.emplace_back(rank, threads, world->communicator(rank));
    for (const std::vector<tp::AxisPart> &parts : groups)
      ctx.groups.push_back(makeGroup(mesh, parts, rank));
  }
  try {
    for (tprt_context &ctx : state->contexts)
      state->threads.emplace_back([state = state, &ctx] { state->work(ctx); });
  } catch (const std::system_error &error) {
    size_t started = state->threads.size();
    stop();
    throw tp::Error("cannot start rank " + std::to_string(started) + " of " + std::to_string(mesh.size()) +
                    " as a thread: " + error.code().message() + "; allow more memory or processes");
  }
}

Ranks::~Ranks() { stop(); }

void Ranks::stop() {
  state->stopping = true;
  ++state->jobs;
  state->jobs.notify_all();
  for (std::thread &thread : state->threads)
    if (state->stragglers)
      thread.detach();
    else
      thread.join();
}

int64_t Ranks::size() const { return static_cast<int64_t>(state->contexts.size()); }
tprt_context &Ranks::context(int64_t index) { return state->contexts[index]; }
World &Ranks::world() const { return *state->world; }
bool Ranks::hasStragglers() const { return state->stragglers; }

void Ranks::run(const std::function<void(tprt_context &)> &job) {
  std::unique_lock guard(state->lock);
  if (state->failed)
    throw tp::Error("these ranks have failed before and cannot run again");
  state->job = job;
  state->finished = 0;
  ++state->jobs;
  state->jobs.notify_all();
  auto allFinished = [&] { return state->finished == size(); };
  state->changed.wait(guard, [&] { return allFinished() || state->failed; });
  if (!state->failed)
    return;
  state->stragglers = !state->changed.wait_for(guard, std::chrono::duration<double>(graceSeconds), allFinished);
  if (state->failure)
    std::rethrow_exception(state->failure);
  throw tp::Error("a rank ended without saying why");
}

void callEntry(tprt_context &ctx, const std::function<void(tprt_context *)> &entry) {
  std::jmp_buf escape;
  ctx.failure = nullptr;
  if (setjmp(escape) == 0) {
    ctx.escape = &escape;
    entry(&ctx);
  }
  ctx.escape = nullptr;
  if (ctx.failure)
    std::rethrow_exception(std::exchange(ctx.failure, nullptr));
}

} // namespace tprt
