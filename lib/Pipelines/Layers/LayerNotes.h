// Names in what a collective says of itself: "nn.contract (model.layers.3.mlp) ... by the wish [{}, {tp}] on @model.layers.3.w".
//
// A layer that was not worked out by itself gets the notes of one that was, with each op, argument and parameter that they name
// replaced by its counterpart. A dictionary of notes is taken apart once and put together once for each layer.
#pragma once
#include "EqualLayers.h"

#include <map>

namespace tp {

class LayerNotes {
public:
  /// `layers` and `named` (what periods name, by period, all in one order) of the whole program; the ops whose notes are
  /// rewritten were made from its periods `model` - 1, `model` and, behind it, `last`.
  LayerNotes(const EqualLayers &layers, const std::map<int64_t, std::vector<Outside>> &named, int64_t model, int64_t last);

  /// What takes the place of the location, and of the dictionary of attributes, of `op`, which was made from period `model` or
  /// `last`, in one that works in `period`.
  mlir::Location locationOf(mlir::Operation *op, int64_t period) const;
  mlir::DictionaryAttr attributesOf(mlir::Operation *op, int64_t period);

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

  struct Notes {
    llvm::SmallVector<mlir::NamedAttribute> attributes;
    std::vector<std::pair<size_t, std::vector<Piece>>> texts; // by place in `attributes`
    int64_t period = -1;                                      // that `latest` was made for
    mlir::DictionaryAttr latest;
  };

  Notes notesIn(mlir::DictionaryAttr attributes) const;
  std::vector<Piece> piecesOf(llvm::StringRef text) const;
  int64_t periodFor(const Mention &mention, int64_t period) const;
  mlir::StringAttr textOf(const std::vector<Piece> &pieces, int64_t period) const;
  static std::string nameOf(Outside one);

  const EqualLayers &layers;
  const std::map<int64_t, std::vector<Outside>> &named;
  int64_t model, last;
  std::vector<std::pair<std::string, Mention>> words; // longest first
  llvm::StringMap<Mention> places;
  llvm::DenseMap<mlir::Attribute, Mention> locations;
  llvm::DenseMap<mlir::DictionaryAttr, Notes> notes;
};

} // namespace tp
