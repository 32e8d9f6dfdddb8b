// Many programs, pack by pack, in child processes.
#pragma once
#include "CheckProgram.h"

#include <functional>

namespace tp::random_programs {

struct Find {
  uint64_t seed;
  Failure failure;
  /// Only with these inputs: other random inputs of the same program give no difference, so that it may be a matter of roundings.
  bool onlyTheseInputs = false;
};

struct Tally {
  int64_t programs = 0, passed = 0, refused = 0, compiled = 0;
  std::map<std::string, int64_t> kinds, ops;
  std::vector<Find> finds;
  /// Finds that are there with other inputs too.
  int64_t confirmed() const;
};

/// Checks the programs of seeds [first, first + count), `first` on a border of packs; `done` hears after every few packs how far it is.
/// Programs compile pack by pack; only every `compileEvery`-th pack does (0: none).
Tally checkSeeds(uint64_t first, uint64_t count, uint64_t compileEvery,
                 const std::function<void(uint64_t next, const Tally &)> &done);

/// The subject of a seed.
Subject subjectOf(const ProgramText &program);

/// All checks of one subject, in a child: nothing, or what failed.
std::optional<Failure> checkAlone(const Subject &subject);

} // namespace tp::random_programs
