// Whether it is noticed when a collective of a program is lost, or stands twice.
#pragma once
#include "Packs.h"

namespace tp::random_programs {

struct Mutations {
  int64_t programs = 0, all = 0, byVerifier = 0, byNumbers = 0;
  /// What nobody notices, by what it is: "keep I -> P, taken out: ...".
  std::map<std::string, int64_t> survivors;
  /// A seed for each.
  std::map<std::string, uint64_t> example;
};

/// Mutates every collective of the programs of seeds [first, first + count), each both ways.
Mutations mutatePrograms(uint64_t first, uint64_t count);

} // namespace tp::random_programs
