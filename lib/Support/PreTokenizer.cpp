// The known splitting expressions, written out. Alternatives are tried in the expression's order, and a greedy run with
// a look-ahead is "the whole run, or one less if something follows".
#include "tp/Support/PreTokenizer.h"

#include "tp/Support/Error.h"
#include "tp/Support/Unicode.h"

#include <algorithm>
#include <cstdint>

namespace tp {

namespace {
enum class Kind : uint8_t { Letter, Number, Space, Other, End };

// A piece as characters; reading beyond the end gives Kind::End.
struct Characters {
  std::vector<uint32_t> codes;
  std::vector<Kind> kinds;
  std::vector<size_t> offsets; // in bytes, one more than characters

  explicit Characters(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      Character character = firstCharacter(text.substr(at));
      codes.push_back(character.code);
      kinds.push_back(isLetter(character.code)   ? Kind::Letter
                      : isNumber(character.code) ? Kind::Number
                      : isSpace(character.code)  ? Kind::Space
                                                 : Kind::Other);
      offsets.push_back(at);
      at += character.size;
    }
    offsets.push_back(text.size());
  }
  size_t size() const { return codes.size(); }
  Kind kind(size_t i) const { return i < size() ? kinds[i] : Kind::End; }
  uint32_t code(size_t i) const { return i < size() ? codes[i] : 0xffffffff; }
  bool isNewline(size_t i) const { return code(i) == '\r' || code(i) == '\n'; }
  size_t endOfRun(size_t i, Kind wanted) const {
    while (kind(i) == wanted)
      ++i;
    return i;
  }
};

// 's|'t|'re|'ve|'m|'ll|'d at `i`: its end, or `i`.
size_t contraction(const Characters &text, size_t i, bool eitherCase) {
  if (text.code(i) != '\'')
    return i;
  auto letter = [&](size_t at) -> uint32_t {
    uint32_t code = text.code(at);
    if (!eitherCase)
      return code;
    if (code == 0x17f) // the long s is an s when case does not count
      return 's';
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
  };
  uint32_t first = letter(i + 1), second = letter(i + 2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return i + 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l'))
    return i + 3;
  return i;
}

// \s+(?!\S)|\s+
size_t spaces(const Characters &text, size_t i) {
  size_t end = text.endOfRun(i, Kind::Space);
  return end < text.size() && end - i > 1 ? end - 1 : end;
}

size_t gpt2(const Characters &text, size_t i) {
  if (size_t end = contraction(text, i, false); end > i)
    return end;
  size_t start = text.code(i) == ' ' ? i + 1 : i;
  Kind kind = text.kind(start);
  if (kind == Kind::Letter || kind == Kind::Number || kind == Kind::Other)
    return text.endOfRun(start, kind);
  return spaces(text, i);
}

size_t llama3(const Characters &text, size_t i, size_t mostDigits) {
  if (size_t end = contraction(text, i, true); end > i)
    return end;
  if (text.kind(i) == Kind::Letter)
    return text.endOfRun(i, Kind::Letter);
  if (text.kind(i) != Kind::Number && !text.isNewline(i) && text.kind(i + 1) == Kind::Letter)
    return text.endOfRun(i + 1, Kind::Letter);
  if (text.kind(i) == Kind::Number)
    return std::min(text.endOfRun(i, Kind::Number), i + mostDigits);
  size_t start = text.code(i) == ' ' ? i + 1 : i;
  if (text.kind(start) == Kind::Other) {
    size_t end = text.endOfRun(start, Kind::Other);
    while (text.isNewline(end))
      ++end;
    return end;
  }
  // \s*[\r\n]+ : up to the last newline of the run
  for (size_t end = text.endOfRun(i, Kind::Space); end > i; --end)
    if (text.isNewline(end - 1))
      return end;
  return spaces(text, i);
}

size_t endOfPiece(Split split, const Characters &text, size_t i) {
  switch (split) {
  case Split::EachDigit:
  case Split::DigitRuns:
    if (text.kind(i) == Kind::Number)
      return split == Split::EachDigit ? i + 1 : text.endOfRun(i, Kind::Number);
    while (text.kind(i) != Kind::Number && text.kind(i) != Kind::End)
      ++i;
    return i;
  case Split::Gpt2:
    return gpt2(text, i);
  case Split::Llama3:
    return llama3(text, i, 3);
  case Split::Qwen2:
    return llama3(text, i, 1);
  }
  return text.size();
}

struct NamedSplits {
  const char *name;
  std::vector<Split> splits;
};
const std::vector<NamedSplits> &ggufSplits() {
  static const std::vector<NamedSplits> splits = {{"default", {Split::Gpt2}},
                                                  {"gpt-2", {Split::Gpt2}},
                                                  {"phi-2", {Split::Gpt2}},
                                                  {"mpt", {Split::Gpt2}},
                                                  {"olmo", {Split::Gpt2}},
                                                  {"jais", {Split::Gpt2}},
                                                  {"smollm", {Split::EachDigit, Split::Gpt2}},
                                                  {"starcoder", {Split::EachDigit, Split::Gpt2}},
                                                  {"refact", {Split::EachDigit, Split::Gpt2}},
                                                  {"command-r", {Split::EachDigit, Split::Gpt2}},
                                                  {"codeshell", {Split::EachDigit, Split::Gpt2}},
                                                  {"llama-bpe", {Split::Llama3}},
                                                  {"llama3", {Split::Llama3}},
                                                  {"llama-v3", {Split::Llama3}},
                                                  {"falcon3", {Split::Llama3}},
                                                  {"dbrx", {Split::Llama3}},
                                                  {"smaug-bpe", {Split::Llama3}},
                                                  {"qwen2", {Split::Qwen2}},
                                                  {"stablelm2", {Split::Qwen2}},
                                                  {"deepseek-r1-qwen", {Split::Qwen2}}};
  return splits;
}
} // namespace

std::vector<Split> splitsOfGguf(const std::string &pre) {
  std::string known;
  for (const NamedSplits &named : ggufSplits()) {
    if (pre == named.name)
      return named.splits;
    known += (known.empty() ? "" : ", ") + std::string(named.name);
  }
  throw Error("unknown pre-tokenizer \"" + pre + "\" (tokenizer.ggml.pre); known are " + known);
}

std::optional<Split> splitOfPattern(std::string_view pattern) {
  // The contractions are written in several ways that mean the same.
  constexpr std::string_view starts[] = {"(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)", "'s|'t|'re|'ve|'m|'ll|'d"};
  if (pattern == R"(\p{N})")
    return Split::EachDigit;
  if (pattern == R"(\p{N}+)")
    return Split::DigitRuns;
  for (std::string_view start : starts) {
    if (!pattern.starts_with(start))
      continue;
    std::string_view rest = pattern.substr(start.size());
    bool eitherCase = start.find("(?i:") != std::string_view::npos;
    if (!eitherCase && rest == R"(| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)")
      return Split::Gpt2;
    if (eitherCase && rest == R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")
      return Split::Llama3;
    if (eitherCase && rest == R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")
      return Split::Qwen2;
  }
  return std::nullopt;
}

std::vector<std::string_view> cutIntoPieces(std::string_view text, const std::vector<Split> &splits) {
  std::vector<std::string_view> pieces;
  if (!text.empty())
    pieces.push_back(text);
  for (Split split : splits) {
    std::vector<std::string_view> finer;
    for (std::string_view piece : pieces) {
      Characters characters(piece);
      for (size_t i = 0; i < characters.size();) {
        size_t end = endOfPiece(split, characters, i);
        finer.push_back(piece.substr(characters.offsets[i], characters.offsets[end] - characters.offsets[i]));
        i = end;
      }
    }
    pieces = std::move(finer);
  }
  return pieces;
}

} // namespace tp
