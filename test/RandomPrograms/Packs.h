// Many programs, pack by pack, in child processes.
#pragma once
#include "CheckProgram.h"

#include <functional>

namespace tp::random_programs {

struct Find {
  uint64_t seed;
  Failure failure;
};

struct Tally {
  int64_t programs = 0, passed = 0, refused = 0, compiled = 0;
  std::map<std::string, int64_t> kinds, ops;
  std::vector<Find> finds;
  /// Programs that differ by more than was measured, but by roundings only; they have passed.
  std::vector<Find> roundings;
};

/// Which packs are compiled, and how.
struct Compiling {
  /// Every so many packs; 0: none.
  uint64_t every = 1;
  /// As users get it every so many packs, the others with Optimisation::Quick.
  uint64_t fullEvery = 1;
};

/// Checks the programs of seeds [first, first + count), `first` on a border of packs; `done` hears after every few packs how far it is.
/// Programs compile pack by pack.
Tally checkSeeds(uint64_t first, uint64_t count, const Compiling &compiling,
                 const std::function<void(uint64_t next, const Tally &)> &done);

/// The subject of a seed.
Subject subjectOf(const ProgramText &program);

/// All checks of one subject, in a child: nothing, or what failed.
std::optional<Failure> checkAlone(const Subject &subject, Optimisation optimisation = Optimisation::Full);

} // namespace tp::random_programs
