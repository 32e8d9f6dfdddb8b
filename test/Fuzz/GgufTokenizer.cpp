// The tokenizer in a GGUF file, and texts through it.
#include "FuzzTarget.h"
#include "UseTokenizer.h"

#include "tp/Support/Gguf.h"

FUZZ_TARGET(GgufTokenizer) { use(readGgufTokenizer(GgufFile(fileOf(input, "x.gguf")))); }
