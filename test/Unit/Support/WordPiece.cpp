// BERT's tokenizer: how texts become words, words become pieces, and what its two kinds of files say.
#include "Expect.h"
#include "tp/Support/Tokenizer.h"

#include <fstream>
#include <gtest/gtest.h>

namespace tp {
namespace {

using Words = std::vector<std::string>;
using Ids = std::vector<int32_t>;

TEST(WordPiece, WordsAreLowerCaseWithoutAccents) {
  EXPECT_EQ(wordsOf("Naïve CAFÉ a\u0301\u0323 \u0130 \u03a3\u038a\u03a3", {}), (Words{"naive", "cafe", "a", "i", "σισ"}));
  EXPECT_EQ(wordsOf("Naïve CAFÉ", {.stripAccents = false, .lowerCase = false}), (Words{"Naïve", "CAFÉ"}));
}

TEST(WordPiece, PunctuationAndChineseStandAlone) {
  EXPECT_EQ(wordsOf("don't—$5!", {}), (Words{"don", "'", "t", "—", "$", "5", "!"}));
  EXPECT_EQ(wordsOf("東京は", {}), (Words{"東", "京", "は"}));
  EXPECT_EQ(wordsOf("東京は", {.splitChinese = false}), (Words{"東京は"}));
}

TEST(WordPiece, ControlCharactersGoAndSpacesSeparate) {
  EXPECT_EQ(wordsOf("a\tb\u200bc\u3000d\x7f", {}), (Words{"a", "bc", "d"}));
  EXPECT_EQ(wordsOf(" \n ", {}), Words());
}

TokenizerParts smallParts() {
  TokenizerParts parts;
  parts.tokens = {"[UNK]", "un", "##aff", "##able", "##a", "[CLS]", "[SEP]", "aff"};
  parts.kinds = {TokenKind::Control, TokenKind::Normal,  TokenKind::Normal,  TokenKind::Normal,
                 TokenKind::Normal,  TokenKind::Control, TokenKind::Control, TokenKind::Normal};
  parts.byteLevel = false;
  parts.stripFirstSpace = true;
  parts.wordPiece.emplace().longestWord = 12;
  parts.unknown = 0;
  parts.before = {5};
  parts.after = {6};
  parts.added = {{.text = "[SEP]", .id = 6}};
  parts.what = "small";
  return parts;
}

TEST(WordPiece, LongestPiecesFirstAndUnknownAsAWhole) {
  Tokenizer tokenizer(smallParts());
  EXPECT_EQ(tokenizer.encode("Unaffable aff"), (Ids{5, 1, 2, 3, 7, 6}));
  EXPECT_EQ(tokenizer.encode("unaffx una", false), (Ids{0, 1, 4}));
  EXPECT_EQ(tokenizer.encode("una[SEP]una", false), (Ids{1, 4, 6, 1, 4}));
  EXPECT_EQ(tokenizer.encode("unaffaaaaaaaa", false), Ids{0}); // 13 characters
  EXPECT_EQ(tokenizer.encode(""), (Ids{5, 6}));
  EXPECT_EQ(tokenizer.decode({5, 1, 2, 3, 7, 6}), "unaffable aff");
}

TEST(WordPiece, NeedsAnUnknownToken) {
  TokenizerParts parts = smallParts();
  parts.unknown = -1;
  EXPECT_EQ(errorOf([&] { Tokenizer tokenizer(parts); }), "small: a WordPiece tokenizer needs an unknown token");
}

struct WordPieceFolder : public ::testing::Test {
  TemporaryFolder folder;
  void write(const std::string &name, const std::string &text) { std::ofstream(folder / name) << text; }
  Tokenizer open() { return Tokenizer::open(folder.path.string()); }
};

TEST_F(WordPieceFolder, ReadsTokenizerJson) {
  write("tokenizer.json", R"({"added_tokens": [{"id": 1, "content": "[CLS]", "special": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": false},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "É": 3, "##a": 4}}})");
  Tokenizer tokenizer = open();
  EXPECT_EQ(tokenizer.encode("Éa É e"), (Ids{1, 3, 4, 3, 0, 2}));
}

TEST_F(WordPieceFolder, RefusesOtherSteps) {
  write("tokenizer.json", R"({"normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0}}})");
  EXPECT_TRUE(contains(errorOf([&] { open(); }), "another normalizer than BertNormalizer"));
}

TEST_F(WordPieceFolder, ReadsVocabularyText) {
  write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nE\n##a\r\n");
  write("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": true, "mask_token": {"content": "[MASK]"}})");
  Tokenizer tokenizer = open();
  EXPECT_EQ(tokenizer.encode("Éa [MASK] e"), (Ids{2, 5, 6, 4, 1, 3}));
  write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n");
  EXPECT_TRUE(contains(errorOf([&] { open(); }), "the sep_token \"[SEP]\" is none of its 3 tokens"));
}

} // namespace
} // namespace tp
