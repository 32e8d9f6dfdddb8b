// A plan as one HTML page.
#pragma once
#include "tp/Support/Json.h"

#include <string>

namespace tp {

/// The page for a planReport with "graph", "memory_per_rank" and explanations; `title` is the program's name. Everything is in it: it
/// loads nothing and works without a network. Without scripts all entries are shown one below the other.
std::string planPage(const Json &report, const std::string &title);

} // namespace tp
