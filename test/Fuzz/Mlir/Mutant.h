// Makes a text or bytecode of MLIR slightly wrong.
#pragma once
#include <random>
#include <string>

namespace tp::fuzz {

/// `text` with one to three tokens dropped, doubled, exchanged, or replaced: numbers by ones at borders, words by others.
std::string mutateText(const std::string &text, std::mt19937_64 &random);
/// `bytes` cut short, with bits flipped, or with a piece overwritten by another.
std::string mutateBytes(const std::string &bytes, std::mt19937_64 &random);

} // namespace tp::fuzz
