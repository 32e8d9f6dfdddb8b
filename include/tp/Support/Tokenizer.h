// Texts to token ids and back: byte-pair and WordPiece tokenizers as GGUF files and Hugging Face folders carry them.
//
// WordPiece (BERT) cuts a text into words and each word into its longest known beginnings. Of byte-pair tokenizers there are two
// alphabets and two merging orders, and they combine freely. Byte-level vocabularies (GPT-2, Llama 3,
// SmolLM2, Qwen) merge bytes; the others (Llama 2, SentencePiece) merge characters, write a space as U+2581, and fall
// back to one token per byte. A merge is chosen by its rank in a list, or by the score of the token that it makes.
#pragma once
#include "tp/Support/PreTokenizer.h"
#include "tp/Support/Texts.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

class GgufFile;

enum class TokenKind : uint8_t { Normal, Unknown, Control, UserDefined, Unused, Byte };

/// What BERT does to a text before it is cut into words, and how a word is cut.
struct WordPieceParts {
  /// Control characters go, white space becomes spaces.
  bool cleanText = true;
  /// Every Chinese character is a word of its own.
  bool splitChinese = true;
  bool stripAccents = true, lowerCase = true;
  /// What a piece that goes on within a word begins with.
  std::string prefix = "##";
  /// A word of more characters is the unknown token.
  int64_t longestWord = 100;
};

/// The words of `text`, punctuation each by itself.
std::vector<std::string> wordsOf(std::string_view text, const WordPieceParts &parts);

/// What vocabularies that are not byte-level write for a space: U+2581.
inline constexpr std::string_view spaceMark = "\xe2\x96\x81";
/// `text` with every `from`, which is not empty, replaced.
std::string replaceAll(std::string_view text, std::string_view from, std::string_view to);
/// Appends the bytes that `text` in GPT-2's printable alphabet stands for; false if a character is not of the alphabet.
bool appendFromByteAlphabet(std::string_view text, std::string &bytes);

/// Everything a tokenizer is made of, as plain data; the loaders fill it in.
struct TokenizerParts {
  /// By id, as the file writes them: byte-level tokens in GPT-2's printable alphabet, others with U+2581 for a space.
  Texts tokens;
  /// Empty: all Normal.
  std::vector<TokenKind> kinds;
  bool byteLevel = true;
  /// Merges in order of rank. Empty where `scores` decide.
  TextPairs merges;
  std::vector<double> scores;
  /// A piece that is a token is taken as it is, whatever the merges say.
  bool ignoreMerges = false;
  /// Characters that are no token become tokens like <0xE2>.
  bool byteFallback = false;
  /// Texts are brought to Unicode's composed form (NFC) first.
  bool composeCharacters = false;
  /// A WordPiece tokenizer: of what follows, only special tokens matter.
  std::optional<WordPieceParts> wordPiece;
  std::vector<Split> splits;
  /// Pieces begin at U+2581 (not byte-level only).
  bool splitAtSpaces = false;
  /// Where a space is put before the text: never, at its beginning, or after each special token too; and whether only
  /// where there is none.
  enum class PrefixSpace { Never, First, Every } prefixSpace = PrefixSpace::Never;
  bool prefixUnlessSpace = true;
  /// `decode` drops the space that the text begins with.
  bool stripFirstSpace = false;

  /// Tokens that are recognised in a text before anything else.
  struct Added {
    std::string text;
    int32_t id = 0;
    bool stripLeft = false, stripRight = false, singleWord = false;
  };
  std::vector<Added> added;
  int64_t unknown = -1;
  /// Put before and after every text that `encode` gets.
  std::vector<int32_t> before, after;
  int64_t bos = -1;
  /// Tokens that end a generated text.
  std::vector<int32_t> ends;
  /// Jinja text, "" if there is none.
  std::string chatTemplate;
  /// Names the source in errors.
  std::string what;
};

/// Read from the `tokenizer.*` keys of a GGUF file. Throws Error.
TokenizerParts readGgufTokenizer(const GgufFile &file);
/// Read from tokenizer.json, tokenizer_config.json, generation_config.json and config.json of a Hugging Face folder;
/// only the first must be there, or BERT's vocab.txt. Throws Error for parts that are not known.
TokenizerParts readFolderTokenizer(const std::string &folder);

/// Read from BERT's vocab.txt, a token a line, and tokenizer_config.json where there is one. Throws Error.
TokenizerParts readWordPieceVocabulary(const std::string &folder);

struct ChatMessage {
  std::string role; // "system", "user", "assistant"
  std::string content;
};

/// What tokens mean: all that is needed of a tokenizer once the texts have been encoded.
class Vocabulary {
public:
  int64_t vocabularySize() const { return static_cast<int64_t>(texts.size()); }
  /// The text of `ids`. Bytes that are no UTF-8 become U+FFFD. Control tokens are left out unless `keepSpecial`.
  /// Throws Error for an id outside the vocabulary.
  std::string decode(const std::vector<int32_t> &ids, bool keepSpecial = false) const;
  /// The bytes that one token stands for, which need not be whole characters.
  std::string bytesOf(int32_t id) const;
  bool isSpecial(int32_t id) const;

protected:
  /// Takes the tokens and their kinds out of `parts`, which fit together. Of a byte-level vocabulary: which tokens are not of
  /// its alphabet, and so never the result of a merge.
  std::vector<bool> take(TokenizerParts &parts);
  /// Whether the token is its text, whatever it looks like.
  bool isLiteral(size_t id) const;
  /// The byte that a token like <0xE2> stands for; -1 for other tokens.
  int byteOf(size_t id) const;

  /// What pieces are matched against, by id: bytes for byte-level vocabularies, else texts as the file writes them.
  Texts texts;
  std::vector<TokenKind> kinds;

private:
  void check(int32_t id) const;
  bool byteLevel = true, byteFallback = false, stripFirstSpace = false;
  /// What a piece that goes on within a word begins with; only WordPiece has it.
  std::optional<std::string> wordPrefix;
};

class Tokenizer : public Vocabulary {
public:
  /// Throws Error if the parts do not fit together.
  explicit Tokenizer(TokenizerParts parts);
  /// `path`: a .gguf file or a Hugging Face folder.
  static Tokenizer open(const std::string &path);

  /// -1 if there is none.
  int64_t bos() const { return parts.bos; }
  bool addsBos() const { return !parts.before.empty() && parts.before[0] == parts.bos; }
  const std::vector<int32_t> &ends() const { return parts.ends; }
  bool isEnd(int32_t id) const;

  /// The ids of `text`, special tokens in it recognised. `addSpecial`: with the tokens that the model wants before and
  /// after every text; false for what `applyChatTemplate` returns, which contains them.
  std::vector<int32_t> encode(std::string_view text, bool addSpecial = true) const;

  /// The text that the model's chat template makes of `messages`, up to where the assistant's answer begins. Throws
  /// Error if the model has no template, or one of a family that is not known.
  std::string applyChatTemplate(const std::vector<ChatMessage> &messages) const;

private:
  /// Two tokens and the one that they become.
  struct Merge {
    int32_t left, right, result;
  };
  struct Symbol;
  int32_t find(std::string_view text) const;
  /// The rank of a merge, or -1.
  int32_t findMerge(int32_t left, int32_t right) const;
  void checkParts() const;
  void buildIndex(const std::vector<bool> &foreign);
  void buildMerges();
  bool mergeOf(const Symbol &left, const Symbol &right, std::string_view piece, double &order, int32_t &result) const;
  void encodeSegment(std::string_view segment, bool isFirst, std::vector<int32_t> &ids) const;
  void encodePiece(std::string_view piece, std::vector<int32_t> &ids) const;
  void encodeWord(const std::string &word, std::vector<int32_t> &ids) const;
  const TokenizerParts::Added *addedAt(std::string_view text, size_t at) const;

  /// Without its tokens, kinds and merges.
  TokenizerParts parts;
  /// The begin token as the file writes it.
  std::string bosText;
  /// Of equal texts the first counts.
  NumberTable idsByText;
  /// By rank, and where a pair of tokens is among them.
  std::vector<Merge> merges;
  NumberTable ranksByPair;
  std::array<int32_t, 256> byteTokens;
  /// Added tokens by first byte, the longest first.
  std::array<std::vector<const TokenizerParts::Added *>, 256> addedByByte;
  std::unique_ptr<std::vector<TokenizerParts::Added>> addedStorage;
};

/// Decodes a text as its tokens arrive: gives out whole characters only, and keeps the bytes of a begun one.
class TokenStream {
public:
  explicit TokenStream(const Vocabulary &vocabulary) : vocabulary(vocabulary) {}
  /// What can be printed after `id` has arrived; may be empty.
  std::string add(int32_t id);
  /// What is left: U+FFFD if a character was cut off.
  std::string finish();

private:
  const Vocabulary &vocabulary;
  std::string pending;
};

/// `messages` in the form of the Jinja text `chatTemplate`, which is recognised by its structure: the ChatML family
/// (SmolLM2, Qwen) with its default system prompt, and the Llama 3 family. `bosText` is put where the template has
/// bos_token. Throws Error for any other template, saying what is supported.
std::string formatChat(const std::string &chatTemplate, const std::string &bosText, const std::vector<ChatMessage> &messages);

} // namespace tp
