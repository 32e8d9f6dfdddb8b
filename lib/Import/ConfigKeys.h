// Readers of config.json that families share. A key that is missing has the value that transformers gives it; a key that would
// change the numbers and is not known is refused by name.
#pragma once
#include "ModelFamily.h"

#include <optional>

namespace tp {

/// Bounds of sizes: so much above what anybody has that more is a damaged file, and low enough that no count of bytes overflows.
inline constexpr int64_t mostLayers = 512, mostHeads = 1 << 16, mostFeatures = 1 << 24, mostRows = int64_t(1) << 31;

/// A size: 1 to `most`. Throws Error.
int64_t positiveAt(const Json &config, const std::string &key, int64_t most, const std::string &what,
                   std::optional<int64_t> fallback = {});
/// The same under the first of several names that is there.
int64_t positiveAt(const Json &config, std::initializer_list<const char *> keys, int64_t most, const std::string &what,
                   int64_t fallback);
/// Throws Error if `value`, which stands under `key`, is not 1 to `most`.
void checkSize(int64_t value, const std::string &key, int64_t most, const std::string &what);

/// Throws Error if `key` is there and true: "..., which tp cannot do".
void refuseTrue(const Json &config, const std::string &key, const std::string &what);
/// Throws Error for weights that are quantised, and for heads that were cut out.
void refuseQuantised(const Json &config, const std::string &what);
void refusePruned(const Json &config, const std::string &what);
/// Throws Error that names both if `count` does not divide over `heads`.
void checkHeads(int64_t hidden, const char *hiddenKey, int64_t heads, const std::string &what);

/// Begin and end tokens, from config.json, generation_config.json and tokenizer_config.json.
void readTokens(const ModelFolder &folder, ModelFacts &facts);

/// `prefix` if the folder's weights carry it, "" if they do not; `preferred` where there are no weights to ask. `probe` is the
/// stored name, without the prefix, of a weight that every such model has.
std::string prefixOf(const ModelFolder &folder, const std::string &prefix, const std::string &probe, bool preferred);

} // namespace tp
