// The one exception of tp's plain C++ parts (Support, runtime, tp-run).
//
// A message goes on from "error: ": lower case, no full stop, what is there, what was needed, where, what would work.
// Tools catch it at the top and exit with 1 (2 for UsageError). The compiler's passes use MLIR diagnostics instead.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

namespace tp {

struct Error : std::runtime_error {
  explicit Error(const std::string &message, std::vector<std::string> notes = {})
      : std::runtime_error(message), notes(std::move(notes)) {}
  /// Further lines for the user, each printed as "note: ...".
  std::vector<std::string> notes;
  /// Where in a text the mistake is, "mlp.mlir:9:10": stands before "error: ". Empty where there is no such place.
  std::string place;
};

/// The command line does not parse: exit status 2.
struct UsageError : Error {
  using Error::Error;
};

} // namespace tp
