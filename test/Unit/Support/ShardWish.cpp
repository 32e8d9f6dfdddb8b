// What --shard accepts, what it means, and which of several patterns counts.
#include "tp/Support/ShardWish.h"

#include "Expect.h"
#include "tp/Support/Error.h"

#include <gtest/gtest.h>

using namespace tp;

TEST(ShardWish, MatchesNamesByGlob) {
  EXPECT_TRUE(globMatches("*", ""));
  EXPECT_TRUE(globMatches("model.layers.*.mlp.*_proj.weight", "model.layers.11.mlp.down_proj.weight"));
  EXPECT_TRUE(globMatches("*a*ab", "aaab"));
  EXPECT_TRUE(globMatches("arg?", "arg1"));
  EXPECT_FALSE(globMatches("arg?", "arg12"));
  EXPECT_FALSE(globMatches("q_proj", "model.q_proj"));
  EXPECT_FALSE(globMatches("*q_proj", "q_proj.weight"));
}

TEST(ShardWish, ReadsDimensions) {
  ShardWish wish = ShardWish::parse("*.q_proj.weight=[dp+tp, _, ?, tp(1)2]");
  EXPECT_EQ(wish.pattern, "*.q_proj.weight");
  EXPECT_EQ(wish.layout.str(), "[{dp, tp}, {}, {?}, {tp(1)2}]");
}

TEST(ShardWish, RefusesWhatDoesNotParse) {
  for (const char *text : {"q_proj", "=[_]", "q=[_,]", "q=[]", "q=[tp", "q=[{tp}]", "q=[tp+]"})
    EXPECT_THROW(ShardWish::parse(text), UsageError) << text;
}

TEST(ShardWish, LetsTheLaterOneWin) {
  auto wishes = ShardWish::parse({"*=[_]", "a*=[tp]", "b=[tp]"});
  EXPECT_EQ(lastMatch(wishes, "ab"), &wishes[1]);
  EXPECT_EQ(lastMatch(wishes, "c"), &wishes[0]);
  wishes.erase(wishes.begin());
  EXPECT_EQ(lastMatch(wishes, "c"), nullptr);
}
