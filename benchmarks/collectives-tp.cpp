// Times the collectives of the `local` communicator: one line "kind bytes microseconds" for each batch of calls.
// Bounds run on the same ranks without anything around them: no kinds, no checks, no time-out. "copies": each rank copies the bytes out of
// its neighbour's buffer, with a barrier before and after. "straight": an all-reduce of two ranks that add out of both buffers, each
// everything, or each its half and copying the other.
// benchmarks/collectives.py compiles and runs this beside the same loop on MPI.
#include "tprt/Abi.h"
#include "tprt/Ranks.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sched.h>
#include <vector>

/// All ranks have come.
class Meeting {
public:
  explicit Meeting(int64_t ranks) : ranks(ranks) {}

  void wait() {
    int64_t before = round.load(std::memory_order_acquire);
    if (come.fetch_add(1) == ranks - 1) {
      come.store(0);
      round.store(before + 1, std::memory_order_release);
      return;
    }
    for (int looks = 0; round.load(std::memory_order_acquire) == before;)
      if (++looks > 1000)
        sched_yield();
  }

private:
  int64_t ranks;
  alignas(64) std::atomic<int64_t> come{0};
  alignas(64) std::atomic<int64_t> round{0};
};

static void add(const float *a, const float *b, float *sum, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; ++i)
    sum[i] = a[i] + b[i];
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 2;
  int64_t n = std::atoll(argv[1]), batches = std::atoll(argv[2]);
  tp::Mesh mesh{{{"tp", n}}};
  tprt::Ranks ranks(mesh, {{{"tp"}}}, 1, tprt::localWorld(n, 60));
  for (int i = 3; i < argc; ++i) {
    int64_t bytes = std::atoll(argv[i]), count = bytes / 4, piece = count / n;
    std::vector<std::vector<float>> src(n), dst(n);
    ranks.run([&](tprt_context &ctx) {
      src[ctx.rank].assign(count, 1);
      dst[ctx.rank].assign(count, 0);
    });
    auto time = [&](const char *kind, const std::function<void(tprt_context &, float *, float *)> &call) {
      int64_t calls = std::max<int64_t>(4, std::min<int64_t>(2000, (int64_t(32) << 20) / (bytes + 1)));
      for (int64_t batch = -1; batch < batches; ++batch) {
        double seconds = 0;
        ranks.run([&](tprt_context &ctx) {
          float *from = src[ctx.rank].data(), *to = dst[ctx.rank].data();
          float one = 0;
          tprt_all_reduce(&ctx, 0, 0, 0, 0, &one, &one, 1);
          auto begin = std::chrono::steady_clock::now();
          for (int64_t c = 0; c < calls; ++c)
            call(ctx, from, to);
          if (ctx.rank == 0)
            seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        });
        if (batch >= 0)
          std::printf("%s %lld %.3f\n", kind, static_cast<long long>(bytes), seconds / calls * 1e6);
      }
    };
    time("all_reduce", [&](tprt_context &ctx, float *from, float *to) { tprt_all_reduce(&ctx, 0, 0, 0, 0, from, to, count); });
    if (piece > 0) {
      time("all_gather",
           [&](tprt_context &ctx, float *from, float *to) { tprt_all_gather(&ctx, 0, 0, 0, from, to, 1, piece, 1); });
      time("reduce_scatter",
           [&](tprt_context &ctx, float *from, float *to) { tprt_reduce_scatter(&ctx, 0, 0, 0, 0, from, to, 1, piece, 1); });
      time("all_to_all", [&](tprt_context &ctx, float *from, float *to) {
        tprt_all_to_all(&ctx, 0, 0, 0, from, to, 1, 1, 1, piece, 1, 1);
      });
    }
    Meeting meeting(n);
    if (n == 2) {
      time("straight_whole", [&](tprt_context &, float *, float *to) {
        meeting.wait();
        add(src[0].data(), src[1].data(), to, 0, count);
        meeting.wait();
      });
      time("straight_halves", [&](tprt_context &ctx, float *, float *to) {
        int64_t half = count / 2, mine = ctx.rank * half, other = half - mine;
        meeting.wait();
        add(src[0].data(), src[1].data(), to, mine, mine + half);
        meeting.wait();
        std::memcpy(to + other, dst[1 - ctx.rank].data() + other, half * 4);
        meeting.wait();
      });
    }
    time("copies", [&](tprt_context &ctx, float *, float *to) {
      meeting.wait();
      std::memcpy(to, src[(ctx.rank + 1) % n].data(), bytes);
      meeting.wait();
    });
  }
}
