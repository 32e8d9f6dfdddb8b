// Names in what a collective says of itself: "nn.contract (model.layers.3.mlp) ... by the wish [{}, {tp}] on @model.layers.3.w".
//
// A layer that was not worked out by itself gets the notes of one that was, with each op, argument and parameter that they name
// replaced by its counterpart. A text is taken apart once and put together for each layer.
#pragma once
#include "EqualLayers.h"

#include <map>

namespace tp {

class LayerNotes {
public:
  /// `layers` and `named` (what periods name, by period, all in one order) of the whole program; the ops whose notes are
  /// rewritten were made from its periods `model` - 1, `model` and, behind it, `last`.
  LayerNotes(const EqualLayers &layers, const std::map<int64_t, std::vector<Outside>> &named, int64_t model, int64_t last);

  /// Rewrites the notes and the location of an op that was made from period `model`, or `last`, for one that works in `period`.
  void rewrite(mlir::Operation *op, int64_t period);

private:
  /// Stands for a text about the op at `offset`, or what is named at `slot`, of a period that is `step` from the op's own.
  struct Mention {
    enum Kind { Description, Place, Name } kind;
    int64_t from; // the period that the text speaks of
    size_t at;
  };
  struct Piece {
    std::string text; // literally, where there is no mention
    std::optional<Mention> mention;
  };

  const std::vector<Piece> &piecesOf(mlir::StringAttr text);
  int64_t periodFor(const Mention &mention, int64_t period) const;
  std::string textOf(const Mention &mention, int64_t period) const;
  static std::string nameOf(Outside one);

  const EqualLayers &layers;
  const std::map<int64_t, std::vector<Outside>> &named;
  int64_t model, last;
  std::vector<std::pair<std::string, Mention>> words; // longest first
  llvm::StringMap<Mention> places;
  llvm::DenseMap<mlir::Attribute, Mention> locations;
  llvm::DenseMap<mlir::StringAttr, std::vector<Piece>> pieces;
};

} // namespace tp
