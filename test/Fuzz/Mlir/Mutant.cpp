// Tokens are finer than MLIR's own: "8x64xf32" falls into 8, x, 64, x and f32, so that sizes, ranks and types change alone.
#include "Mutant.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <sstream>
#include <vector>

namespace tp::fuzz {

static size_t below(size_t bound, std::mt19937_64 &random) { return random() % bound; }

static bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
static bool isLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
static bool isNumber(const std::string &token) { return !token.empty() && isDigit(token[0]); }
static bool isWord(const std::string &token) { return token.size() > 1 && isLetter(token[0]); }

static std::vector<std::string> tokensOf(const std::string &text) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    if (text.compare(i, 2, "//") == 0) // a comment is one token: what is in it changes nothing
      end = std::min(text.find('\n', i), text.size());
    else if (isDigit(text[i]))
      while (end < text.size() && isDigit(text[end]))
        ++end;
    else if (isLetter(text[i]) && !(text[i] == 'x' && i > 0 && (isDigit(text[i - 1]) || text[i - 1] == '?')))
      while (end < text.size() && (isLetter(text[end]) || isDigit(text[end])))
        ++end;
    tokens.push_back(text.substr(i, end - i));
    i = end;
  }
  return tokens;
}

// A line dropped, doubled, or exchanged with the next.
static std::string mutateLine(const std::string &text, std::mt19937_64 &random) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line + "\n");
  if (lines.empty())
    return text;
  size_t at = below(lines.size(), random);
  if (size_t kind = below(3, random); kind == 0)
    lines[at].clear();
  else if (kind == 1)
    lines[at] += std::string(lines[at]);
  else
    std::swap(lines[at], lines[(at + 1) % lines.size()]);
  std::string result;
  for (const std::string &line : lines)
    result += line;
  return result;
}

static std::vector<std::string> wordsOf(const std::string &text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

std::string mutateText(const std::string &text, std::mt19937_64 &random) {
  static const std::vector<std::string> numbers = wordsOf("0 -1 1 2 3 7 4096 4611686018427387904 9223372036854775807 "
                                                          "9223372036854775808 18446744073709551616 0x7FC00000 1.0e+400 ?");
  static const std::vector<std::string> words = wordsOf(
      "f32 bf16 f64 i1 i64 ui8 index none complex<f32> vector<4xf32> memref<4xf32> tensor<*xf32> tuple<> sum max tp dp tp(1)2 "
      "tp(0)0 unit true [] {} @nowhere dense<> partial=sum<tp> #tp.layout<@mesh,[{tp}]> %arg0 \"\" \"ab,bc->ac\"");
  if (below(10, random) == 0)
    return mutateLine(text, random);
  std::vector<std::string> tokens = tokensOf(text);
  // Most of the changes are such as still parse: what a program says wrongly is ours to find, how it is written is MLIR's.
  auto placesOf = [&](auto fits) {
    std::vector<size_t> places;
    for (size_t i = 0; i < tokens.size(); ++i)
      if (!tokens[i].starts_with("//") && fits(tokens[i]))
        places.push_back(i);
    return places;
  };
  for (size_t change = 0, changes = 1 + below(5, random) / 4; change < changes; ++change) {
    size_t kind = below(10, random);
    std::vector<size_t> places = kind < 5 ? placesOf(isNumber)
                                 : kind < 8
                                     ? placesOf(isWord)
                                     : placesOf([](const std::string &token) { return token.find_first_not_of(" \n") == 0; });
    if (places.empty())
      continue;
    std::string &token = tokens[places[below(places.size(), random)]], &other = tokens[places[below(places.size(), random)]];
    if (kind < 8) {
      const std::vector<std::string> &fresh = kind < 5 ? numbers : words;
      std::string from = token, to = below(3, random) == 0 ? other : fresh[below(fresh.size(), random)];
      token = to;
      // Everywhere, for types that still fit each other: what is wrong then is wrong for the ops.
      if (below(3, random) != 0)
        std::replace(tokens.begin(), tokens.end(), from, to);
    } else if (size_t how = below(4, random); how == 0)
      token.clear();
    else if (how == 1)
      token += std::string(token);
    else if (how == 2)
      std::swap(token, other);
    else
      token = words[below(words.size(), random)];
  }
  std::string result;
  for (const std::string &token : tokens)
    result += token;
  return result;
}

std::string mutateBytes(const std::string &bytes, std::mt19937_64 &random) {
  std::string result = bytes;
  switch (below(4, random)) {
  case 0:
    result.resize(below(result.size(), random));
    break;
  case 1: {
    size_t size = 1 + below(16, random), from = below(result.size(), random), to = below(result.size(), random);
    result.replace(to, size, bytes.substr(from, size));
    break;
  }
  default:
    for (size_t flips = 1 + below(4, random); flips-- > 0;)
      result[below(result.size(), random)] ^= static_cast<char>(1 << below(8, random));
  }
  return result;
}

} // namespace tp::fuzz
