// How fast memory can be read: `bandwidth THREADS` prints GB/s, the best and the median of many slices of a gigabyte.
//
// Decoding reads every weight once for each token, so this divided by the bytes of the weights bounds tokens per second.
// Slices are short, so that a moment without other work on the machine shows in the best one.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <sys/mman.h>
#include <thread>
#include <vector>

typedef float Vec __attribute__((vector_size(64)));

static float readAll(const char *from, size_t bytes) {
  Vec sums[4] = {};
  for (size_t at = 0; at < bytes; at += sizeof sums)
    for (int i = 0; i < 4; ++i) {
      Vec v;
      std::memcpy(&v, from + at + i * sizeof v, sizeof v);
      sums[i] += v;
    }
  return sums[0][0] + sums[1][1] + sums[2][2] + sums[3][3];
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  constexpr size_t bytes = size_t(1) << 30, slices = 64, slice = bytes / slices;
  char *memory =
      static_cast<char *>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (threads < 1 || memory == MAP_FAILED)
    return 1;
  madvise(memory, bytes, MADV_HUGEPAGE);
  std::memset(memory, 1, bytes);

  std::atomic<int64_t> started{0}, finished{0};
  std::atomic<float> sink{0};
  auto part = [&](int64_t round, int thread) {
    size_t share = slice / threads / 256 * 256;
    sink = readAll(memory + round % slices * slice + thread * share, share);
  };
  constexpr int64_t rounds = 3 * slices;
  std::vector<std::thread> helpers;
  for (int thread = 1; thread < threads; ++thread)
    helpers.emplace_back([&, thread] {
      for (int64_t round = 0; round < rounds; ++round) {
        for (int looks = 0; started.load() <= round;)
          if (++looks > 1000)
            sched_yield();
        part(round, thread);
        ++finished;
      }
    });
  std::vector<double> rates;
  for (int64_t round = 0; round < rounds; ++round) {
    auto begin = std::chrono::steady_clock::now();
    started = round + 1;
    part(round, 0);
    while (finished.load() < (round + 1) * (threads - 1))
      ;
    rates.push_back(slice / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / 1e9);
  }
  for (std::thread &helper : helpers)
    helper.join();
  std::sort(rates.begin(), rates.end());
  std::printf("%.2f %.2f\n", rates.back(), rates[rates.size() / 2]);
}
