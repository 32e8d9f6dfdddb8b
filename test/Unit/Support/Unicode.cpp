// UTF-8 both ways, categories, and the composed form.
#include "tp/Support/Unicode.h"

#include <gtest/gtest.h>

namespace tp {
namespace {

TEST(Unicode, everyCodePointRoundTrips) {
  for (uint32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff)
      continue;
    std::string text;
    appendUtf8(text, code);
    Character character = firstCharacter(text);
    ASSERT_EQ(character.code, code);
    ASSERT_EQ(character.size, text.size());
  }
}

TEST(Unicode, badBytesAreRepaired) {
  EXPECT_EQ(repairUtf8("a\xff"
                       "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(repairUtf8("\xe6\x97"), "\xef\xbf\xbd");                             // cut off: one for the whole
  EXPECT_EQ(repairUtf8("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd");                 // overlong
  EXPECT_EQ(repairUtf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); // a surrogate
  EXPECT_EQ(repairUtf8("\xf4\x90\x80\x80").size(), 12u);                         // above U+10FFFF
  EXPECT_EQ(repairUtf8("日本"), "日本");
}

TEST(Unicode, incompleteEnds) {
  EXPECT_EQ(incompleteUtf8(""), 0u);
  EXPECT_EQ(incompleteUtf8("abc"), 0u);
  EXPECT_EQ(incompleteUtf8("日"), 0u);
  EXPECT_EQ(incompleteUtf8("a\xe6"), 1u);
  EXPECT_EQ(incompleteUtf8("a\xe6\x97"), 2u);
  EXPECT_EQ(incompleteUtf8("\xf0\x9f\x98"), 3u);
  EXPECT_EQ(incompleteUtf8("\x97\x97\x97\x97"), 0u); // nothing can complete these
  EXPECT_EQ(incompleteUtf8("\xff"), 0u);
}

TEST(Unicode, categories) {
  for (uint32_t letter : {U'a', U'Z', U'é', U'ß', U'日', U'한', U'ª', U'ʰ', U'\U0001d400'})
    EXPECT_TRUE(isLetter(letter) && !isNumber(letter) && !isSpace(letter)) << letter;
  for (uint32_t number : {U'0', U'9', U'½', U'²', U'Ⅷ', U'٣', U'〇'})
    EXPECT_TRUE(isNumber(number) && !isLetter(number)) << number;
  for (uint32_t space : {U' ', U'\t', U'\n', U'\r', U'\x85', U'\xa0', U'\u2003', U'\u3000'})
    EXPECT_TRUE(isSpace(space)) << space;
  for (uint32_t other : {U'_', U'\u0301', U'\u200b', U'😀', U'\x1c', U'\ufeff', U'@', U'[', U'`', U'{', U'/', U':'})
    EXPECT_FALSE(isLetter(other) || isNumber(other) || isSpace(other)) << other;
}

TEST(Unicode, composedForm) {
  EXPECT_EQ(composeUtf8("e\u0301"), "é");
  EXPECT_EQ(composeUtf8("é"), "é");
  EXPECT_EQ(composeUtf8("q\u0307\u0323"), "q\u0323\u0307"); // marks are put in order
  EXPECT_EQ(composeUtf8("a\u0323\u0307"), "\u1ea1\u0307");  // the first joins, the second cannot
  EXPECT_EQ(composeUtf8("\u1112\u1161\u11ab"), "한");
  EXPECT_EQ(composeUtf8("\u212b"), "Å");            // one character that stands for another
  EXPECT_EQ(composeUtf8("\u0958"), "\u0915\u093c"); // does not compose again
  EXPECT_EQ(composeUtf8("\xff"
                        "e\u0301\xe6"),
            "\xff"
            "é\xe6"); // bad bytes stay
}

} // namespace
} // namespace tp
