// The numeric test of a transform, for lit.
#pragma once

namespace tp::reference {

/// Registers `--tp-test-numbers='passes=... tolerance=... seed=...'`: runs the passes and fails where an entry of the module
/// computes other numbers than before. Prints one line per output; what is printed on standard output is the program after them.
void registerTestNumbersPass();

} // namespace tp::reference
