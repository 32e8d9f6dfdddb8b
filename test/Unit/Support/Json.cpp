// JSON documents are parsed with places in the errors, and read through getters that check.
#include "tp/Support/Json.h"

#include "Expect.h"

namespace tp {
namespace {

TEST(Json, keepsTheOrderOfKeys) {
  EXPECT_EQ(printJson(parseJson(R"({"b": 1, "a": [true, null]})", "x"), -1), R"({"b":1,"a":[true,null]})");
}

TEST(Json, errorsSayLineAndColumn) {
  EXPECT_TRUE(contains(errorOf([] { parseJson("{\n  \"a\": 1,\n  \"b\" 2\n}", "config.json"); }), "config.json:3:7: not JSON: "));
  EXPECT_TRUE(contains(errorOf([] { parseJson("", "config.json"); }), "config.json:1:1: not JSON: "));
  EXPECT_TRUE(contains(errorOf([] { parseJson("\"\xff\"", "config.json"); }), "config.json:1:2: not JSON: "));
  EXPECT_TRUE(contains(errorOf([] { parseJson("1e999", "config.json"); }), "config.json"));
}

TEST(Json, nestingIsLimited) {
  std::string deep(100000, '[');
  EXPECT_EQ(errorOf([&] { parseJson(deep, "x"); }), "x:1:201: JSON is nested more than 200 levels deep");
  std::string fine = std::string(200, '[') + std::string(200, ']');
  EXPECT_NO_THROW(parseJson(fine, "x"));
  EXPECT_NO_THROW(parseJson("\"" + deep + "\\\"" + deep + "\"", "x")); // brackets in a string do not nest
}

// Readers do not agree on which of two equal keys counts, so one of them would see other weights than we do.
TEST(Json, aKeyThatAppearsTwiceIsRefused) {
  const char *wanted = "x: \"a\" appears twice in one object";
  EXPECT_EQ(errorOf([] { parseJson(R"({"a": 1, "b": {"c": 1}, "a": 2})", "x"); }), wanted);
  EXPECT_EQ(errorOf([] { parseSortedJson(R"([{"b": {"a": 1, "\u0061": 1}}])", "x"); }), wanted);
  EXPECT_NO_THROW(parseJson(R"([{"a": {"a": 1}}, {"a": "a"}])", "x"));
  std::string many;
  for (int i = 0; i < 40; ++i)
    many += "\"k" + std::to_string(i) + "\": 0, ";
  EXPECT_EQ(errorOf([&] { parseJson("{" + many + R"("a": 1, "b": 1, "a": 2})", "x"); }), wanted);
  EXPECT_EQ(parseJson("{" + many + R"("a": 1})", "x").size(), 41u);
}

TEST(Json, contentsOfUnwantedKeysAreReadOver) {
  std::string text = R"({"a": [1, {"b": [2]}], "c": {"a": {"d": 3}, "e": 4}, "f": [{"a": 5}]})";
  EXPECT_EQ(printJson(parseJson(text, "x", {"a"}), -1), R"({"a":[],"c":{"a":{},"e":4},"f":[{"a":5}]})");
  EXPECT_TRUE(contains(errorOf([] { parseJson(R"({"a": [1, }])", "x", {"a"}); }), "x:1:11: not JSON: "));
}

TEST(Json, gettersSayWhatIsThereAndWhatIsNeeded) {
  Json json = parseJson(R"({"n": 4, "s": "four", "f": 1.5, "whole": 2.0, "nil": null, "big": 18446744073709551615,
                           "list": [1, "two"]})",
                        "x");
  EXPECT_EQ(intAt(json, "n", "x"), 4);
  EXPECT_EQ(intAt(json, "whole", "x"), 2);
  EXPECT_EQ(intAt(json, "nil", "x", 7), 7);
  EXPECT_EQ(intAt(json, "none", "x", 7), 7);
  EXPECT_EQ(numberAt(json, "n", "x"), 4.0);
  EXPECT_EQ(errorOf([&] { intAt(json, "s", "x"); }), "x: \"s\" is a string, needs an integer");
  EXPECT_EQ(errorOf([&] { intAt(json, "f", "x"); }), "x: \"f\" is a number, needs an integer");
  EXPECT_EQ(errorOf([&] { intAt(json, "big", "x"); }), "x: \"big\" is a number, needs an integer below 2^63");
  EXPECT_EQ(errorOf([&] { intAt(json, "none", "x"); }), "x: \"none\" is missing");
  EXPECT_EQ(errorOf([&] { intAt(json, "s", "x", 1); }), "x: \"s\" is a string, needs an integer");
  EXPECT_EQ(errorOf([&] { intsAt(json, "list", "x"); }), "x: \"list\" is a string, needs an integer");
  EXPECT_EQ(errorOf([&] { stringAt(json, "n", "x"); }), "x: \"n\" is a number, needs a string");
  EXPECT_EQ(errorOf([&] { objectAt(json, "list", "x"); }), "x: \"list\" is an array, needs an object");
  EXPECT_EQ(errorOf([&] { boolAt(Json::array(), "n", "x"); }), "x: needs an object with the key \"n\", is an array");
}

} // namespace
} // namespace tp
