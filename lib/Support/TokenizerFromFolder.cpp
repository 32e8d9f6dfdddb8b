// A Hugging Face tokenizer.json is a small program: normalizer, pre-tokenizer, model, post-processor, decoder, each a
// tree of named steps. Every step is either understood here or refused by name; none is skipped. "truncation" and "padding"
// are no steps: how long a text may be is the module's matter.
#include "tp/Support/Error.h"
#include "tp/Support/Json.h"
#include "tp/Support/MappedFile.h"
#include "tp/Support/Tokenizer.h"

#include <algorithm>
#include <filesystem>

namespace tp {

namespace {
using PrefixSpace = TokenizerParts::PrefixSpace;

// Ids above this are not those of a vocabulary but of a damaged file, nor are those that leave many more unused.
constexpr int64_t mostTokens = 1 << 24, mostUnused = 1 << 16;

struct FolderReader {
  const std::string folder;
  TokenizerParts parts;
  SortedJson json;
  std::string what;
  /// By id; they come in any order.
  std::vector<std::string> tokens;

  std::string pathOf(const std::string &name) const { return (std::filesystem::path(folder) / name).string(); }
  bool exists(const std::string &name) const {
    std::error_code ignored;
    return std::filesystem::exists(pathOf(name), ignored);
  }
  [[noreturn]] void fail(const std::string &message) const { throw Error(what + ": " + message); }

  // The steps of `part` ("normalizer", ...): itself, or the list inside a Sequence; nested ones flattened.
  std::vector<const SortedJson *> stepsOf(const char *part, const char *listKey) const {
    std::vector<const SortedJson *> steps;
    const SortedJson *root = findKey(json, part);
    if (!root)
      return steps;
    std::vector<const SortedJson *> open = {root};
    while (!open.empty()) {
      const SortedJson *step = open.back();
      open.pop_back();
      if (stringAt(*step, "type", what + ": " + part) != "Sequence") {
        steps.push_back(step);
        continue;
      }
      const SortedJson &list = arrayAt(*step, listKey, what + ": " + part);
      for (size_t i = list.size(); i-- > 0;)
        open.push_back(&list[i]);
    }
    return steps;
  }

  void setToken(int64_t id, const std::string &text, TokenKind kind) {
    if (id < 0 || id >= mostTokens)
      fail("token \"" + text + "\" has id " + std::to_string(id) + ", needs 0 to " + std::to_string(mostTokens - 1));
    const SortedJson *added = findKey(json, "added_tokens");
    size_t named = json["model"]["vocab"].size() + (added ? added->size() : 0);
    if (static_cast<size_t>(id) >= named + mostUnused)
      fail("token \"" + text + "\" has id " + std::to_string(id) + ", but only " + std::to_string(named) + " tokens are named");
    auto index = static_cast<size_t>(id);
    if (index >= tokens.size()) {
      tokens.resize(index + 1);
      parts.kinds.resize(index + 1, TokenKind::Unused);
    }
    tokens[index] = text;
    parts.kinds[index] = kind;
  }

  int64_t idOf(const std::string &text) const {
    for (const TokenizerParts::Added &added : parts.added)
      if (added.text == text)
        return added.id;
    const SortedJson *id = findKey(json["model"]["vocab"], text);
    return id ? asInt(*id, text, what) : -1;
  }

  void readVocabulary(const SortedJson &model) {
    for (const auto &[text, id] : objectAt(model, "vocab", what + ": model").items())
      setToken(asInt(id, text, what + ": vocab"), text, TokenKind::Normal);
  }

  // Its normalizer and pre-tokenizer must be BERT's own: there are no others that tp knows for it.
  void readWordPiece(const SortedJson &model) {
    readVocabulary(model);
    std::string place = what + ": model", unknown = stringAt(model, "unk_token", place, "[UNK]");
    parts.unknown = idOf(unknown);
    if (parts.unknown < 0)
      fail("the unknown token \"" + unknown + "\" is none of the vocabulary");
    WordPieceParts &pieces = parts.wordPiece.emplace();
    pieces.prefix = stringAt(model, "continuing_subword_prefix", place, "##");
    pieces.longestWord = intAt(model, "max_input_chars_per_word", place, 100);
    auto needStep = [&](const char *part, const char *listKey, const std::string &type) -> const SortedJson & {
      std::vector<const SortedJson *> steps = stepsOf(part, listKey);
      if (steps.size() != 1 || stringAt(*steps[0], "type", what) != type)
        fail(std::string("WordPiece with another ") + part + " than " + type + " is not supported");
      return *steps[0];
    };
    const SortedJson &normalizer = needStep("normalizer", "normalizers", "BertNormalizer");
    place = what + ": normalizer";
    pieces.cleanText = boolAt(normalizer, "clean_text", place, true);
    pieces.splitChinese = boolAt(normalizer, "handle_chinese_chars", place, true);
    pieces.lowerCase = boolAt(normalizer, "lowercase", place, true);
    pieces.stripAccents = boolAt(normalizer, "strip_accents", place, pieces.lowerCase);
    needStep("pre_tokenizer", "pretokenizers", "BertPreTokenizer");
  }

  void readModel() {
    const SortedJson &model = objectAt(json, "model", what);
    std::string type = stringAt(model, "type", what + ": model", model.contains("merges") ? "BPE" : "");
    if (type == "WordPiece")
      return readWordPiece(model);
    if (type != "BPE")
      fail("the tokenizer is of kind \"" + type + "\"; supported are BPE and WordPiece");
    for (const char *key : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (!stringAt(model, key, what + ": model", "").empty())
        fail("model." + std::string(key) + " is \"" + stringAt(model, key, what) + "\"; only \"\" is supported");
    parts.byteFallback = boolAt(model, "byte_fallback", what + ": model", false);
    parts.ignoreMerges = boolAt(model, "ignore_merges", what + ": model", false);
    readVocabulary(model);
    for (const SortedJson &merge : arrayAt(model, "merges", what + ": model")) {
      if (merge.is_array() && merge.size() == 2) {
        parts.merges.push_back({asString(merge[0], "merges", what), asString(merge[1], "merges", what)});
        continue;
      }
      const std::string &text = asString(merge, "merges", what + ": model");
      size_t space = text.find(' ', 1);
      if (space == std::string::npos)
        fail("merge \"" + text + "\" is not of the form \"LEFT RIGHT\"");
      std::string_view pair = text;
      parts.merges.push_back({pair.substr(0, space), pair.substr(space + 1)});
    }
    if (const SortedJson *unknown = findKey(model, "unk_token"))
      parts.unknown = idOf(asString(*unknown, "unk_token", what));
  }

  void readAddedTokens() {
    if (!findKey(json, "added_tokens"))
      return;
    for (const SortedJson &token : arrayAt(json, "added_tokens", what)) {
      TokenizerParts::Added added;
      std::string place = what + ": added_tokens";
      added.text = stringAt(token, "content", place);
      int64_t id = intAt(token, "id", place);
      setToken(id, added.text, boolAt(token, "special", place, false) ? TokenKind::Control : TokenKind::UserDefined);
      added.id = static_cast<int32_t>(id);
      added.stripLeft = boolAt(token, "lstrip", place, false);
      added.stripRight = boolAt(token, "rstrip", place, false);
      added.singleWord = boolAt(token, "single_word", place, false);
      parts.added.push_back(added);
    }
  }

  void readNormalizer() {
    if (parts.wordPiece)
      return;
    for (const SortedJson *step : stepsOf("normalizer", "normalizers")) {
      std::string type = stringAt(*step, "type", what);
      if (type == "NFC") {
        parts.composeCharacters = true;
      } else if (type == "Prepend" && stringAt(*step, "prepend", what) == spaceMark) {
        parts.prefixSpace = PrefixSpace::Every;
        parts.prefixUnlessSpace = false;
      } else if (type == "Replace" && step->contains("pattern") && (*step)["pattern"].contains("String") &&
                 (*step)["pattern"]["String"] == " " && stringAt(*step, "content", what) == spaceMark) {
        // what vocabularies that are not byte-level do anyway
      } else {
        fail("normalizer step " + step->dump(-1, ' ', false, SortedJson::error_handler_t::replace).substr(0, 200) +
             " is not supported; supported are NFC, Prepend U+2581 and Replace \" \" by U+2581");
      }
    }
  }

  void readPreTokenizer() {
    if (parts.wordPiece)
      return;
    for (const SortedJson *step : stepsOf("pre_tokenizer", "pretokenizers")) {
      std::string type = stringAt(*step, "type", what), place = what + ": pre_tokenizer";
      if (type == "ByteLevel") {
        parts.byteLevel = true;
        if (boolAt(*step, "add_prefix_space", place, true))
          parts.prefixSpace = PrefixSpace::Every;
        if (boolAt(*step, "use_regex", place, true))
          parts.splits.push_back(Split::Gpt2);
      } else if (type == "Digits") {
        parts.splits.push_back(boolAt(*step, "individual_digits", place, false) ? Split::EachDigit : Split::DigitRuns);
      } else if (type == "Split") {
        const SortedJson &pattern = objectAt(*step, "pattern", place);
        std::string regex = stringAt(pattern, "Regex", place, stringAt(pattern, "String", place, ""));
        std::optional<Split> split = splitOfPattern(regex);
        std::string behavior = stringAt(*step, "behavior", place, "Isolated");
        bool isIsolated = behavior == "Isolated" && !boolAt(*step, "invert", place, false);
        bool isInverted = behavior == "Removed" && boolAt(*step, "invert", place, false);
        // The known expressions match everything, so keeping the matches is the same as cutting around them.
        bool coversAll = split == Split::Gpt2 || split == Split::Llama3 || split == Split::Qwen2;
        if (!pattern.contains("Regex") || !split || !(isIsolated || (isInverted && coversAll)))
          fail("pre-tokenizer splits by the expression \"" + regex + "\" (" + behavior +
               "), which is not known; known are those of GPT-2, Llama 3, Qwen 2 and single digits");
        parts.splits.push_back(*split);
      } else if (type == "Metaspace") {
        std::string scheme =
            stringAt(*step, "prepend_scheme", place, boolAt(*step, "add_prefix_space", place, true) ? "always" : "never");
        if (stringAt(*step, "replacement", place, std::string(spaceMark)) != spaceMark)
          fail("Metaspace replaces spaces by \"" + stringAt(*step, "replacement", place) + "\", needs U+2581");
        parts.prefixSpace = scheme == "always" ? PrefixSpace::Every : scheme == "first" ? PrefixSpace::First : PrefixSpace::Never;
        parts.splitAtSpaces = boolAt(*step, "split", place, true);
      } else {
        fail("pre-tokenizer step \"" + type + "\" is not supported; supported are ByteLevel, Digits, Split, Metaspace");
      }
    }
  }

  void readDecoder() {
    parts.stripFirstSpace = parts.wordPiece.has_value();
    for (const SortedJson *step : stepsOf("decoder", "decoders")) {
      std::string type = stringAt(*step, "type", what), place = what + ": decoder";
      if (type == "ByteLevel")
        parts.byteLevel = true;
      else if (type == "Strip" && intAt(*step, "start", place, 0) > 0)
        parts.stripFirstSpace = true;
      else if (type == "Metaspace")
        parts.stripFirstSpace =
            stringAt(*step, "prepend_scheme", place, "always") != "never" && boolAt(*step, "add_prefix_space", place, true);
    }
  }

  // The tokens that a TemplateProcessing puts around one text.
  void readTemplate(const SortedJson &step, const std::string &place) {
    bool sawText = false;
    for (const SortedJson &piece : arrayAt(step, "single", place)) {
      if (piece.contains("Sequence")) {
        sawText = true;
        continue;
      }
      std::string name = stringAt(objectAt(piece, "SpecialToken", place), "id", place);
      const SortedJson &token = objectAt(objectAt(step, "special_tokens", place), name, place);
      for (int64_t id : intsAt(token, "ids", place))
        addAround(id, sawText);
    }
  }

  void addAround(int64_t id, bool isAfter) {
    if (id < 0 || id >= mostTokens)
      fail("post_processor adds token " + std::to_string(id) + ", which is none");
    (isAfter ? parts.after : parts.before).push_back(static_cast<int32_t>(id));
  }

  void readPostProcessor() {
    for (const SortedJson *step : stepsOf("post_processor", "processors")) {
      std::string type = stringAt(*step, "type", what), place = what + ": post_processor";
      if (type == "TemplateProcessing") {
        readTemplate(*step, place);
      } else if (type == "RobertaProcessing" || type == "BertProcessing") {
        const SortedJson &begin = arrayAt(*step, "cls", place), &end = arrayAt(*step, "sep", place);
        if (begin.size() != 2 || end.size() != 2)
          fail("post_processor: cls and sep are not of the form [text, id]");
        addAround(asInt(begin[1], "cls", place), false);
        addAround(asInt(end[1], "sep", place), true);
      } else if (type != "ByteLevel") { // that one only moves offsets
        fail("post-processor step \"" + type +
             "\" is not supported; supported are TemplateProcessing, ByteLevel, "
             "RobertaProcessing, BertProcessing");
      }
    }
  }

  // A token in a configuration: its text, or an object with the key "content".
  int64_t tokenAt(const Json &config, const char *key, const std::string &place) const {
    const Json *value = findKey(config, key);
    if (!value)
      return -1;
    return idOf(value->is_object() ? stringAt(*value, "content", place) : asString(*value, key, place));
  }

  // "eos_token_id": one id or a list of them.
  void readEnds(const Json &config, const std::string &place) {
    const Json *value = findKey(config, "eos_token_id");
    if (!value || !parts.ends.empty())
      return;
    std::vector<int64_t> ids;
    if (value->is_array())
      ids = intsAt(config, "eos_token_id", place);
    else
      ids.push_back(asInt(*value, "eos_token_id", place));
    for (int64_t id : ids)
      if (id >= 0 && id < static_cast<int64_t>(tokens.size()))
        parts.ends.push_back(static_cast<int32_t>(id));
  }

  void readConfigurations() {
    int64_t endOfTokenizer = -1;
    if (exists("tokenizer_config.json")) {
      std::string place = pathOf("tokenizer_config.json");
      Json config = readJson(place);
      parts.bos = tokenAt(config, "bos_token", place);
      endOfTokenizer = tokenAt(config, "eos_token", place);
      if (const Json *value = findKey(config, "chat_template")) {
        if (value->is_string())
          parts.chatTemplate = value->get<std::string>();
        else if (value->is_array())
          for (const Json &entry : *value)
            if (stringAt(entry, "name", place) == "default")
              parts.chatTemplate = stringAt(entry, "template", place);
      }
    }
    if (parts.chatTemplate.empty() && exists("chat_template.jinja"))
      parts.chatTemplate = std::string(MappedFile(pathOf("chat_template.jinja")).text());
    for (const char *name : {"generation_config.json", "config.json"}) {
      if (!exists(name))
        continue;
      Json config = readJson(pathOf(name));
      readEnds(config, pathOf(name));
      if (const Json *bos = findKey(config, "bos_token_id"); bos && parts.bos < 0 && bos->is_number_integer()) {
        int64_t id = asInt(*bos, "bos_token_id", pathOf(name));
        if (id >= 0 && id < static_cast<int64_t>(tokens.size()))
          parts.bos = id;
      }
    }
    // What the tokenizer calls the end counts too: for chat models it is the end of a turn.
    if (endOfTokenizer >= 0 && std::find(parts.ends.begin(), parts.ends.end(), endOfTokenizer) == parts.ends.end())
      parts.ends.push_back(static_cast<int32_t>(endOfTokenizer));
  }
};
} // namespace

TokenizerParts readFolderTokenizer(const std::string &folder) {
  FolderReader reader{folder, {}, {}, {}, {}};
  reader.what = reader.pathOf("tokenizer.json");
  if (!reader.exists("tokenizer.json") && reader.exists("vocab.txt"))
    return readWordPieceVocabulary(folder);
  if (!reader.exists("tokenizer.json"))
    throw Error("folder \"" + folder + "\" holds no tokenizer.json" +
                (reader.exists("tokenizer.model") ? "; there is tokenizer.model, which has to be converted: save the "
                                                    "tokenizer with transformers' fast tokenizer"
                                                  : ""));
  {
    MappedFile file(reader.what);
    reader.json = parseSortedJson(file.text(), reader.what);
  }
  reader.parts.what = "tokenizer \"" + reader.what + "\"";
  reader.parts.byteLevel = false;
  reader.readModel();
  reader.readAddedTokens();
  reader.readNormalizer();
  reader.readPreTokenizer();
  reader.readDecoder();
  reader.readPostProcessor();
  reader.readConfigurations();
  for (const std::string &token : reader.tokens)
    reader.parts.tokens.push_back(token);
  return std::move(reader.parts);
}

} // namespace tp
