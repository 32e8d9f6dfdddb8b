// BERT's tokenizer. A text is normalised, cut into words at white space and around punctuation, and each word is taken apart from
// the left into the longest pieces that the vocabulary has. A word that cannot be taken apart to its end is unknown as a whole.
#include "tp/Support/Tokenizer.h"
#include "tp/Support/Unicode.h"

#include <functional>

namespace tp {

namespace {

// Ideographs, as BERT draws the line: no kana, no Hangul.
bool isChinese(uint32_t code) {
  static constexpr std::pair<uint32_t, uint32_t> ranges[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
                                                             {0x20000, 0x2a6df}, {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f},
                                                             {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f}};
  for (auto [first, last] : ranges)
    if (code >= first && code <= last)
      return true;
  return false;
}

// Printable ASCII that is neither letter nor digit counts, symbols like $ and ~ among it.
bool isBertPunctuation(uint32_t code) {
  return code < 0x80 ? code > 0x20 && code < 0x7f && !isLetter(code) && !isNumber(code) : isPunctuation(code);
}

std::string mapCharacters(std::string_view text, const std::function<void(std::string &, uint32_t)> &append) {
  std::string result;
  while (!text.empty()) {
    Character character = firstCharacter(text);
    append(result, character.code);
    text.remove_prefix(character.size);
  }
  return result;
}

std::string normalised(std::string_view given, const WordPieceParts &parts) {
  std::string text(given);
  if (parts.cleanText)
    text = mapCharacters(text, [](std::string &out, uint32_t code) {
      bool isBreak = code == '\t' || code == '\n' || code == '\r';
      if (code == 0xfffd || (!isBreak && isControl(code)))
        return;
      appendUtf8(out, isSpace(code) ? ' ' : code);
    });
  if (parts.splitChinese)
    text = mapCharacters(text, [](std::string &out, uint32_t code) {
      bool alone = isChinese(code);
      out += alone ? " " : "";
      appendUtf8(out, code);
      out += alone ? " " : "";
    });
  if (parts.stripAccents)
    text = mapCharacters(decomposeUtf8(text), [](std::string &out, uint32_t code) {
      if (!isNonspacingMark(code))
        appendUtf8(out, code);
    });
  if (parts.lowerCase)
    text = mapCharacters(text, appendLowerUtf8);
  return text;
}

} // namespace

std::vector<std::string> wordsOf(std::string_view given, const WordPieceParts &parts) {
  std::vector<std::string> words;
  std::string word;
  auto finish = [&] {
    if (!word.empty())
      words.push_back(std::move(word));
    word.clear();
  };
  std::string text = normalised(given, parts);
  for (std::string_view rest = text; !rest.empty();) {
    Character character = firstCharacter(rest);
    std::string_view bytes = rest.substr(0, character.size);
    rest.remove_prefix(character.size);
    if (isSpace(character.code)) {
      finish();
    } else if (isBertPunctuation(character.code)) {
      finish();
      words.emplace_back(bytes);
    } else {
      word += bytes;
    }
  }
  finish();
  return words;
}

void Tokenizer::encodeWord(const std::string &word, std::vector<int32_t> &out) const {
  const WordPieceParts &how = *parts.wordPiece;
  std::vector<size_t> ends; // of each character
  for (size_t at = 0; at < word.size();) {
    at += firstCharacter(std::string_view(word).substr(at)).size;
    ends.push_back(at);
  }
  auto unknown = static_cast<int32_t>(parts.unknown);
  if (static_cast<int64_t>(ends.size()) > how.longestWord) {
    out.push_back(unknown);
    return;
  }
  size_t before = out.size(), begin = 0, first = 0; // the first character of the rest
  while (begin < word.size()) {
    int32_t id = -1;
    size_t last = ends.size();
    for (; last > first && id < 0; --last)
      id = find((begin > 0 ? how.prefix : "") + word.substr(begin, ends[last - 1] - begin));
    if (id < 0) {
      out.resize(before);
      out.push_back(unknown);
      return;
    }
    out.push_back(id);
    first = last + 1;
    begin = ends[last];
  }
}

} // namespace tp
