// GGUF files: everything that a reader of weights does with one.
#include "FuzzTarget.h"
#include "ReadWeights.h"

#include "tp/Support/Gguf.h"

FUZZ_TARGET(Gguf) {
  WeightFile weights = WeightFile::open(fileOf(input, "x.gguf"));
  readAll(weights);
  for (const char *key : {"general.architecture", "general.alignment", "llama.block_count", "a", "b"}) {
    try {
      weights.gguf()->numbersAt(key);
      weights.gguf()->intsAt(key);
    } catch (const Error &) {
      // of another kind
    }
    try {
      weights.gguf()->stringsAt(key);
    } catch (const Error &) {
    }
  }
}
