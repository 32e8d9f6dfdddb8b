// The older form of BERT's tokenizers: vocab.txt holds a token a line, its number is its id, and tokenizer_config.json says how
// texts are normalised and what the special tokens are called.
#include "tp/Support/Error.h"
#include "tp/Support/Json.h"
#include "tp/Support/MappedFile.h"
#include "tp/Support/Tokenizer.h"

#include <algorithm>
#include <filesystem>

namespace tp {

TokenizerParts readWordPieceVocabulary(const std::string &folder) {
  std::filesystem::path path = std::filesystem::path(folder) / "vocab.txt";
  TokenizerParts parts;
  parts.what = "tokenizer \"" + path.string() + "\"";
  parts.byteLevel = false;
  parts.stripFirstSpace = true;
  MappedFile file(path.string());
  for (std::string_view rest = file.text(); !rest.empty();) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    parts.tokens.push_back(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
  }
  parts.kinds.assign(parts.tokens.size(), TokenKind::Normal);

  std::filesystem::path configPath = std::filesystem::path(folder) / "tokenizer_config.json";
  std::string what = configPath.string();
  Json config = std::filesystem::exists(configPath) ? readJson(what) : Json::object();
  WordPieceParts &pieces = parts.wordPiece.emplace();
  pieces.lowerCase = boolAt(config, "do_lower_case", what, true);
  pieces.stripAccents = boolAt(config, "strip_accents", what, pieces.lowerCase);
  pieces.splitChinese = boolAt(config, "tokenize_chinese_chars", what, true);

  auto special = [&](const char *key, const std::string &fallback) {
    const Json *value = findKey(config, key);
    std::string text = !value ? fallback : value->is_object() ? stringAt(*value, "content", what) : asString(*value, key, what);
    size_t id = 0;
    while (id < parts.tokens.size() && parts.tokens[id] != text)
      ++id;
    if (id == parts.tokens.size())
      throw Error(parts.what + ": the " + std::string(key) + " \"" + text + "\" is none of its " +
                  std::to_string(parts.tokens.size()) + " tokens");
    parts.kinds[id] = TokenKind::Control;
    parts.added.push_back({.text = text, .id = static_cast<int32_t>(id)});
    return static_cast<int32_t>(id);
  };
  parts.unknown = special("unk_token", "[UNK]");
  parts.before.push_back(special("cls_token", "[CLS]"));
  parts.after.push_back(special("sep_token", "[SEP]"));
  special("pad_token", "[PAD]");
  special("mask_token", "[MASK]");
  return parts;
}

} // namespace tp
