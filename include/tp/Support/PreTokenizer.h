// How a text is cut into pieces before byte-pair merging, which never crosses a cut.
//
// Tokenizers state this as a regular expression. There are only a few in use, so each is a function over characters
// here and is recognised by its text; an expression that is not known is an error, never an approximation.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

enum class Split {
  /// Every number character is a piece of its own.
  EachDigit,
  /// Runs of number characters are pieces.
  DigitRuns,
  /// GPT-2: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  Gpt2,
  /// Llama 3: contractions in either case, [^\r\n\p{L}\p{N}]?\p{L}+, \p{N}{1,3}, newlines kept with what they follow
  Llama3,
  /// Qwen 2: Llama 3's with single digits
  Qwen2,
};

/// The splits that a GGUF file's `tokenizer.ggml.pre` stands for. Throws Error with the names that are known.
std::vector<Split> splitsOfGguf(const std::string &pre);
/// The split that a regular expression of a tokenizer.json stands for, if it is a known one.
std::optional<Split> splitOfPattern(std::string_view pattern);

/// The pieces of `text`, in order; together they are the text. Each split is applied to the pieces of the one before
/// it.
std::vector<std::string_view> cutIntoPieces(std::string_view text, const std::vector<Split> &splits);

} // namespace tp
