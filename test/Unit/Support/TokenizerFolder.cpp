// tokenizer.json: every step is understood or refused by name.
#include "tp/Support/Json.h"
#include "tp/Support/Tokenizer.h"

#include "Expect.h"
#include "Models.h"

namespace tp {
namespace {

using Ids = std::vector<int32_t>;

// A tokenizer.json with the keys of `changes` in place of the usual ones.
std::string tokenizerJson(const std::string &changes = "{}") {
  Json json = parseJson(R"({
    "added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 7, "content": "<tool>", "special": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Digits", "individual_digits": true},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"<s>": 0, "a": 1, "b": 2, "ab": 3, "1": 4, "2": 5, "12": 6},
              "merges": ["a b", ["1", "2"]]}})",
                        "base");
  json.merge_patch(parseJson(changes, "changes"));
  return printJson(json);
}

std::string errorOfOpening(const std::string &json) {
  TemporaryFolder folder;
  put(folder / "tokenizer.json", json);
  return errorOf([&] { Tokenizer::open(folder.path.string()); });
}

TEST(TokenizerFolder, readsEveryPart) {
  TemporaryFolder folder;
  put(folder / "tokenizer.json", tokenizerJson());
  put(folder / "tokenizer_config.json",
      R"({"bos_token": {"content": "<s>"}, "eos_token": "<tool>", "chat_template": "{{ '<|im_start|>' }} <|im_end|>"})");
  put(folder / "config.json", R"({"eos_token_id": [3, 5], "bos_token_id": 1})");
  Tokenizer tokenizer = Tokenizer::open(folder.path.string());
  EXPECT_EQ(tokenizer.vocabularySize(), 8);
  EXPECT_EQ(tokenizer.encode("ab12<tool>b"), (Ids{0, 3, 4, 5, 7, 2})); // digits are single in spite of the merge
  EXPECT_EQ(tokenizer.encode("ab", false), Ids{3});
  EXPECT_EQ(tokenizer.decode({0, 3, 7}), "ab<tool>"); // an added token that is not special is text
  EXPECT_EQ(tokenizer.bos(), 0);
  EXPECT_TRUE(tokenizer.addsBos());
  EXPECT_EQ(tokenizer.ends(), (Ids{3, 5, 7}));
  EXPECT_EQ(tokenizer.applyChatTemplate({{"user", "a"}}), "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n");
}

TEST(TokenizerFolder, generationConfigSaysWhereToEnd) {
  TemporaryFolder folder;
  put(folder / "tokenizer.json", tokenizerJson());
  put(folder / "generation_config.json", R"({"eos_token_id": 5})");
  put(folder / "config.json", R"({"eos_token_id": 3})");
  EXPECT_EQ(Tokenizer::open(folder.path.string()).ends(), Ids{5});
}

TEST(TokenizerFolder, unknownStepsAreRefusedByName) {
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"model": {"type": "Unigram"}})")),
                       "the tokenizer is of kind \"Unigram\"; supported are BPE and WordPiece"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"normalizer": {"type": "Lowercase"}})")),
                       "normalizer step {\"type\":\"Lowercase\"} is not supported"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"pre_tokenizer": {"pretokenizers": [{"type": "Whitespace"}]}})")),
                       "pre-tokenizer step \"Whitespace\" is not supported"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(
                           R"({"pre_tokenizer": {"pretokenizers": [{"type": "Split", "pattern": {"Regex": "[a-z]+"},
                               "behavior": "Isolated", "invert": false}]}})")),
                       "splits by the expression \"[a-z]+\" (Isolated), which is not known"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"post_processor": {"type": "Magic"}})")),
                       "post-processor step \"Magic\" is not supported"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"model": {"end_of_word_suffix": "</w>"}})")),
                       "model.end_of_word_suffix is \"</w>\"; only \"\" is supported"));
}

TEST(TokenizerFolder, damagedFiles) {
  EXPECT_TRUE(contains(errorOfOpening("{"), "tokenizer.json:1:2: not JSON"));
  EXPECT_TRUE(contains(errorOfOpening("{}"), "\"model\" is missing"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"model": {"vocab": {"x": 1152921504606846976}}})")),
                       "token \"x\" has id 1152921504606846976, needs 0 to 16777215"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"model": {"vocab": {"x": -1}}})")), "token \"x\" has id -1"));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"model": {"merges": ["ab"]}})")), "not of the form \"LEFT RIGHT\""));
  EXPECT_TRUE(contains(errorOfOpening(tokenizerJson(R"({"model": {"merges": ["a x"]}})")), "or the result are no tokens"));
  TemporaryFolder folder;
  EXPECT_TRUE(contains(errorOf([&] { Tokenizer::open(folder.path.string()); }), "holds no tokenizer.json"));
}

} // namespace
} // namespace tp
