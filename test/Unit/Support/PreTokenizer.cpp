// Texts are cut where the known expressions cut them; the pieces wanted are those of the expressions themselves.
#include "tp/Support/PreTokenizer.h"

#include "Expect.h"

namespace tp {
namespace {

using Pieces = std::vector<std::string_view>;

TEST(PreTokenizer, gpt2) {
  auto cut = [](std::string_view text) { return cutIntoPieces(text, {Split::Gpt2}); };
  EXPECT_EQ(cut("Hello world"), (Pieces{"Hello", " world"}));
  EXPECT_EQ(cut("I'm you'll THEY'VE"), (Pieces{"I", "'m", " you", "'ll", " THEY", "'", "VE"}));
  EXPECT_EQ(cut("a  b"), (Pieces{"a", " ", " b"}));
  EXPECT_EQ(cut("a \n\n b "), (Pieces{"a", " \n\n", " b", " "}));
  EXPECT_EQ(cut("a\tb"), (Pieces{"a", "\t", "b"}));
  EXPECT_EQ(cut("x1234 56"), (Pieces{"x", "1234", " 56"}));
  EXPECT_EQ(cut("(x)... !?"), (Pieces{"(", "x", ")...", " !?"}));
  EXPECT_EQ(cut("日本語 ½"), (Pieces{"日本語", " ½"}));
  EXPECT_EQ(cut(""), Pieces{});
}

TEST(PreTokenizer, digitsFirst) {
  auto cut = [](std::string_view text) { return cutIntoPieces(text, {Split::EachDigit, Split::Gpt2}); };
  EXPECT_EQ(cut("a 12 b"), (Pieces{"a", " ", "1", "2", " b"}));
  EXPECT_EQ(cut("a  1"), (Pieces{"a", "  ", "1"})); // the piece ends there, so its spaces stay together
  EXPECT_EQ(cutIntoPieces("a12b", {Split::DigitRuns}), (Pieces{"a", "12", "b"}));
}

TEST(PreTokenizer, llama3) {
  auto cut = [](std::string_view text) { return cutIntoPieces(text, {Split::Llama3}); };
  EXPECT_EQ(cut("THEY'VE it's"), (Pieces{"THEY", "'VE", " it", "'s"}));
  EXPECT_EQ(cut("1234567"), (Pieces{"123", "456", "7"}));
  EXPECT_EQ(cut("(x)"), (Pieces{"(x", ")"}));
  EXPECT_EQ(cut("a 12"), (Pieces{"a", " ", "12"}));
  EXPECT_EQ(cut("end.\n\nNext"), (Pieces{"end", ".\n\n", "Next"}));
  EXPECT_EQ(cut("a  \n\n  b"), (Pieces{"a", "  \n\n", " ", " b"}));
  EXPECT_EQ(cut("\tx"), (Pieces{"\tx"}));
  EXPECT_EQ(cut("\nx"), (Pieces{"\n", "x"}));
  EXPECT_EQ(cutIntoPieces("1234", {Split::Qwen2}), (Pieces{"1", "2", "3", "4"}));
}

TEST(PreTokenizer, piecesAreTheText) {
  std::string text = "a\xff\xe6 'x'  12\r\n \xf0\x9f\x98\x80é\n";
  for (Split split : {Split::EachDigit, Split::DigitRuns, Split::Gpt2, Split::Llama3, Split::Qwen2}) {
    std::string joined;
    for (std::string_view piece : cutIntoPieces(text, {split})) {
      EXPECT_FALSE(piece.empty());
      joined += piece;
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(PreTokenizer, names) {
  EXPECT_EQ(splitsOfGguf("smollm"), (std::vector<Split>{Split::EachDigit, Split::Gpt2}));
  EXPECT_EQ(splitsOfGguf("llama-bpe"), std::vector<Split>{Split::Llama3});
  EXPECT_TRUE(contains(errorOf([] { splitsOfGguf("gpt-4o"); }),
                       "unknown pre-tokenizer \"gpt-4o\" (tokenizer.ggml.pre); known are default, gpt-2, "));
  EXPECT_EQ(splitOfPattern(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"), Split::Gpt2);
  EXPECT_EQ(
      splitOfPattern(
          R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"),
      Split::Llama3);
  EXPECT_FALSE(splitOfPattern(R"(\p{L}+)").has_value());
}

} // namespace
} // namespace tp
