// A program that is being drawn: its values, and the declarations and lines written so far.
#pragma once
#include "Draw.h"
#include "Generate.h"
#include "tp/Support/Layout.h"

#include <optional>

namespace tp::random_programs {

using Shape = std::vector<int64_t>;

struct Value {
  std::string name;
  Shape shape;
  std::string element;
  /// No element is larger; a guess, which keeps numbers in range.
  double bound = 4;
  bool isFloat() const { return element[0] != 'i'; }
};

int64_t countOf(const Shape &shape);
std::string typeText(const Shape &shape, const std::string &element);
inline std::string typeText(const Value &value) { return typeText(value.shape, value.element); }
std::string listText(const std::vector<int64_t> &list);

/// Where lines go: an entry, or a private function that it calls.
struct Scope {
  std::vector<std::string> lines, arguments;
  std::vector<Value> values;
  bool isEntry = true;
};

class Program {
public:
  Program(uint64_t seed, Kind kind, Mesh mesh);
  ProgramText write();

private:
  friend class ScalarBody;

  //===-- Pieces (Program.cpp) -------------------------------------------------------------------------------------===//
  std::string fresh() { return "%v" + std::to_string(nameCount++); }
  int64_t size();
  bool fits(const Shape &shape) const;
  bool upstream() { return draw.chance(0.45); }
  std::string wishText(const Shape &shape, bool mayBeOpen);
  Layout randomWish(const Shape &shape, bool mayBeOpen);
  std::string wishAttribute(const Shape &shape, bool mayBeOpen = true);
  /// Writes `text` as the definition of a new value.
  Value add(const std::string &text, Value value);
  Value line(const std::string &text, Value value);
  /// An argument of the function, or a parameter of the module.
  Value argument(const Shape &shape, const std::string &element);
  Value parameter(const Shape &shape, const std::string &element);
  Value source(const Shape &shape, const std::string &element);
  /// A value of exactly this type: one that there is, or a new source.
  Value ofShape(const Shape &shape, const std::string &element);
  std::optional<Value> pick(size_t leastRank = 0, bool onlyFloats = true);
  Value filled(const Shape &shape, const std::string &element, const std::string &number);
  Value emptyOf(const Shape &shape, const std::string &element);
  /// Brings a value that has grown large back.
  void tame(Value &value);
  std::string linalgGeneric(const std::vector<std::string> &maps, const std::vector<std::string> &iterators,
                            const std::vector<Value> &inputs, const Value &init, const std::string &body);
  std::string function(const std::string &name, bool isPublic, const std::vector<Value> &results);
  void entry(const std::string &name);
  void mistake(std::vector<Value> &results);

  //===-- Ops (Elementwise.cpp, Structured.cpp, Movement.cpp, Layers.cpp); false where nothing was drawn -------------===//
  bool elementwise();
  bool elementwiseOf(std::vector<Value> inputs);
  bool contract();
  bool reduce();
  bool broadcast();
  bool transpose();
  bool reshape();
  bool slice();
  bool concat();
  bool pad();
  bool gather();
  bool embedding();
  bool scatter();
  bool constant();
  bool iota();
  bool softmax();
  bool norm();
  bool attention();
  bool rope();
  bool call();
  bool slicesOfParameter();
  bool state();
  void step(bool insideCall);

  uint64_t seed;
  Draw draw;
  Kind kind;
  Mesh mesh;
  std::string prefix, element;
  std::vector<std::string> declarations, functions;
  Scope scope;
  std::map<std::string, int64_t> ops;
  std::string mistakeText;
  int64_t nameCount = 0, symbolCount = 0, stateCount = 0;
  std::vector<std::pair<std::string, Value>> states;
  bool wantsMistake = false;
};

} // namespace tp::random_programs
