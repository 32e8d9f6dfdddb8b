// Times the collectives of the `local` communicator: one line "kind bytes microseconds" for each batch of calls.
// "copies" is what the kind at least has to move, by memcpy on all ranks at once: nothing below it is possible.
// benchmarks/collectives compiles and runs this beside the same loop on MPI.
#include "tprt/Abi.h"
#include "tprt/Ranks.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

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
    time("copies", [&](tprt_context &ctx, float *from, float *to) {
      std::memcpy(to, from, bytes);
      asm volatile("" ::"r"(to) : "memory");
    });
  }
}
