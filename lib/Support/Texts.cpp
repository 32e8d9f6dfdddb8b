// See Texts.h.
#include "tp/Support/Texts.h"

#include "tp/Support/Error.h"

#include <bit>
#include <cstring>
#include <limits>

namespace tp {

Texts::Texts(std::initializer_list<std::string_view> texts) {
  for (std::string_view text : texts)
    push_back(text);
}

void Texts::push_back(std::string_view text) {
  constexpr size_t most = std::numeric_limits<uint32_t>::max();
  if (text.size() > most - bytes.size())
    throw Error("texts of more than " + std::to_string(most) + " bytes together cannot be held");
  bytes += text;
  ends.push_back(static_cast<uint32_t>(bytes.size()));
}

void Texts::shrink() {
  bytes.shrink_to_fit();
  ends.shrink_to_fit();
}

TextPairs::TextPairs(std::initializer_list<Pair> pairs) {
  for (const Pair &pair : pairs)
    push_back(pair);
}

void TextPairs::push_back(const Pair &pair) {
  texts.push_back(pair.first);
  texts.push_back(pair.second);
}

NumberTable::NumberTable(size_t most)
    : slots(std::bit_ceil(2 * most + 2)), mask(slots.size() - 1),
      numberMask(static_cast<uint32_t>((uint64_t(1) << std::bit_width(most)) - 1)) {}

void NumberTable::add(uint64_t hash, uint32_t number) {
  size_t at = hash & mask;
  while (slots[at] != 0)
    at = (at + 1) & mask;
  slots[at] = (tagOf(hash) & ~numberMask) | (number + 1);
}

// Multiplying moves what is low up; the shift brings it down again, where a table looks first.
static uint64_t mixed(uint64_t word) {
  word *= 0x9fb21c651e98df25u;
  return word ^ word >> 29;
}

uint64_t hashOf(uint64_t key) { return mixed(mixed(key)); }

uint64_t hashOf(std::string_view text) {
  uint64_t hash = text.size();
  while (text.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = mixed(hash ^ word);
    text.remove_prefix(8);
  }
  uint64_t word = 0;
  for (size_t i = 0; i < text.size(); ++i)
    word |= uint64_t(static_cast<unsigned char>(text[i])) << 8 * i;
  return mixed(mixed(hash ^ word));
}

} // namespace tp
