// An op's notes speak of ops of its own layer, of the one before and of the one behind. In the program they were made for, the layer
// behind `model` is `last`, and the one before `last` is `model`.
#include "LayerNotes.h"

#include "tp/Analysis/Where.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tp {

LayerNotes::LayerNotes(const EqualLayers &layers, const std::map<int64_t, std::vector<Outside>> &named, int64_t model,
                       int64_t last)
    : layers(layers), named(named), model(model), last(last) {
  llvm::StringSet<> known;
  auto addWord = [&](std::string word, Mention mention) {
    if (known.insert(word).second)
      words.push_back({std::move(word), mention});
  };
  for (int64_t period : {model, model - 1, last}) {
    for (int64_t offset = 0; offset < layers.length; ++offset) {
      Operation *op = layers.at(period, offset);
      addWord(describe(op), {Mention::Description, period, size_t(offset)});
      places.try_emplace(whereOf(op), Mention{Mention::Place, period, size_t(offset)});
      locations.try_emplace(LocationAttr(op->getLoc()), Mention{Mention::Place, period, size_t(offset)});
    }
    for (auto [slot, one] : llvm::enumerate(named.at(period)))
      addWord(nameOf(one), {Mention::Name, period, slot});
  }
  std::sort(words.begin(), words.end(), [](const auto &a, const auto &b) { return a.first.size() > b.first.size(); });
}

std::string LayerNotes::nameOf(Outside one) {
  if (auto symbol = dyn_cast<Attribute>(one))
    return "@" + cast<StringAttr>(symbol).getValue().str();
  return describe(cast<BlockArgument>(cast<Value>(one)));
}

// The ops of `model` speak for those of `period`; those behind them, of `last`, only learn which layer came before.
int64_t LayerNotes::periodFor(const Mention &mention, int64_t period) const {
  if (period == last)
    return mention.from == model ? last - 1 : mention.from;
  return mention.from == last ? period + 1 : period + (mention.from - model);
}

StringAttr LayerNotes::textOf(const std::vector<Piece> &pieces, int64_t period) const {
  std::string text;
  for (const Piece &piece : pieces) {
    if (!piece.mention) {
      text += piece.text;
      continue;
    }
    const Mention &mention = *piece.mention;
    const int64_t own = periodFor(mention, period);
    if (mention.kind == Mention::Name) {
      text += nameOf(named.at(own)[mention.at]);
      continue;
    }
    text += mention.kind == Mention::Description
                ? describe(layers.at(own, mention.at))
                : whereOf(layers.locationAt(own, mention.at), layers.function, layers.at(mention.from, mention.at)->getName());
  }
  return StringAttr::get(layers.function->getContext(), text);
}

std::vector<LayerNotes::Piece> LayerNotes::piecesOf(StringRef rest) const {
  std::vector<Piece> result;
  auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  std::string literal;
  while (!rest.empty()) {
    // "line 7" is not the beginning of "line 77", nor "w" the end of "new".
    auto begins = [&](const std::pair<std::string, Mention> &word) {
      return rest.starts_with(word.first) && (rest.size() == word.first.size() || !isWord(rest[word.first.size()]));
    };
    auto word = literal.empty() || !isWord(literal.back()) ? llvm::find_if(words, begins) : words.end();
    if (word == words.end()) {
      literal += rest.front();
      rest = rest.drop_front();
      continue;
    }
    result.push_back({std::exchange(literal, {}), std::nullopt});
    result.push_back({{}, word->second});
    rest = rest.drop_front(word->first.size());
  }
  result.push_back({literal, std::nullopt});
  return result;
}

LayerNotes::Notes LayerNotes::notesIn(DictionaryAttr attributes) const {
  Notes result;
  result.attributes.assign(attributes.begin(), attributes.end());
  for (auto [index, attribute] : llvm::enumerate(attributes)) {
    auto text = dyn_cast<StringAttr>(attribute.getValue());
    if (text && attribute.getName() == whyAttrName)
      result.texts.push_back({index, piecesOf(text)});
    if (text && attribute.getName() == whereAttrName)
      if (auto found = places.find(text.getValue()); found != places.end())
        result.texts.push_back({index, {{{}, found->second}}});
  }
  return result;
}

Location LayerNotes::locationOf(Operation *op, int64_t period) const {
  auto found = locations.find(LocationAttr(op->getLoc()));
  if (found == locations.end())
    return op->getLoc();
  const int64_t own = periodFor(found->second, period);
  return own == found->second.from ? op->getLoc() : layers.locationAt(own, found->second.at);
}

DictionaryAttr LayerNotes::attributesOf(Operation *op, int64_t period) {
  DictionaryAttr attributes = op->getRawDictionaryAttrs();
  if (attributes.empty())
    return attributes;
  auto [entry, isNew] = notes.try_emplace(attributes);
  Notes &found = entry->second;
  if (isNew)
    found = notesIn(attributes);
  if (found.texts.empty())
    return attributes;
  if (found.period != period) {
    for (const auto &[index, pieces] : found.texts)
      found.attributes[index].setValue(textOf(pieces, period));
    found.latest = DictionaryAttr::getWithSorted(op->getContext(), found.attributes);
    found.period = period;
  }
  return found.latest;
}

} // namespace tp
