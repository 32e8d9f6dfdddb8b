// Decoding: what tokens stand for, in each of the alphabets in which vocabularies are written.
#include "tp/Support/Error.h"
#include "tp/Support/Tokenizer.h"
#include "tp/Support/Unicode.h"

#include <array>

namespace tp {

namespace {
// GPT-2 writes a byte as a printable character: itself where it is one in Latin-1, else the next free one from U+0100 on. So
// an alphabet has 256 characters below this code, none of them more than two bytes long.
constexpr uint32_t alphabetEnd = 256 + 68;

// By code: the byte, or -1.
constexpr std::array<int16_t, alphabetEnd> byteAlphabet = [] {
  std::array<int16_t, alphabetEnd> bytes = {};
  bytes.fill(-1);
  uint32_t next = 256;
  for (int16_t byte = 0; byte < 256; ++byte) {
    bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    bytes[printable ? static_cast<uint32_t>(byte) : next++] = byte;
  }
  return bytes;
}();

// "<0x0A>" is 10; -1 for anything else.
int byteNamed(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
    return -1;
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  int high = digit(token[3]), low = digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}
} // namespace

bool appendFromByteAlphabet(std::string_view text, std::string &bytes) {
  while (!text.empty()) {
    Character character{static_cast<unsigned char>(text[0]), 1};
    if (character.code >= 0x80)
      character = firstCharacter(text);
    if (character.code >= alphabetEnd || byteAlphabet[character.code] < 0)
      return false;
    bytes += static_cast<char>(byteAlphabet[character.code]);
    text.remove_prefix(character.size);
  }
  return true;
}

std::string replaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (;;) {
    size_t found = text.find(from);
    result += text.substr(0, found);
    if (found == std::string_view::npos)
      return result;
    result += to;
    text.remove_prefix(found + from.size());
  }
}

std::vector<bool> Vocabulary::take(TokenizerParts &parts) {
  kinds = std::move(parts.kinds);
  byteLevel = parts.byteLevel;
  byteFallback = parts.byteFallback;
  stripFirstSpace = parts.stripFirstSpace;
  if (parts.wordPiece)
    wordPrefix = parts.wordPiece->prefix;
  std::vector<bool> foreign(parts.tokens.size());
  if (!byteLevel) {
    texts = std::move(parts.tokens);
  } else {
    std::string bytes;
    for (size_t id = 0; id < parts.tokens.size(); ++id) {
      bytes.clear();
      foreign[id] = isLiteral(id) || !appendFromByteAlphabet(parts.tokens[id], bytes);
      texts.push_back(foreign[id] ? parts.tokens[id] : bytes);
    }
  }
  parts.tokens = {};
  texts.shrink();
  return foreign;
}

bool Vocabulary::isLiteral(size_t id) const {
  return kinds[id] == TokenKind::Control || kinds[id] == TokenKind::UserDefined || kinds[id] == TokenKind::Unknown;
}

int Vocabulary::byteOf(size_t id) const {
  TokenKind kind = kinds[id];
  bool mayBe = !byteLevel && (kind == TokenKind::Byte || (byteFallback && (!isLiteral(id) || kind == TokenKind::Unknown)));
  return mayBe ? byteNamed(texts[id]) : -1;
}

void Vocabulary::check(int32_t id) const {
  if (id < 0 || static_cast<size_t>(id) >= texts.size())
    throw Error("token " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(texts.size()));
}

std::string Vocabulary::bytesOf(int32_t token) const {
  check(token);
  auto id = static_cast<size_t>(token);
  std::string_view text = texts[id];
  if (int byte = byteOf(id); byte >= 0)
    return std::string(1, static_cast<char>(byte));
  if (byteLevel || isLiteral(id))
    return std::string(text);
  if (!wordPrefix)
    return replaceAll(text, spaceMark, " ");
  // Pieces that begin a word are set off by a space.
  return text.starts_with(*wordPrefix) ? std::string(text.substr(wordPrefix->size())) : " " + std::string(text);
}

bool Vocabulary::isSpecial(int32_t id) const {
  check(id);
  TokenKind kind = kinds[static_cast<size_t>(id)];
  return kind == TokenKind::Control || kind == TokenKind::Unknown;
}

std::string Vocabulary::decode(const std::vector<int32_t> &tokens, bool keepSpecial) const {
  std::string text;
  for (int32_t id : tokens)
    if (keepSpecial || !isSpecial(id))
      text += bytesOf(id);
  if (stripFirstSpace && text.starts_with(' '))
    text.erase(0, 1);
  return repairUtf8(text);
}

std::string TokenStream::add(int32_t id) {
  if (!vocabulary.isSpecial(id))
    pending += vocabulary.bytesOf(id);
  std::string whole = pending.substr(0, pending.size() - incompleteUtf8(pending));
  pending.erase(0, whole.size());
  return repairUtf8(whole);
}

std::string TokenStream::finish() {
  std::string rest = repairUtf8(pending);
  pending.clear();
  return rest;
}

} // namespace tp
