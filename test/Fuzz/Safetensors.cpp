// One safetensors file: its header, and reading each tensor.
#include "FuzzTarget.h"
#include "ReadWeights.h"

FUZZ_TARGET(Safetensors) { readAll(WeightFile::open(fileOf(input, "x.safetensors"))); }
