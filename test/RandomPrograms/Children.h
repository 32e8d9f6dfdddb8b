// Work in child processes, so that a crash, a hang or too much memory in one program is a find with its seed and not the end.
//
// The parent holds no MLIR: forking it is cheap, and a child starts clean. A child says on a pipe what it begins and what came of
// it; what was begun last when a child dies is what killed it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace tp::random_programs {

/// Sends one line from a child to its parent; line breaks become "\n" in two characters.
using Say = std::function<void(const std::string &)>;

/// Runs `body` in a child and gives each line that it says to `hear`. Returns "" if the child ended by itself, else how it died
/// ("signal 11", "time-out after 60 s"). `body` must call `stillAlive` at least once in `seconds`.
std::string inChild(const std::function<void(const Say &)> &body, const std::function<void(const std::string &)> &hear,
                    unsigned seconds);

/// In a child: the clock of `inChild` starts again.
void stillAlive(unsigned seconds);

} // namespace tp::random_programs
