// Unicode's composed form (NFC) and the form that it goes through (NFD): take every character apart, put combining marks
// in the order of their class, and join what joins. Nearly every text is in this form already, and every text below U+0300 is: that is checked first.
#include "tp/Support/Unicode.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <vector>

namespace tp {

namespace {
struct Decomposition {
  uint32_t composed, first, second; // second 0: one character that stands for another
  int composesAgain;
};
struct CombiningClass {
  uint32_t first, last;
  uint32_t value;
};
#include "UnicodeCompositions.inc"

// Korean syllables are computed: 19 leading, 21 middle, 27 trailing letters.
constexpr uint32_t syllables = 0xac00, leading = 0x1100, middle = 0x1161, trailing = 0x11a7;
constexpr uint32_t middleCount = 21, trailingCount = 28, syllableCount = 19 * middleCount * trailingCount;

uint32_t combiningClass(uint32_t code) {
  auto after = std::upper_bound(std::begin(combiningClasses), std::end(combiningClasses), code,
                                [](uint32_t wanted, const CombiningClass &range) { return wanted < range.first; });
  if (after == std::begin(combiningClasses) || code > std::prev(after)->last)
    return 0;
  return std::prev(after)->value;
}

void decompose(uint32_t code, std::vector<uint32_t> &out) {
  if (code - syllables < syllableCount) {
    uint32_t index = code - syllables;
    out.push_back(leading + index / (middleCount * trailingCount));
    out.push_back(middle + index % (middleCount * trailingCount) / trailingCount);
    if (index % trailingCount)
      out.push_back(trailing + index % trailingCount);
    return;
  }
  auto found = std::lower_bound(std::begin(decompositions), std::end(decompositions), code,
                                [](const Decomposition &entry, uint32_t wanted) { return entry.composed < wanted; });
  if (found == std::end(decompositions) || found->composed != code) {
    out.push_back(code);
    return;
  }
  decompose(found->first, out);
  if (found->second)
    decompose(found->second, out);
}

// What `first` and `second` become together, 0 if they stay apart.
uint32_t compose(uint32_t first, uint32_t second) {
  if (first - leading < 19 && second - middle < middleCount)
    return syllables + ((first - leading) * middleCount + (second - middle)) * trailingCount;
  if (first - syllables < syllableCount && (first - syllables) % trailingCount == 0 && second - trailing - 1 < 27)
    return first + (second - trailing);
  static const std::unordered_map<uint64_t, uint32_t> pairs = [] {
    std::unordered_map<uint64_t, uint32_t> result;
    for (const Decomposition &entry : decompositions)
      if (entry.composesAgain)
        result[static_cast<uint64_t>(entry.first) << 32 | entry.second] = entry.composed;
    return result;
  }();
  auto found = pairs.find(static_cast<uint64_t>(first) << 32 | second);
  return found == pairs.end() ? 0 : found->second;
}

// The characters of `text` taken apart, marks in the order of their class.
std::vector<uint32_t> decomposedCharacters(std::string_view text) {
  std::vector<uint32_t> codes;
  for (size_t at = 0; at < text.size();) {
    Character character = firstCharacter(text.substr(at));
    decompose(character.code, codes);
    at += character.size;
  }
  std::vector<std::pair<uint32_t, uint32_t>> order; // a mark's key is its class, then where it stood
  for (size_t i = 0; i < codes.size();) {
    size_t end = i;
    order.clear();
    for (; end < codes.size() && combiningClass(codes[end]) != 0; ++end)
      order.push_back({combiningClass(codes[end]) << 24 | static_cast<uint32_t>(end - i), codes[end]});
    std::sort(order.begin(), order.end());
    for (size_t j = 0; j < order.size(); ++j)
      codes[i + j] = order[j].second;
    i = end + 1;
  }
  return codes;
}

std::string composeCharacters(std::string_view text) {
  std::vector<uint32_t> out;
  size_t starter = SIZE_MAX; // where the character that marks join is
  uint32_t lastClass = 0;    // of what has been put after it
  for (uint32_t code : decomposedCharacters(text)) {
    uint32_t ownClass = combiningClass(code);
    bool isBlocked = starter == SIZE_MAX || (starter + 1 < out.size() && lastClass >= ownClass);
    if (uint32_t joined = isBlocked ? 0 : compose(out[starter], code)) {
      out[starter] = joined;
      continue;
    }
    if (ownClass == 0)
      starter = out.size();
    lastClass = ownClass;
    out.push_back(code);
  }
  std::string result;
  for (uint32_t code : out)
    appendUtf8(result, code);
  return result;
}
} // namespace

std::string composeUtf8(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    // Up to the next byte that is no UTF-8.
    size_t end = at;
    bool needsWork = false;
    while (end < text.size()) {
      Character character = firstCharacter(text.substr(end));
      if (character.code == 0xfffd && character.size == 1)
        break;
      needsWork |= character.code >= 0x300;
      end += character.size;
    }
    result += needsWork ? composeCharacters(text.substr(at, end - at)) : std::string(text.substr(at, end - at));
    if (end < text.size())
      result += text[end++];
    at = end;
  }
  return result;
}

std::string decomposeUtf8(std::string_view text) {
  std::string result;
  for (uint32_t code : decomposedCharacters(text))
    appendUtf8(result, code);
  return result;
}

} // namespace tp
