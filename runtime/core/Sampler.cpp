// See tprt/Sampler.h.
#include "tprt/Sampler.h"
#include "tp/Support/RandomTensor.h"

#include <algorithm>
#include <cmath>

namespace tprt {

// The largest value first, in lanes that do not wait for one another; then where it stands.
int64_t greedyToken(const float *logits, int64_t count) {
  constexpr int64_t lanes = 16;
  float best[lanes];
  std::fill(best, best + lanes, -HUGE_VALF);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int64_t lane = 0; lane < lanes; ++lane)
      best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
  for (; i < count; ++i)
    best[0] = logits[i] > best[0] ? logits[i] : best[0];
  const float *found = std::find(logits, logits + count, *std::max_element(best, best + lanes));
  return found == logits + count ? 0 : found - logits;
}

int64_t sampleToken(const float *logits, int64_t count, const SamplingOptions &options, int64_t sequence, int64_t step) {
  if (options.temperature <= 0)
    return greedyToken(logits, count);
  // Largest first, the lower id first among equals, so that ties do not depend on the sort.
  std::vector<int32_t> order(count);
  for (int64_t i = 0; i < count; ++i)
    order[i] = static_cast<int32_t>(i);
  auto before = [&](int32_t a, int32_t b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); };
  int64_t kept = options.topK > 0 ? std::min(options.topK, count) : count;
  std::partial_sort(order.begin(), order.begin() + kept, order.end(), before);

  std::vector<double> weights(kept);
  double total = 0, top = logits[order[0]];
  for (int64_t i = 0; i < kept; ++i)
    total += weights[i] = std::exp((logits[order[i]] - top) / options.temperature);
  if (options.topP < 1) {
    double sum = 0;
    int64_t i = 0;
    while (i < kept && sum < options.topP * total)
      sum += weights[i++];
    kept = std::max<int64_t>(i, 1);
    total = kept == i ? sum : weights[0];
  }
  uint64_t bits = tp::randomBits(tp::randomBits(options.seed, static_cast<uint64_t>(sequence)), static_cast<uint64_t>(step));
  double point = static_cast<double>(bits >> 11) / 9007199254740992.0 * total; // 2^53
  for (int64_t i = 0; i < kept; ++i)
    if ((point -= weights[i]) < 0)
      return order[i];
  return order[kept - 1];
}

} // namespace tprt
