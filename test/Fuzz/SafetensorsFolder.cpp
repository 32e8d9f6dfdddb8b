// A Hugging Face folder: the index, and the files that it names.
#include "FuzzTarget.h"
#include "ReadWeights.h"

FUZZ_TARGET(SafetensorsFolder) { readAll(WeightFile::open(folderOf(input, "model.safetensors.index.json"))); }
