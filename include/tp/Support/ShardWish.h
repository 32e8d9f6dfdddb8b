// What `--shard 'PATTERN=[_,tp]'` says: which tensors, by a glob on their names, and which dimensions are split over what.
//
// The text is shorter than a layout's on purpose: `_` is not split, `?` is open, `dp+tp` are two axes, major to minor.
#pragma once
#include "tp/Support/Layout.h"

#include <string>
#include <string_view>
#include <vector>

namespace tp {

/// Whether `name` fits `pattern`: `*` stands for any text, `?` for one character, everything else for itself.
bool globMatches(std::string_view pattern, std::string_view name);

struct ShardWish {
  /// As the user wrote it.
  std::string text;
  std::string pattern;
  Layout layout;

  /// Reads PATTERN=[...]. Throws UsageError, which does not repeat the text.
  static ShardWish parse(std::string_view text);
  static std::vector<ShardWish> parse(const std::vector<std::string> &texts);
  bool matches(std::string_view name) const { return globMatches(pattern, name); }
};

/// The wish that counts for the tensor called `name`: the last one that matches, or nullptr.
const ShardWish *lastMatch(const std::vector<ShardWish> &wishes, std::string_view name);

} // namespace tp
