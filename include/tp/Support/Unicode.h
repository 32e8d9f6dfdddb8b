// The little of Unicode that tokenizers need: UTF-8 both ways, categories of characters, composed and
// lower case forms.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tp {

/// One character of a text. Bytes that are no UTF-8 come out one by one as U+FFFD, so that sizes always add up.
struct Character {
  uint32_t code;
  uint32_t size; // bytes in the text
};

/// The character at the start of `text`, which is not empty.
Character firstCharacter(std::string_view text);
void appendUtf8(std::string &text, uint32_t code);
/// `text` with every byte that is no UTF-8 (or each cut-off character) replaced by U+FFFD.
std::string repairUtf8(std::string_view text);
/// Bytes at the end of `text` that begin a character which further bytes may complete: 0 to 3.
size_t incompleteUtf8(std::string_view text);

/// `text` in Unicode's composed form (NFC): "e" and a combining acute accent become one character. Bytes that are no
/// UTF-8 stay as they are.
std::string composeUtf8(std::string_view text);

/// `text` with every character taken apart (NFD): an accented letter becomes the letter and its accents. Bytes that are no
/// UTF-8 become U+FFFD.
std::string decomposeUtf8(std::string_view text);
/// Appends the lower case of one character, which may be two.
void appendLowerUtf8(std::string &text, uint32_t code);

bool isLetter(uint32_t code);         // category L
bool isNumber(uint32_t code);         // category N
bool isSpace(uint32_t code);          // property White_Space
bool isPunctuation(uint32_t code);    // category P
bool isNonspacingMark(uint32_t code); // category Mn
bool isControl(uint32_t code);        // categories Cc, Cf and Co

} // namespace tp
