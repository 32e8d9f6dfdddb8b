// Categories come from a generated table of ranges; ASCII, nearly all there is to look up, is answered without it.
#include "tp/Support/Unicode.h"

#include <algorithm>
#include <iterator>

namespace tp {

namespace {
struct Range {
  uint32_t first, last;
};
struct CaseRange {
  uint32_t first, last, step; // first, first + step, ...
  int32_t delta;
};
#include "UnicodeCases.inc"
#include "UnicodeRanges.inc"

template <size_t count> bool isIn(const Range (&ranges)[count], uint32_t code) {
  auto after = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                                [](uint32_t wanted, const Range &range) { return wanted < range.first; });
  return after != std::begin(ranges) && code <= std::prev(after)->last;
}

// Length of the UTF-8 sequence that `lead` begins, 0 if it begins none.
uint32_t sequenceLength(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

// Whether `second` may follow `lead`: no overlong forms, no surrogates, nothing above U+10FFFF.
bool mayFollow(unsigned char lead, unsigned char second) {
  if (lead == 0xe0)
    return second >= 0xa0 && second <= 0xbf;
  if (lead == 0xed)
    return second >= 0x80 && second <= 0x9f;
  if (lead == 0xf0)
    return second >= 0x90 && second <= 0xbf;
  if (lead == 0xf4)
    return second >= 0x80 && second <= 0x8f;
  return second >= 0x80 && second <= 0xbf;
}

// Bytes at the start of `text` that are the beginning of one sequence, and whether it is whole.
size_t validPrefix(std::string_view text, bool &whole) {
  auto lead = static_cast<unsigned char>(text[0]);
  size_t length = sequenceLength(lead);
  whole = false;
  if (length == 0)
    return 0;
  size_t size = 1;
  while (size < length && size < text.size()) {
    auto next = static_cast<unsigned char>(text[size]);
    if (size == 1 ? !mayFollow(lead, next) : (next & 0xc0) != 0x80)
      break;
    ++size;
  }
  whole = size == length;
  return size;
}
} // namespace

Character firstCharacter(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {lead, 1};
  bool whole;
  size_t size = validPrefix(text, whole);
  if (!whole)
    return {0xfffd, 1};
  uint32_t code = lead & (0x7f >> size);
  for (size_t i = 1; i < size; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  return {code, static_cast<uint32_t>(size)};
}

void appendUtf8(std::string &text, uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | code >> 6);
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | code >> 18);
    text += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::string repairUtf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    bool whole;
    size_t size = validPrefix(text, whole);
    if (whole)
      result += text.substr(0, size);
    else
      result += "\xef\xbf\xbd"; // one for the longest beginning of a character, as Unicode recommends
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return result;
}

size_t incompleteUtf8(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    std::string_view tail = text.substr(text.size() - back);
    if ((static_cast<unsigned char>(tail[0]) & 0xc0) == 0x80)
      continue;
    bool whole;
    return validPrefix(tail, whole) == back && !whole ? back : 0;
  }
  return 0;
}

bool isLetter(uint32_t code) {
  if (code < 0x80)
    return (code | 0x20) - 'a' < 26;
  return isIn(letterRanges, code);
}

bool isNumber(uint32_t code) {
  if (code < 0x80)
    return code - '0' < 10;
  return isIn(numberRanges, code);
}

bool isSpace(uint32_t code) {
  if (code < 0x80)
    return code == ' ' || (code >= 9 && code <= 13);
  return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
         code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool isPunctuation(uint32_t code) { return isIn(punctuationRanges, code); }

bool isNonspacingMark(uint32_t code) { return code >= 0x300 && isIn(markRanges, code); }

bool isControl(uint32_t code) { return isIn(controlRanges, code); }

void appendLowerUtf8(std::string &text, uint32_t code) {
  if (code == 0x130) { // the only one that becomes two: i and a dot above
    text += "i\u0307";
    return;
  }
  auto after = std::upper_bound(std::begin(lowerCases), std::end(lowerCases), code,
                                [](uint32_t wanted, const CaseRange &range) { return wanted < range.first; });
  if (after != std::begin(lowerCases)) {
    const CaseRange &range = *std::prev(after);
    if (code <= range.last && (code - range.first) % range.step == 0)
      code += static_cast<uint32_t>(range.delta);
  }
  appendUtf8(text, code);
}

} // namespace tp
