// run-entry MODULE.tpm THREADS TIMES: seconds of TIMES executions of the module's first entry on random inputs, after one that
// does not count. run-entry peak THREADS: GFLOP/s of fused multiply-adds in registers on so many threads together.
#include "tp/Support/Error.h"
#include "tprt/Program.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

typedef float Vec __attribute__((vector_size(64)));

double secondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The best of many short spells.
double peakOfThread() {
  constexpr int chains = 20, rounds = 20000;
  Vec sums[chains] = {}, factor = Vec{} + 0.999f;
  double best = 0;
  for (int spell = 0; spell < 100; ++spell) {
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i)
      for (int c = 0; c < chains; ++c)
        sums[c] = sums[c] * factor + factor;
    double rate = 2.0 * 16 * chains * rounds / secondsSince(begin) / 1e9;
    best = rate > best ? rate : best;
  }
  float total = 0;
  for (Vec sum : sums)
    total += sum[0];
  return total == 0.5f ? 0 : best;
}

int run(int argc, char **argv) {
  if (argc == 3 && !std::strcmp(argv[1], "peak")) {
    std::atomic<double> sum{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < std::atoi(argv[2]); ++i)
      threads.emplace_back([&] { sum += peakOfThread(); });
    for (std::thread &thread : threads)
      thread.join();
    std::printf("%.1f\n", sum.load());
    return 0;
  }
  if (argc != 4)
    return 2;
  tprt::Module module(argv[1]);
  tprt::ProgramOptions options;
  options.threads = std::atoi(argv[2]);
  options.randomSeed = 1;
  tprt::Program program(module, options);
  const tprt::EntryInfo &entry = module.manifest().entries[0];
  int64_t n = program.extentFor(entry);
  std::vector<tprt::Array> inputs;
  std::vector<const tprt::Array *> pointers;
  for (const tprt::TensorInfo &input : entry.inputs)
    inputs.push_back(program.inputFor(input, n));
  for (const tprt::Array &input : inputs)
    pointers.push_back(&input);
  program.run(0, n, pointers);
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    auto begin = std::chrono::steady_clock::now();
    program.run(0, n, pointers);
    std::printf("%.6f\n", secondsSince(begin));
  }
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const tp::Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
