// Tokenizers: merging, special tokens, both alphabets, and what the files must say.
#include "tp/Support/Tokenizer.h"
#include "tp/Support/Gguf.h"

#include "Expect.h"
#include "Models.h"

namespace tp {
namespace {

using Ids = std::vector<int32_t>;

// A byte-level vocabulary: 0 is special, 1 to 8 are bytes, the others come from merges. The sign U+0120 is a space.
TokenizerParts byteLevelParts() {
  TokenizerParts parts;
  parts.what = "test";
  parts.tokens = {"<|end|>", "a", "b", "c", "Ġ", "Ã", "©", "d", "e", "ab", "bc", "Ġab", "abc", "Ã©"};
  parts.kinds.assign(parts.tokens.size(), TokenKind::Normal);
  parts.kinds[0] = TokenKind::Control;
  parts.merges = {{"b", "c"}, {"a", "b"}, {"Ġ", "ab"}, {"a", "bc"}, {"Ã", "©"}};
  parts.splits = {Split::Gpt2};
  parts.added = {{"<|end|>", 0, false, false, false}};
  parts.ends = {0};
  return parts;
}

// Characters with scores; 3 to 258 are bytes.
TokenizerParts scoredParts() {
  TokenizerParts parts;
  parts.what = "test";
  parts.byteLevel = false;
  parts.byteFallback = true;
  parts.tokens = {"<unk>", "<s>", "</s>"};
  parts.kinds = {TokenKind::Unknown, TokenKind::Control, TokenKind::Control};
  parts.scores = {0, 0, 0};
  for (int byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", byte);
    parts.tokens.push_back(text);
    parts.kinds.push_back(TokenKind::Byte);
    parts.scores.push_back(0);
  }
  double score = 0;
  for (const char *token : {"▁", "a", "b", "c", "bc", "ab", "▁ab", "▁abc"}) {
    parts.tokens.push_back(token);
    parts.kinds.push_back(TokenKind::Normal);
    parts.scores.push_back(score--);
  }
  parts.added = {{"<s>", 1, false, false, false}, {"</s>", 2, false, false, false}};
  parts.unknown = 0;
  parts.bos = 1;
  parts.before = {1};
  parts.prefixSpace = TokenizerParts::PrefixSpace::Every;
  parts.prefixUnlessSpace = false;
  parts.stripFirstSpace = true;
  return parts;
}

TEST(Tokenizer, mergesByRank) {
  Tokenizer tokenizer(byteLevelParts());
  EXPECT_EQ(tokenizer.encode("abc"), (Ids{12})); // "bc" first, then "a" and "bc"; never "ab" and "c"
  EXPECT_EQ(tokenizer.encode("ab ab"), (Ids{9, 11}));
  EXPECT_EQ(tokenizer.encode("abab"), (Ids{9, 9}));
  EXPECT_EQ(tokenizer.encode("é"), (Ids{13}));
  EXPECT_EQ(tokenizer.encode(""), Ids{});
  EXPECT_EQ(tokenizer.encode("azb"), (Ids{1, 2})); // a byte that the vocabulary lacks
}

TEST(Tokenizer, aPieceThatIsATokenMayGoBeforeMerges) {
  TokenizerParts parts = byteLevelParts();
  parts.tokens.push_back("de");
  parts.kinds.push_back(TokenKind::Normal);
  EXPECT_EQ(Tokenizer(parts).encode("de"), (Ids{7, 8}));
  parts.ignoreMerges = true;
  EXPECT_EQ(Tokenizer(parts).encode("de"), Ids{14});
}

TEST(Tokenizer, specialTokensInTexts) {
  Tokenizer tokenizer(byteLevelParts());
  EXPECT_EQ(tokenizer.encode("ab<|end|>c"), (Ids{9, 0, 3}));
  EXPECT_EQ(tokenizer.encode("<|end|><|end|>"), (Ids{0, 0}));
  EXPECT_EQ(tokenizer.decode({9, 0, 3}), "abc");
  EXPECT_EQ(tokenizer.decode({9, 0, 3}, true), "ab<|end|>c");
  EXPECT_TRUE(tokenizer.isEnd(0));
  EXPECT_FALSE(tokenizer.isEnd(1));
}

TEST(Tokenizer, theLongestSpecialTokenWinsAndStripsWhatItSays) {
  TokenizerParts parts = byteLevelParts();
  parts.tokens.push_back("<|end|>>");
  parts.tokens.push_back("cab");
  parts.kinds.insert(parts.kinds.end(), {TokenKind::Control, TokenKind::UserDefined});
  parts.added.push_back({"<|end|>>", 14, true, true, false});
  parts.added.push_back({"cab", 15, false, false, true});
  Tokenizer tokenizer(parts);
  EXPECT_EQ(tokenizer.encode("a <|end|>> b"), (Ids{1, 14, 2}));
  EXPECT_EQ(tokenizer.encode("a <|end|>b"), (Ids{1, 4, 0, 2}));
  EXPECT_EQ(tokenizer.encode("cab"), Ids{15});
  EXPECT_EQ(tokenizer.encode("cabc"), (Ids{3, 12})); // not a word of its own
}

TEST(Tokenizer, mergesByScoreWithBytesForTheRest) {
  Tokenizer tokenizer(scoredParts());
  EXPECT_EQ(tokenizer.encode("abc"), (Ids{1, 259, 260, 263})); // "bc" scores above "ab"
  EXPECT_EQ(tokenizer.encode("ab", false), (Ids{265}));
  EXPECT_EQ(tokenizer.encode("aé", false), (Ids{259, 260, 3 + 0xc3, 3 + 0xa9}));
  EXPECT_EQ(tokenizer.decode({259, 260, 3 + 0xc3, 3 + 0xa9}), "aé");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("ab  ab")), "ab  ab");
  EXPECT_EQ(tokenizer.encode("<s>ab", false), (Ids{1, 265}));
  EXPECT_TRUE(tokenizer.addsBos());
}

TEST(Tokenizer, streamsWholeCharactersOnly) {
  Tokenizer tokenizer(byteLevelParts());
  TokenStream stream(tokenizer);
  EXPECT_EQ(stream.add(1), "a");
  EXPECT_EQ(stream.add(5), "");
  EXPECT_EQ(stream.add(6), "é");
  EXPECT_EQ(stream.add(0), "");
  EXPECT_EQ(stream.add(5), "");
  EXPECT_EQ(stream.add(1), "\xef\xbf\xbd"
                           "a"); // what was begun is not continued
  EXPECT_EQ(stream.add(5), "");
  EXPECT_EQ(stream.finish(), "\xef\xbf\xbd");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Tokenizer, partsThatDoNotFit) {
  TokenizerParts parts = byteLevelParts();
  parts.merges.push_back({"c", "d"});
  EXPECT_EQ(errorOf([&] { Tokenizer tokenizer(parts); }),
            "test: merge 5 joins \"c\" and \"d\", but they or the result are no tokens");
  parts = byteLevelParts();
  parts.ends = {14};
  EXPECT_EQ(errorOf([&] { Tokenizer tokenizer(parts); }), "test: the end token is token 14, the vocabulary has 14");
  parts = byteLevelParts();
  parts.kinds.pop_back();
  EXPECT_EQ(errorOf([&] { Tokenizer tokenizer(parts); }), "test: there are 14 tokens and 13 token types");
  EXPECT_EQ(errorOf([] { Tokenizer tokenizer(TokenizerParts{}); }), ": the vocabulary is empty");
  EXPECT_EQ(errorOf([] { Tokenizer(byteLevelParts()).decode({14}); }), "token 14 is outside the vocabulary of 14");
  EXPECT_EQ(errorOf([] { Tokenizer(byteLevelParts()).decode({-1}); }), "token -1 is outside the vocabulary of 14");
}

// One piece of a million characters: merging must not be quadratic.
TEST(Tokenizer, longPieces) {
  Tokenizer tokenizer(byteLevelParts());
  std::string text;
  for (int i = 0; i < 250000; ++i)
    text += "abab";
  EXPECT_EQ(tokenizer.encode(text).size(), 500000u);
}

TEST(Tokenizer, ggufKeys) {
  GgufBuilder builder;
  builder.string("tokenizer.ggml.model", "gpt2");
  builder.string("tokenizer.ggml.pre", "llama-bpe");
  builder.strings("tokenizer.ggml.tokens", {"<s>", "a", "b", "ab"});
  builder.numbers<int32_t>("tokenizer.ggml.token_type", 5, {3, 1, 1, 1});
  builder.strings("tokenizer.ggml.merges", {"a b"});
  builder.u32("tokenizer.ggml.bos_token_id", 0);
  builder.u32("tokenizer.ggml.eos_token_id", 0);
  TemporaryFolder folder;
  put(folder / "x.gguf", builder.file());
  Tokenizer tokenizer = Tokenizer::open(folder / "x.gguf");
  EXPECT_EQ(tokenizer.encode("ab"), (Ids{0, 3})); // this family begins with its begin token unless told otherwise
  EXPECT_TRUE(contains(errorOf([&] { tokenizer.applyChatTemplate({}); }), "has no chat template; give the whole text"));
  builder.boolean("tokenizer.ggml.add_bos_token", false);
  put(folder / "x.gguf", builder.file());
  EXPECT_EQ(Tokenizer::open(folder / "x.gguf").encode("ab"), Ids{3});
  GgufBuilder other;
  other.string("tokenizer.ggml.model", "bert");
  put(folder / "x.gguf", other.file());
  EXPECT_TRUE(contains(errorOf([&] { Tokenizer::open(folder / "x.gguf"); }),
                       "is of kind \"bert\"; supported are gpt2 (byte-level) and llama (SentencePiece)"));
  put(folder / "x.gguf", GgufBuilder().file());
  EXPECT_TRUE(contains(errorOf([&] { Tokenizer::open(folder / "x.gguf"); }), "holds no tokenizer"));
}

// The ids wanted were made by an independent implementation from the same vocabulary.
TEST(Tokenizer, smolLm2) {
  TP_NEEDS_SMOLLM2(path);
  Tokenizer tokenizer = Tokenizer::open(path);
  EXPECT_EQ(tokenizer.vocabularySize(), 49152);
  EXPECT_EQ(tokenizer.ends(), Ids{2});
  EXPECT_FALSE(tokenizer.addsBos());
  auto check = [&](const std::string &text, const Ids &wanted) {
    EXPECT_EQ(tokenizer.encode(text), wanted) << text;
    EXPECT_EQ(tokenizer.decode(wanted, true), text);
  };
  check("The capital of France is", {504, 3575, 282, 4649, 314});
  check("Hello world 123", {19556, 905, 216, 33, 34, 35});
  check(" I'm you'll THEY'VE  two\n\nlines\t\tx",
        {339, 5248, 346, 3060, 6462, 73, 23, 18525, 216, 827, 198, 198, 5110, 197, 197, 104});
  check("3.14 ½ ٣٤ 2024", {35, 30, 33, 36, 216, 16738, 216, 164, 113, 164, 114, 216, 34, 32, 34, 36});
  check("naïve café 日本語 😀👨‍👩‍👧",
        {3546, 46494, 37366, 17097, 241,   115, 40993, 179, 120, 248,   40303, 218, 10813,
         235,  118,   321,   231,   10813, 235, 119,   321, 231, 10813, 235,   117});
  check("<|im_start|>user\nHi<|im_end|>\n", {1, 4093, 198, 26843, 2, 198});
  check("def f(x):\n    return x+1", {1604, 275, 24, 104, 727, 472, 1003, 1792, 27, 33});
  EXPECT_EQ(tokenizer.applyChatTemplate({{"user", "Hi"}}),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

} // namespace
} // namespace tp
