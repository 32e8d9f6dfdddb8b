// `tp-plan --arena BUFFERS.csv`: the memory planner alone, from a table to a table.
#pragma once
#include "tp/Support/Options.h"

#include <optional>
#include <string>

struct ArenaArguments {
  std::string buffers;
  std::optional<int64_t> capacity;
  double seconds = 0; // 0: not given
  std::optional<std::string> output;

  void declare(tp::Options &options);
};

/// Reads the table (columns id, lower, upper, size, in any order and beside others), and writes it with a column offset to
/// `output` or standard output. Throws Error, also if the buffers do not fit the capacity
/// (the message says whether that was proved) and if no plan that does was found in time.
void planArenaTable(const ArenaArguments &arguments);
