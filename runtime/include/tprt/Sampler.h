// Picks the next token from logits: the largest, or a random one from a counter, so that a seed gives the same text
// whatever the layout, the batch beside it, or what ran before.
#pragma once
#include <cstdint>
#include <vector>

namespace tprt {

struct SamplingOptions {
  /// 0: greedy. Above: logits are divided by it.
  double temperature = 0;
  /// Keep the k largest logits; 0: all.
  int64_t topK = 0;
  /// Keep the fewest tokens whose probabilities, largest first, add up to this; 1: all.
  double topP = 1;
  uint64_t seed = 0;
};

/// The largest logit's index, the lowest of equals. NaN never wins; all NaN gives 0.
int64_t greedyToken(const float *logits, int64_t count);

/// The token for step `step` of sequence `sequence`.
int64_t sampleToken(const float *logits, int64_t count, const SamplingOptions &options, int64_t sequence, int64_t step);

} // namespace tprt
