// The tokenizer.* keys of a GGUF file. What a key that is missing means depends on the kind of tokenizer and on the
// name of its pre-tokenizer; those conventions are stated here once.
#include "tp/Support/Error.h"
#include "tp/Support/Gguf.h"
#include "tp/Support/Tokenizer.h"

#include <algorithm>

namespace tp {

static TokenKind kindOf(int64_t type, const std::string &what) {
  switch (type) {
  case 1:
    return TokenKind::Normal;
  case 2:
    return TokenKind::Unknown;
  case 3:
    return TokenKind::Control;
  case 4:
    return TokenKind::UserDefined;
  case 5:
    return TokenKind::Unused;
  case 6:
    return TokenKind::Byte;
  default:
    throw Error(what + ": token type " + std::to_string(type) + " is unknown; known are 1 to 6");
  }
}

static bool isOneOf(const std::string &text, std::initializer_list<const char *> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

TokenizerParts readGgufTokenizer(const GgufFile &file) {
  TokenizerParts parts;
  parts.what = "tokenizer of \"" + file.file().path() + "\"";
  if (!file.has("tokenizer.ggml.model"))
    throw Error("\"" + file.file().path() + "\" holds no tokenizer (no key tokenizer.ggml.model)");
  std::string model = file.stringAt("tokenizer.ggml.model");
  if (model != "gpt2" && model != "llama")
    throw Error(parts.what + " is of kind \"" + model + "\"; supported are gpt2 (byte-level) and llama (SentencePiece)");
  for (std::string_view token : file.stringsAt("tokenizer.ggml.tokens"))
    parts.tokens.push_back(token);
  if (file.has("tokenizer.ggml.token_type"))
    for (int64_t type : file.intsAt("tokenizer.ggml.token_type"))
      parts.kinds.push_back(kindOf(type, parts.what));

  std::string pre = file.stringAt("tokenizer.ggml.pre", "default");
  bool isLlama3 = isOneOf(pre, {"llama-bpe", "llama3", "llama-v3", "falcon3"});
  if (model == "gpt2") {
    parts.splits = splitsOfGguf(pre);
    parts.ignoreMerges = isLlama3;
    for (std::string_view merge : file.stringsAt("tokenizer.ggml.merges")) {
      size_t space = merge.find(' ', 1); // a space itself is written as another character
      if (space == std::string_view::npos)
        throw Error(parts.what + ": merge \"" + std::string(merge) + "\" is not of the form \"LEFT RIGHT\"");
      parts.merges.push_back({merge.substr(0, space), merge.substr(space + 1)});
    }
  } else {
    parts.byteLevel = false;
    parts.byteFallback = true;
    parts.scores = file.numbersAt("tokenizer.ggml.scores");
    bool addsSpace = file.boolAt("tokenizer.ggml.add_space_prefix", true);
    parts.prefixSpace = addsSpace ? TokenizerParts::PrefixSpace::Every : TokenizerParts::PrefixSpace::Never;
    parts.prefixUnlessSpace = false;
    parts.stripFirstSpace = addsSpace;
  }
  for (size_t id = 0; id < parts.kinds.size() && id < parts.tokens.size(); ++id)
    if (parts.kinds[id] == TokenKind::Control || parts.kinds[id] == TokenKind::UserDefined)
      parts.added.push_back({std::string(parts.tokens[id]), static_cast<int32_t>(id), false, false, false});

  // 2^32-1 is what some writers put for "none".
  auto idAt = [&](const std::string &key) {
    int64_t id = file.intAt(key, -1);
    return id == 0xffffffff ? -1 : id;
  };
  bool isSentencePiece = model == "llama";
  // A byte-level vocabulary that lacks a byte leaves it out, whatever the file calls its unknown token.
  if (isSentencePiece)
    parts.unknown = file.has("tokenizer.ggml.unknown_token_id") ? idAt("tokenizer.ggml.unknown_token_id") : 0;
  parts.bos = isSentencePiece && !file.has("tokenizer.ggml.bos_token_id") ? 1 : idAt("tokenizer.ggml.bos_token_id");
  int64_t eos = isSentencePiece && !file.has("tokenizer.ggml.eos_token_id") ? 2 : idAt("tokenizer.ggml.eos_token_id");
  for (int64_t id : {eos, idAt("tokenizer.ggml.eot_token_id"), idAt("tokenizer.ggml.eom_token_id")})
    if (id >= 0 && std::find(parts.ends.begin(), parts.ends.end(), id) == parts.ends.end())
      parts.ends.push_back(static_cast<int32_t>(std::min<int64_t>(id, INT32_MAX)));
  if (file.boolAt("tokenizer.ggml.add_bos_token", isSentencePiece || isLlama3) && parts.bos >= 0)
    parts.before.push_back(static_cast<int32_t>(std::min<int64_t>(parts.bos, INT32_MAX)));
  if (file.boolAt("tokenizer.ggml.add_eos_token", false) && eos >= 0)
    parts.after.push_back(static_cast<int32_t>(std::min<int64_t>(eos, INT32_MAX)));
  parts.chatTemplate = file.stringAt("tokenizer.chat_template", "");
  return parts;
}

} // namespace tp
