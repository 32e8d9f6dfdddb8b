// Byte-pair merging with a heap: candidates carry the size of the pair they were made for, so one whose symbols have
// been merged with others since is recognised and dropped. A text of n characters costs n log n, also as a single
// piece.
#include "tp/Support/Tokenizer.h"

#include "tp/Support/Error.h"
#include "tp/Support/Gguf.h"
#include "tp/Support/Unicode.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <queue>

namespace tp {

static constexpr std::string_view spaceMark = "\xe2\x96\x81"; // U+2581

// -- Alphabets --

// GPT-2 writes a byte as a printable character: itself where it is one in Latin-1, else the next free one from U+0100
// on.
static const std::array<uint32_t, 256> &byteAlphabet() {
  static const std::array<uint32_t, 256> alphabet = [] {
    std::array<uint32_t, 256> result;
    uint32_t next = 256;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
      result[byte] = printable ? byte : next++;
    }
    return result;
  }();
  return alphabet;
}

// The bytes that `text` in that alphabet stands for; false if a character is not of the alphabet.
static bool fromByteAlphabet(std::string_view text, std::string &bytes) {
  static const std::unordered_map<uint32_t, char> inverse = [] {
    std::unordered_map<uint32_t, char> result;
    for (uint32_t byte = 0; byte < 256; ++byte)
      result[byteAlphabet()[byte]] = static_cast<char>(byte);
    return result;
  }();
  bytes.clear();
  while (!text.empty()) {
    Character character = firstCharacter(text);
    auto found = inverse.find(character.code);
    if (found == inverse.end())
      return false;
    bytes += found->second;
    text.remove_prefix(character.size);
  }
  return true;
}

static std::string replaceAll(std::string_view text, std::string_view from, std::string_view to) {
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

// "<0x0A>" is 10; -1 for anything else.
static int byteOf(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
    return -1;
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  int high = digit(token[3]), low = digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// What a piece adds to a text: pieces that begin a word are set off by a space.
static std::string pieceText(const std::string &token, const WordPieceParts &parts) {
  return token.starts_with(parts.prefix) ? token.substr(parts.prefix.size()) : " " + token;
}

// -- Construction --

Tokenizer::Tokenizer(TokenizerParts given) : parts(std::move(given)) {
  auto fail = [&](const std::string &message) { throw Error(parts.what + ": " + message); };
  size_t count = parts.tokens.size();
  if (count == 0)
    fail("the vocabulary is empty");
  if (count > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    fail("the vocabulary has more than 2^31 tokens");
  if (parts.kinds.empty())
    parts.kinds.assign(count, TokenKind::Normal);
  if (parts.kinds.size() != count)
    fail("there are " + std::to_string(count) + " tokens and " + std::to_string(parts.kinds.size()) + " token types");
  if (!parts.scores.empty() && parts.scores.size() != count)
    fail("there are " + std::to_string(count) + " tokens and " + std::to_string(parts.scores.size()) + " scores");
  for (double score : parts.scores)
    if (!std::isfinite(score))
      fail("a token has the score " + std::to_string(score) + ", which orders nothing");
  auto checkId = [&](int64_t id, const std::string &role) {
    if (id < 0 || id >= static_cast<int64_t>(count))
      fail(role + " is token " + std::to_string(id) + ", the vocabulary has " + std::to_string(count));
  };
  for (int32_t id : parts.before)
    checkId(id, "a token before every text");
  for (int32_t id : parts.after)
    checkId(id, "a token after every text");
  for (int32_t id : parts.ends)
    checkId(id, "the end token");
  for (const TokenizerParts::Added &added : parts.added)
    checkId(added.id, "\"" + added.text + "\"");
  if (parts.bos != -1)
    checkId(parts.bos, "the begin token");
  if (parts.unknown != -1)
    checkId(parts.unknown, "the unknown token");
  else if (parts.wordPiece)
    fail("a WordPiece tokenizer needs an unknown token");

  byteTokens.fill(-1);
  bytes.resize(count);
  for (size_t id = 0; id < count; ++id) {
    const std::string &token = parts.tokens[id];
    TokenKind kind = parts.kinds[id];
    bool isText = kind == TokenKind::Control || kind == TokenKind::UserDefined || kind == TokenKind::Unknown;
    if (parts.byteLevel) {
      if (isText || !fromByteAlphabet(token, bytes[id])) {
        bytes[id] = token;
        continue; // never the result of a merge
      }
      ids.emplace(bytes[id], static_cast<int32_t>(id));
      if (bytes[id].size() == 1)
        byteTokens[static_cast<unsigned char>(bytes[id][0])] = static_cast<int32_t>(id);
      continue;
    }
    int byte = isText && kind != TokenKind::Unknown ? -1 : byteOf(token);
    if (byte >= 0 && (kind == TokenKind::Byte || parts.byteFallback)) {
      bytes[id] = std::string(1, static_cast<char>(byte));
      byteTokens[static_cast<size_t>(byte)] = static_cast<int32_t>(id);
      continue;
    }
    bytes[id] = isText ? token : parts.wordPiece ? pieceText(token, *parts.wordPiece) : replaceAll(token, spaceMark, " ");
    ids.emplace(token, static_cast<int32_t>(id));
  }
  buildMerges();

  addedStorage = std::make_unique<std::vector<TokenizerParts::Added>>(std::move(parts.added));
  for (const TokenizerParts::Added &added : *addedStorage)
    if (!added.text.empty())
      addedByByte[static_cast<unsigned char>(added.text[0])].push_back(&added);
  for (auto &bucket : addedByByte)
    std::sort(bucket.begin(), bucket.end(), [](const auto *a, const auto *b) {
      return a->text.size() != b->text.size() ? a->text.size() > b->text.size() : a->id < b->id;
    });
}

int32_t Tokenizer::find(std::string_view text) const {
  auto found = ids.find(text);
  return found == ids.end() ? -1 : found->second;
}

void Tokenizer::buildMerges() {
  merges.reserve(parts.merges.size());
  int32_t rank = 0;
  for (const auto &[left, right] : parts.merges) {
    std::string leftBytes = left, rightBytes = right;
    bool fits = true;
    if (parts.byteLevel)
      fits = fromByteAlphabet(left, leftBytes) && fromByteAlphabet(right, rightBytes);
    int32_t leftId = find(leftBytes), rightId = find(rightBytes), result = find(leftBytes + rightBytes);
    if (!fits || leftId < 0 || rightId < 0 || result < 0)
      throw Error(parts.what + ": merge " + std::to_string(rank) + " joins \"" + left + "\" and \"" + right +
                  "\", but they or the result are no tokens");
    merges.emplace(static_cast<uint64_t>(leftId) << 32 | static_cast<uint32_t>(rightId), Merge{rank, result});
    ++rank;
  }
  parts.merges.clear();
  parts.merges.shrink_to_fit();
}

bool Tokenizer::isEnd(int32_t id) const { return std::find(parts.ends.begin(), parts.ends.end(), id) != parts.ends.end(); }

Tokenizer Tokenizer::open(const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return Tokenizer(readFolderTokenizer(path));
  if (path.ends_with(".gguf"))
    return Tokenizer(readGgufTokenizer(GgufFile(path)));
  throw Error("tokenizer \"" + path + "\" is neither a .gguf file nor a folder with a tokenizer.json or a vocab.txt");
}

// -- Encoding --

struct Tokenizer::Symbol {
  int32_t id; // -1: a character that is no token
  uint32_t begin, size;
  int32_t previous, next; // -1: none
};

bool Tokenizer::mergeOf(const Symbol &left, const Symbol &right, std::string_view piece, double &order, int32_t &result) const {
  if (parts.scores.empty()) {
    if (left.id < 0 || right.id < 0)
      return false;
    auto found = merges.find(static_cast<uint64_t>(left.id) << 32 | static_cast<uint32_t>(right.id));
    if (found == merges.end())
      return false;
    order = found->second.rank;
    result = found->second.result;
    return true;
  }
  result = find(piece.substr(left.begin, left.size + right.size));
  if (result < 0)
    return false;
  order = -parts.scores[static_cast<size_t>(result)];
  return true;
}

void Tokenizer::encodePiece(std::string_view piece, std::vector<int32_t> &out) const {
  if (parts.ignoreMerges)
    if (int32_t id = find(piece); id >= 0) {
      out.push_back(id);
      return;
    }
  std::vector<Symbol> symbols;
  for (uint32_t at = 0; at < piece.size();) {
    uint32_t size = parts.byteLevel ? 1 : firstCharacter(piece.substr(at)).size;
    int32_t id = parts.byteLevel ? byteTokens[static_cast<unsigned char>(piece[at])] : find(piece.substr(at, size));
    auto index = static_cast<int32_t>(symbols.size());
    symbols.push_back({id, at, size, index - 1, index + 1});
    at += size;
  }
  if (symbols.empty())
    return;
  symbols.back().next = -1;

  struct Candidate {
    double order;
    int32_t left, result;
    uint32_t size;
    // The heap gives the largest: the lowest order, then the leftmost.
    bool operator<(const Candidate &other) const { return order != other.order ? order > other.order : left > other.left; }
  };
  std::priority_queue<Candidate> candidates;
  auto consider = [&](int32_t left, int32_t right) {
    if (left < 0 || right < 0)
      return;
    const Symbol &a = symbols[static_cast<size_t>(left)], &b = symbols[static_cast<size_t>(right)];
    Candidate candidate{0, left, 0, a.size + b.size};
    if (mergeOf(a, b, piece, candidate.order, candidate.result))
      candidates.push(candidate);
  };
  for (size_t i = 1; i < symbols.size(); ++i)
    consider(static_cast<int32_t>(i) - 1, static_cast<int32_t>(i));
  while (!candidates.empty()) {
    Candidate candidate = candidates.top();
    candidates.pop();
    Symbol &left = symbols[static_cast<size_t>(candidate.left)];
    if (left.size == 0 || left.next < 0)
      continue;
    Symbol &right = symbols[static_cast<size_t>(left.next)];
    if (left.size + right.size != candidate.size)
      continue; // symbols only grow: one of the two has been merged since
    left.id = candidate.result;
    left.size += right.size;
    right.size = 0;
    left.next = right.next;
    if (left.next >= 0)
      symbols[static_cast<size_t>(left.next)].previous = candidate.left;
    consider(left.previous, candidate.left);
    consider(candidate.left, left.next);
  }
  for (int32_t i = 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    const Symbol &symbol = symbols[static_cast<size_t>(i)];
    if (symbol.id >= 0) {
      out.push_back(symbol.id);
      continue;
    }
    std::string_view text = piece.substr(symbol.begin, symbol.size);
    bool asBytes = !parts.byteLevel &&
                   std::all_of(text.begin(), text.end(), [&](char c) { return byteTokens[static_cast<unsigned char>(c)] >= 0; });
    if (asBytes)
      for (char c : text)
        out.push_back(byteTokens[static_cast<unsigned char>(c)]);
    else if (parts.unknown >= 0)
      out.push_back(static_cast<int32_t>(parts.unknown));
  }
}

void Tokenizer::encodeSegment(std::string_view segment, bool isFirst, std::vector<int32_t> &out) const {
  if (segment.empty())
    return;
  if (parts.wordPiece) {
    for (const std::string &word : wordsOf(segment, *parts.wordPiece))
      encodeWord(word, out);
    return;
  }
  std::string composed;
  if (parts.composeCharacters)
    segment = composed = composeUtf8(segment);
  using PrefixSpace = TokenizerParts::PrefixSpace;
  bool wantsSpace = parts.prefixSpace == PrefixSpace::Every || (parts.prefixSpace == PrefixSpace::First && isFirst);
  std::string_view space = parts.byteLevel ? " " : spaceMark;
  std::string text = parts.byteLevel ? std::string(segment) : replaceAll(segment, " ", spaceMark);
  if (wantsSpace && !(parts.prefixUnlessSpace && text.starts_with(space)))
    text.insert(0, space);
  for (std::string_view piece : cutIntoPieces(text, parts.splits)) {
    while (parts.splitAtSpaces) {
      size_t next = piece.find(spaceMark, 1);
      if (next == std::string_view::npos)
        break;
      encodePiece(piece.substr(0, next), out);
      piece.remove_prefix(next);
    }
    encodePiece(piece, out);
  }
}

static bool isWordCharacter(uint32_t code) { return isLetter(code) || isNumber(code) || code == '_'; }

// The character that ends at `at`.
static uint32_t characterBefore(std::string_view text, size_t at) {
  size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80)
    --begin;
  return firstCharacter(text.substr(begin, at - begin)).code;
}

const TokenizerParts::Added *Tokenizer::addedAt(std::string_view text, size_t at) const {
  for (const TokenizerParts::Added *added : addedByByte[static_cast<unsigned char>(text[at])]) {
    if (text.substr(at, added->text.size()) != added->text)
      continue;
    size_t end = at + added->text.size();
    if (added->singleWord && ((at > 0 && isWordCharacter(characterBefore(text, at))) ||
                              (end < text.size() && isWordCharacter(firstCharacter(text.substr(end)).code))))
      continue;
    return added;
  }
  return nullptr;
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool addSpecial) const {
  std::vector<int32_t> out;
  if (addSpecial)
    out = parts.before;
  size_t segment = 0; // where the text since the last special token begins
  for (size_t at = 0; at < text.size();) {
    const TokenizerParts::Added *added = addedAt(text, at);
    if (!added) {
      ++at;
      continue;
    }
    size_t left = at, right = at + added->text.size();
    while (added->stripLeft && left > segment && isSpace(characterBefore(text, left)))
      do
        --left;
      while (left > segment && (static_cast<unsigned char>(text[left]) & 0xc0) == 0x80);
    while (added->stripRight && right < text.size() && isSpace(firstCharacter(text.substr(right)).code))
      right += firstCharacter(text.substr(right)).size;
    encodeSegment(text.substr(segment, left - segment), segment == 0, out);
    out.push_back(added->id);
    at = segment = right;
  }
  encodeSegment(text.substr(segment), segment == 0, out);
  if (addSpecial)
    out.insert(out.end(), parts.after.begin(), parts.after.end());
  return out;
}

// -- Decoding --

const std::string &Tokenizer::bytesOf(int32_t id) const {
  if (id < 0 || static_cast<size_t>(id) >= bytes.size())
    throw Error("token " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(bytes.size()));
  return bytes[static_cast<size_t>(id)];
}

bool Tokenizer::isSpecial(int32_t id) const {
  bytesOf(id);
  TokenKind kind = parts.kinds[static_cast<size_t>(id)];
  return kind == TokenKind::Control || kind == TokenKind::Unknown;
}

std::string Tokenizer::decode(const std::vector<int32_t> &tokens, bool keepSpecial) const {
  std::string text;
  for (int32_t id : tokens)
    if (keepSpecial || !isSpecial(id))
      text += bytesOf(id);
  if (parts.stripFirstSpace && text.starts_with(' '))
    text.erase(0, 1);
  return repairUtf8(text);
}

std::string TokenStream::add(int32_t id) {
  if (!tokenizer.isSpecial(id))
    pending += tokenizer.bytesOf(id);
  std::string whole = pending.substr(0, pending.size() - incompleteUtf8(pending));
  pending.erase(0, whole.size());
  return repairUtf8(whole);
}

std::string TokenStream::finish() {
  std::string rest = repairUtf8(pending);
  pending.clear();
  return rest;
}

std::string Tokenizer::applyChatTemplate(const std::vector<ChatMessage> &messages) const {
  if (parts.chatTemplate.empty())
    throw Error(parts.what + " has no chat template; give the whole text as it is instead");
  return formatChat(parts.chatTemplate, parts.bos >= 0 ? parts.tokens[static_cast<size_t>(parts.bos)] : "", messages);
}

} // namespace tp
