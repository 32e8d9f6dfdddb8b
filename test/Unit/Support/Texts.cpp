// Many texts in one run of bytes, and a table that finds them by their hash.
#include "tp/Support/Texts.h"

#include <gtest/gtest.h>

namespace tp {
namespace {

TEST(Texts, keepWhatIsAdded) {
  Texts texts = {"a", "", "longer than a short string is"};
  texts.push_back(std::string_view("\0b", 2));
  texts.shrink();
  ASSERT_EQ(texts.size(), 4u);
  EXPECT_EQ(texts[0], "a");
  EXPECT_EQ(texts[1], "");
  EXPECT_EQ(texts[2], "longer than a short string is");
  EXPECT_EQ(texts[3], std::string_view("\0b", 2));
  TextPairs pairs = {{"a", "b"}, {"", "c"}};
  EXPECT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[1], TextPairs::Pair("", "c"));
}

// Hashes that agree in all bits that a slot has room for, and in where they are looked for: only the key itself tells.
TEST(NumberTable, equalHashesAreToldApartByTheirKeys) {
  std::vector<uint64_t> keys = {7, 8, 9};
  NumberTable table(keys.size());
  auto find = [&](uint64_t hash, uint64_t key) { return table.find(hash, [&](uint32_t number) { return keys[number] == key; }); };
  EXPECT_EQ(find(5, 7), -1);
  table.add(5, 0);
  table.add(5, 1);
  table.add(6, 2);
  EXPECT_EQ(find(5, 7), 0);
  EXPECT_EQ(find(5, 8), 1);
  EXPECT_EQ(find(6, 9), 2);
  EXPECT_EQ(find(5, 10), -1);
  EXPECT_EQ(NumberTable().find(5, [](uint32_t) { return true; }), -1);
}

TEST(NumberTable, findsEveryOneOfManyAndNoOther) {
  Texts texts;
  for (int i = 0; i < 5000; ++i)
    texts.push_back(std::to_string(i * 37));
  NumberTable table(texts.size());
  for (uint32_t i = 0; i < texts.size(); ++i)
    table.add(hashOf(texts[i]), i);
  for (int i = 0; i < 5000 * 37; ++i) {
    std::string text = std::to_string(i);
    int32_t found = table.find(hashOf(text), [&](uint32_t number) { return texts[number] == text; });
    ASSERT_EQ(found, i % 37 ? -1 : i / 37);
  }
}

} // namespace
} // namespace tp
