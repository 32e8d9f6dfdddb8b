// Many short texts, and finding one of them.
//
// A vocabulary has a hundred thousand texts of a few bytes each. As strings in a hash table they take a hundred bytes apiece and
// most of a tool's start; here their bytes lie in one run, and the table holds 32 bits for each.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tp {

/// A list of texts that can only grow. What it returns points into it, until the next text is added.
class Texts {
public:
  Texts() = default;
  Texts(std::initializer_list<std::string_view> texts);

  size_t size() const { return ends.size(); }
  bool empty() const { return ends.empty(); }
  std::string_view operator[](size_t index) const {
    uint32_t begin = index ? ends[index - 1] : 0;
    return {bytes.data() + begin, ends[index] - begin};
  }
  /// Throws Error if the texts have more than 2^32 - 1 bytes together.
  void push_back(std::string_view text);
  void emplace_back(std::string_view text) { push_back(text); }
  /// Gives back what was kept for more texts.
  void shrink();

private:
  std::string bytes;
  std::vector<uint32_t> ends;
};

/// A list of pairs of texts.
class TextPairs {
public:
  using Pair = std::pair<std::string_view, std::string_view>;
  TextPairs() = default;
  TextPairs(std::initializer_list<Pair> pairs);

  size_t size() const { return texts.size() / 2; }
  bool empty() const { return texts.empty(); }
  Pair operator[](size_t index) const { return {texts[2 * index], texts[2 * index + 1]}; }
  void push_back(const Pair &pair);

private:
  Texts texts;
};

/// A hash table over keys that lie elsewhere, by their numbers from 0 on: of a slot's 32 bits as many hold a number as numbers
/// need, and the others a part of the key's hash, so that a key that is not there is hardly ever compared.
class NumberTable {
public:
  NumberTable() = default;
  /// For keys numbered below `most`, which is less than 2^31.
  explicit NumberTable(size_t most);

  /// The number of the key with this hash that `isKey(number)` knows; -1 if there is none.
  template <typename IsKey> int32_t find(uint64_t hash, const IsKey &isKey) const {
    if (slots.empty())
      return -1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      uint32_t slot = slots[at];
      if (slot == 0)
        return -1;
      if (((slot ^ tagOf(hash)) & ~numberMask) == 0 && isKey((slot & numberMask) - 1))
        return static_cast<int32_t>((slot & numberMask) - 1);
    }
  }
  /// Adds a key that is not there.
  void add(uint64_t hash, uint32_t number);

private:
  uint32_t tagOf(uint64_t hash) const { return static_cast<uint32_t>(hash >> 32); }
  /// Number + 1 and, above it, bits of the hash; 0: free. At most half of them are taken.
  std::vector<uint32_t> slots;
  size_t mask = 0;
  uint32_t numberMask = 0;
};

/// For a NumberTable.
uint64_t hashOf(std::string_view text);
uint64_t hashOf(uint64_t key);

} // namespace tp
