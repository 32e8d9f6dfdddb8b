// The short form of a wish is rewritten to a layout's text, `[_, dp+tp]` to `[{}, {dp, tp}]`, and read as one.
#include "tp/Support/ShardWish.h"

#include "tp/Support/Error.h"

namespace tp {

bool globMatches(std::string_view pattern, std::string_view name) {
  // Where the last star stood, and how much of the name it has taken so far: the only place to come back to.
  size_t p = 0, n = 0, star = std::string_view::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

// One dimension of the short form as one of a layout.
static std::string layoutText(std::string_view dimension) {
  std::string text;
  for (char c : dimension)
    text += c == '+' ? ',' : c;
  size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  text = begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
  if (text.empty())
    throw Error("a dimension is empty; _ says that it is not split");
  return text == "_" ? "{}" : "{" + text + "}";
}

ShardWish ShardWish::parse(std::string_view text) {
  auto fail = [&](const std::string &why) { return UsageError(why, {"a wish reads PATTERN=[_,tp], one entry per dimension"}); };
  // The brackets hold no '=' and a name may: the last one counts.
  size_t equals = text.rfind("=[");
  if (equals == std::string_view::npos || equals == 0 || text.back() != ']')
    throw fail("has no pattern or no dimensions in brackets");
  std::string_view dims = text.substr(equals + 2, text.size() - equals - 3);
  ShardWish wish{std::string(text), std::string(text.substr(0, equals)), {}};
  try {
    std::string rewritten;
    for (size_t begin = 0; begin <= dims.size();) {
      size_t end = std::min(dims.find(',', begin), dims.size());
      rewritten += (rewritten.empty() ? "" : ", ") + layoutText(dims.substr(begin, end - begin));
      begin = end + 1;
    }
    wish.layout = Layout::parse("[" + rewritten + "]");
  } catch (const Error &error) {
    throw fail(error.what());
  }
  return wish;
}

std::vector<ShardWish> ShardWish::parse(const std::vector<std::string> &texts) {
  std::vector<ShardWish> wishes;
  for (const std::string &text : texts)
    wishes.push_back(parse(text));
  return wishes;
}

const ShardWish *lastMatch(const std::vector<ShardWish> &wishes, std::string_view name) {
  const ShardWish *last = nullptr;
  for (const ShardWish &wish : wishes)
    if (wish.matches(name))
      last = &wish;
  return last;
}

} // namespace tp
