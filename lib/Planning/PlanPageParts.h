// Pieces that the page of a plan is put together from.
#pragma once
#include "tp/Support/Json.h"

#include <string>

namespace tp::page {

/// The page's style sheet and script.
extern const char *const style, *const script;

/// `text` with &, <, > and quotes as entities.
std::string escaped(const std::string &text);
/// 1536 -> "1.5 KiB".
std::string bytesText(int64_t bytes);
/// 1536 -> "1,536".
std::string exactText(int64_t number);
/// [1, 8] -> "1 × 8".
std::string shapeText(const Json &shape);
/// Bytes that one rank holds of a node's value.
int64_t localBytes(const Json &node);

/// The graph of an entry as SVG; a node links to "#<prefix><id>".
std::string graphSvg(const Json &entry, const Json &mesh, const std::string &prefix);

} // namespace tp::page
