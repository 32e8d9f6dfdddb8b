// The tokenizer of a Hugging Face folder (tokenizer.json and its companions), and texts through it.
#include "FuzzTarget.h"
#include "UseTokenizer.h"

FUZZ_TARGET(FolderTokenizer) { use(readFolderTokenizer(folderOf(input, "tokenizer.json"))); }
