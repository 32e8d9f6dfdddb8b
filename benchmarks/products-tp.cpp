// products-tp THREADS: answers each line "M N K" with the milliseconds of three products a[M, K] * w[N, K]^T of f32 by tprt_gemm, after
// one that does not count. benchmarks/products.py compiles it and compares it with libraries.
#include "tprt/Abi.h"
#include "tprt/Ranks.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  tp::Mesh mesh{{{"tp", 1}}};
  tprt::Ranks ranks(mesh, {{{"tp"}}}, std::atoi(argv[1]), tprt::localWorld(1, 20));
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  auto random = [&](int64_t count) {
    std::vector<float> values(count);
    for (float &value : values)
      value = uniform(generator);
    return values;
  };
  long m, n, k;
  while (std::scanf("%ld %ld %ld", &m, &n, &k) == 3) {
    std::vector<float> a = random(m * k), w = random(n * k), c(m * n);
    ranks.run([&](tprt_context &ctx) {
      for (int i = 0; i < 4; ++i) {
        auto begin = std::chrono::steady_clock::now();
        tprt_gemm(&ctx, 0, 1, m, n, k, a.data(), 0, k, 1, w.data(), 0, 1, k, c.data(), 0, n, 0, -1);
        double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        if (i > 0)
          std::printf("%.4f%c", 1e3 * seconds, i < 3 ? ' ' : '\n');
      }
    });
    std::fflush(stdout);
  }
}
