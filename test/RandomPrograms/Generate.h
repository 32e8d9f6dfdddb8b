// Random programs as text, with random wishes. What is drawn follows from the seed alone.
//
// Sizes are of two kinds. In a program of *even* sizes every dimension divides over the whole mesh, so no wish may be refused. In one
// of *odd* sizes (0, 1, primes) a wish divides where it stands, but may be carried to a dimension that it does not divide, and
// then one error that says so is an answer.
#pragma once
#include "tp/Support/Mesh.h"

#include <map>
#include <string>

namespace tp::random_programs {

/// Programs of one pack have one kind and one mesh, so that they can be compiled as one module.
inline constexpr int64_t packSize = 8;

enum class Kind {
  Even,    // wishes, even sizes
  Odd,     // wishes, odd sizes
  LaidOut, // a random layout on every value
  Illegal, // one wish that cannot be
};
std::string str(Kind kind);

struct ProgramText {
  uint64_t seed = 0;
  Kind kind = Kind::Even;
  Mesh mesh;
  /// Functions and what they refer to, without the mesh: several of these make a module.
  std::string body;
  /// How often each op was drawn.
  std::map<std::string, int64_t> ops;
  /// Of an illegal program: what its one error must contain.
  std::string mistake;

  std::string text() const;
};

Kind kindOf(uint64_t seed);
/// Names in the program begin with its seed, so that programs can stand side by side.
ProgramText generate(uint64_t seed);

/// The line that declares `mesh`.
std::string meshLine(const Mesh &mesh);

} // namespace tp::random_programs
