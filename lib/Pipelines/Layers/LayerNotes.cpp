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

std::string LayerNotes::textOf(const Mention &mention, int64_t period) const {
  period = periodFor(mention, period);
  switch (mention.kind) {
  case Mention::Description:
    return describe(layers.at(period, mention.at));
  case Mention::Place:
    return whereOf(layers.at(period, mention.at));
  case Mention::Name:
    return nameOf(named.at(period)[mention.at]);
  }
  llvm_unreachable("three kinds");
}

const std::vector<LayerNotes::Piece> &LayerNotes::piecesOf(StringAttr text) {
  auto [entry, isNew] = pieces.try_emplace(text);
  std::vector<Piece> &result = entry->second;
  if (!isNew)
    return result;
  auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  StringRef rest = text.getValue();
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

void LayerNotes::rewrite(Operation *op, int64_t period) {
  if (auto found = locations.find(LocationAttr(op->getLoc())); found != locations.end())
    if (int64_t own = periodFor(found->second, period); own != found->second.from)
      op->setLoc(layers.at(own, found->second.at)->getLoc());
  if (auto where = op->getAttrOfType<StringAttr>(whereAttrName))
    if (auto found = places.find(where.getValue()); found != places.end())
      op->setAttr(whereAttrName, StringAttr::get(op->getContext(), textOf(found->second, period)));
  if (auto why = op->getAttrOfType<StringAttr>(whyAttrName)) {
    std::string text;
    for (const Piece &piece : piecesOf(why))
      text += piece.mention ? textOf(*piece.mention, period) : piece.text;
    op->setAttr(whyAttrName, StringAttr::get(op->getContext(), text));
  }
}

} // namespace tp
