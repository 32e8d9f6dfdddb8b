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

// -- Construction --

Tokenizer::Tokenizer(TokenizerParts given) : parts(std::move(given)) {
  if (parts.kinds.empty())
    parts.kinds.assign(parts.tokens.size(), TokenKind::Normal);
  checkParts();
  bosText = parts.bos < 0 ? "" : parts.tokens[static_cast<size_t>(parts.bos)];
  buildIndex(take(parts));
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

void Tokenizer::checkParts() const {
  auto fail = [&](const std::string &message) { throw Error(parts.what + ": " + message); };
  size_t count = parts.tokens.size();
  if (count == 0)
    fail("the vocabulary is empty");
  if (count > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    fail("the vocabulary has more than 2^31 tokens");
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
}

void Tokenizer::buildIndex(const std::vector<bool> &foreign) {
  byteTokens.fill(-1);
  idsByText = NumberTable(texts.size());
  for (size_t id = 0; id < texts.size(); ++id) {
    if (foreign[id])
      continue;
    std::string_view text = texts[id];
    int byte = parts.byteLevel && text.size() == 1 ? static_cast<unsigned char>(text[0]) : byteOf(id);
    if (byte >= 0)
      byteTokens[static_cast<size_t>(byte)] = static_cast<int32_t>(id);
    if ((byte < 0 || parts.byteLevel) && find(text) < 0)
      idsByText.add(hashOf(text), static_cast<uint32_t>(id));
  }
}

int32_t Tokenizer::find(std::string_view text) const {
  return idsByText.find(hashOf(text), [&](uint32_t id) { return texts[id] == text; });
}

static uint64_t pairHash(int32_t left, int32_t right) {
  return hashOf(static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right));
}

int32_t Tokenizer::findMerge(int32_t left, int32_t right) const {
  return ranksByPair.find(pairHash(left, right),
                          [&](uint32_t rank) { return merges[rank].left == left && merges[rank].right == right; });
}

void Tokenizer::buildMerges() {
  size_t count = parts.merges.size();
  if (count > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    throw Error(parts.what + ": there are more than 2^31 merges");
  merges.reserve(count);
  ranksByPair = NumberTable(count);
  std::string joined;
  for (size_t rank = 0; rank < count; ++rank) {
    auto [left, right] = parts.merges[rank];
    joined.clear();
    bool fits = !parts.byteLevel || appendFromByteAlphabet(left, joined);
    if (!parts.byteLevel)
      joined = left;
    size_t middle = joined.size();
    fits = fits && (!parts.byteLevel || appendFromByteAlphabet(right, joined));
    if (!parts.byteLevel)
      joined += right;
    std::string_view whole = joined;
    Merge merge{find(whole.substr(0, middle)), find(whole.substr(middle)), find(whole)};
    if (!fits || merge.left < 0 || merge.right < 0 || merge.result < 0)
      throw Error(parts.what + ": merge " + std::to_string(rank) + " joins \"" + std::string(left) + "\" and \"" +
                  std::string(right) + "\", but they or the result are no tokens");
    // Of equal pairs the first counts.
    bool isNew = findMerge(merge.left, merge.right) < 0;
    merges.push_back(merge);
    if (isNew)
      ranksByPair.add(pairHash(merge.left, merge.right), static_cast<uint32_t>(rank));
  }
  parts.merges = {};
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
    int32_t rank = findMerge(left.id, right.id);
    if (rank < 0)
      return false;
    order = rank;
    result = merges[static_cast<size_t>(rank)].result;
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

std::string Tokenizer::applyChatTemplate(const std::vector<ChatMessage> &messages) const {
  if (parts.chatTemplate.empty())
    throw Error(parts.what + " has no chat template; give the whole text as it is instead");
  return formatChat(parts.chatTemplate, bosText, messages);
}

} // namespace tp
