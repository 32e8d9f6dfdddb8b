// JSON documents: configuration files, manifests, statistics.
//
// Two document types, for one reason: `Json` keeps the order of the keys, so what we print reads as it was written, but
// it looks keys up one after another; `SortedJson` sorts them and is for large files whose order means nothing (a
// vocabulary of 100,000 entries). The getters take either, and say in their errors which file, which key, and what
// stands there.
#pragma once
#include "tp/Support/Error.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

using Json = nlohmann::ordered_json;
using SortedJson = nlohmann::json;

/// Documents nested deeper than this are refused: reading and printing them would recurse as deep.
inline constexpr int jsonDepthLimit = 200;

/// Throws Error "WHAT:LINE:COLUMN: ..." if `text` is no JSON. `what` names the file. Lists and objects that are values of keys
/// in `without` are read over and left empty.
Json parseJson(std::string_view text, const std::string &what, const std::vector<std::string_view> &without = {});
SortedJson parseSortedJson(std::string_view text, const std::string &what);
/// Reads and parses a whole file; `what` of its errors is the path.
Json readJson(const std::string &path);

/// The text of `json`, with `indent` spaces per level (-1: one line). Bytes that are no UTF-8 are replaced.
std::string printJson(const Json &json, int indent = 2);

namespace json_detail {
/// "a string", "an array", "null"
inline std::string withArticle(const std::string &kind) {
  return (kind == "null" ? "" : kind == "array" || kind == "object" ? "an " : "a ") + kind;
}
template <typename Document>
[[noreturn]] void failType(const Document &value, const std::string &key, const std::string &what, const char *needed) {
  throw Error(what + ": \"" + key + "\" is " + withArticle(value.type_name()) + ", needs " + needed);
}
} // namespace json_detail

/// The value of `key` in `object`, or nullptr if `object` has no such key or it is null.
template <typename Document> const Document *findKey(const Document &object, const std::string &key) {
  if (!object.is_object())
    return nullptr;
  auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

/// The value of `key`, which must be there.
template <typename Document> const Document &at(const Document &object, const std::string &key, const std::string &what) {
  if (!object.is_object())
    throw Error(what + ": needs an object with the key \"" + key + "\", is " + json_detail::withArticle(object.type_name()));
  const Document *value = findKey(object, key);
  if (!value)
    throw Error(what + ": \"" + key + "\" is missing");
  return *value;
}

/// `value` as an integer: a number without a fraction that fits in int64. `key` is for the error.
template <typename Document> int64_t asInt(const Document &value, const std::string &key, const std::string &what) {
  if (value.is_number_unsigned() && value.template get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    json_detail::failType(value, key, what, "an integer below 2^63");
  if (value.is_number_integer())
    return value.template get<int64_t>();
  if (value.is_number_float()) {
    double number = value.template get<double>();
    if (number >= -0x1p53 && number <= 0x1p53 && number == static_cast<double>(static_cast<int64_t>(number)))
      return static_cast<int64_t>(number);
  }
  json_detail::failType(value, key, what, "an integer");
}
template <typename Document> double asNumber(const Document &value, const std::string &key, const std::string &what) {
  if (!value.is_number())
    json_detail::failType(value, key, what, "a number");
  return value.template get<double>();
}
template <typename Document> bool asBool(const Document &value, const std::string &key, const std::string &what) {
  if (!value.is_boolean())
    json_detail::failType(value, key, what, "true or false");
  return value.template get<bool>();
}
template <typename Document> const std::string &asString(const Document &value, const std::string &key, const std::string &what) {
  if (!value.is_string())
    json_detail::failType(value, key, what, "a string");
  return value.template get_ref<const std::string &>();
}

/// The value of `key`, which must be there and of that kind; the overloads with a fallback give it where the key is
/// missing or null.
template <typename Document> int64_t intAt(const Document &object, const std::string &key, const std::string &what) {
  return asInt(at(object, key, what), key, what);
}
template <typename Document>
int64_t intAt(const Document &object, const std::string &key, const std::string &what, int64_t fallback) {
  const Document *value = findKey(object, key);
  return value ? asInt(*value, key, what) : fallback;
}
template <typename Document> double numberAt(const Document &object, const std::string &key, const std::string &what) {
  return asNumber(at(object, key, what), key, what);
}
template <typename Document>
double numberAt(const Document &object, const std::string &key, const std::string &what, double fallback) {
  const Document *value = findKey(object, key);
  return value ? asNumber(*value, key, what) : fallback;
}
template <typename Document> bool boolAt(const Document &object, const std::string &key, const std::string &what) {
  return asBool(at(object, key, what), key, what);
}
template <typename Document> bool boolAt(const Document &object, const std::string &key, const std::string &what, bool fallback) {
  const Document *value = findKey(object, key);
  return value ? asBool(*value, key, what) : fallback;
}
template <typename Document> std::string stringAt(const Document &object, const std::string &key, const std::string &what) {
  return asString(at(object, key, what), key, what);
}
template <typename Document>
std::string stringAt(const Document &object, const std::string &key, const std::string &what, const std::string &fallback) {
  const Document *value = findKey(object, key);
  return value ? asString(*value, key, what) : fallback;
}
template <typename Document> const Document &arrayAt(const Document &object, const std::string &key, const std::string &what) {
  const Document &value = at(object, key, what);
  if (!value.is_array())
    json_detail::failType(value, key, what, "an array");
  return value;
}
template <typename Document> const Document &objectAt(const Document &object, const std::string &key, const std::string &what) {
  const Document &value = at(object, key, what);
  if (!value.is_object())
    json_detail::failType(value, key, what, "an object");
  return value;
}
template <typename Document>
std::vector<int64_t> intsAt(const Document &object, const std::string &key, const std::string &what) {
  std::vector<int64_t> result;
  for (const Document &element : arrayAt(object, key, what))
    result.push_back(asInt(element, key, what));
  return result;
}
template <typename Document>
std::vector<std::string> stringsAt(const Document &object, const std::string &key, const std::string &what) {
  std::vector<std::string> result;
  for (const Document &element : arrayAt(object, key, what))
    result.push_back(asString(element, key, what));
  return result;
}

} // namespace tp
