// Why a value is moved: the way that a split took from its wish to where it is, and what the user needs instead.
//
// Carrying keeps only which wish a split goes back to. The way is looked for afterwards, among the claims of that wish, and only
// where someone asks: carrying is to be fast. It is the shortest; there may be others.
#pragma once
#include "Choice.h"

namespace tp::propagate {

/// "the wish [{}, {tp}] on argument 1", "nn.contract at line 7", ...: the wish first, then every op that carried it. Empty where
/// nothing is split. Of a long way, the first three ops and the last four.
using Way = std::vector<std::string>;

/// The way to the split of `factor` of a node under `option`.
Way wayToFactor(const Graph &graph, const Claims &claims, int node, const Option &option, int64_t factor);
/// The way to the split of dimension `dim` of a tensor over `axes`.
Way wayToDim(const Graph &graph, const Claims &claims, int tensor, int64_t dim, const Parts &axes);

/// Why a node (under `option`) takes its operand `slot` as `need`, when the value is kept as `have`.
std::string needOf(const Graph &graph, int node, const Option &option, int slot, const Layout &have, const Layout &need);

} // namespace tp::propagate
