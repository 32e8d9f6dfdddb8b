// Texts of all kinds of bytes through every pre-tokenizer: the pieces are the text, and whole tokens come back as they were.
#include "FuzzTarget.h"

#include "tp/Support/Tokenizer.h"
#include "tp/Support/Unicode.h"

FUZZ_TARGET(EncodeText) {
  for (Split split : {Split::Gpt2, Split::Llama3, Split::Qwen2, Split::DigitRuns, Split::EachDigit}) {
    std::string joined;
    for (std::string_view piece : cutIntoPieces(input, {split}))
      joined += piece;
    if (joined != input)
      throw std::logic_error("the pieces are not the text");
  }
  composeUtf8(input);
  if (incompleteUtf8(input) > input.size())
    throw std::logic_error("more bytes than there are");
  std::string repaired = repairUtf8(input);
  if (repairUtf8(repaired) != repaired)
    throw std::logic_error("a repaired text is not whole");

  TokenizerParts parts;
  parts.what = "tokenizer";
  parts.byteLevel = false;
  parts.byteFallback = parts.composeCharacters = parts.splitAtSpaces = true;
  parts.prefixSpace = TokenizerParts::PrefixSpace::Every;
  for (const char *token : {"<unk>", "<s>", "a", "aa", "aaa", "\xe2\x96\x81",
                            "\xe2\x96\x81"
                            "a",
                            "b", "ab", "\xc3\xa9"}) {
    parts.tokens.push_back(token);
    parts.scores.push_back(-static_cast<double>(parts.tokens.size()));
  }
  parts.unknown = 0;
  parts.added = {{"<s>", 1, true, true, true}};
  Tokenizer tokenizer(parts);
  tokenizer.decode(tokenizer.encode(input));
}
