// Layouts: texts, shards, and what is wrong with a layout.
#include "tp/Support/Layout.h"

#include "Expect.h"

namespace tp {
namespace {

TEST(Layout, textRoundTrips) {
  for (const char *text : {"[]", "[{}]", "[{dp}, {tp, ?}]", "[{?}, {dp, tp(2)4}], partial = sum<tp(1)2, b>",
                           "[{}], partial = max<tp>", "[{}], partial = min<tp>"})
    EXPECT_EQ(Layout::parse(text).str(), text);
  EXPECT_EQ(Layout::parse(" [ {dp,tp} ,{ } ] ").str(), "[{dp, tp}, {}]");
}

TEST(Layout, textsThatAreRefused) {
  EXPECT_EQ(errorOf([] { Layout::parse("[{dp}"); }), "layout \"[{dp}\": needed \"]\" at character 6");
  EXPECT_EQ(errorOf([] { Layout::parse("[{dp}] x"); }), "layout \"[{dp}] x\": needed the end at character 8");
  EXPECT_EQ(errorOf([] { Layout::parse("[{?, dp}]"); }), "layout \"[{?, dp}]\": needed \"}\" at character 4");
  EXPECT_EQ(errorOf([] { Layout::parse("[{dp(0)2}]"); }), "layout \"[{dp(0)2}]\": needed a positive number at character 6");
  for (const char *text :
       {"", "{}", "[{dp,}]", "[{}], partial = mean<tp>", "[{}], partial = sum<>", "[{dp(2)}]", "[{dp(99999999999999999999)2}]"})
    EXPECT_TRUE(contains(errorOf([&] { Layout::parse(text); }), "needed")) << text;
}

TEST(Layout, shards) {
  Mesh mesh = Mesh::parse("dp=2,tp=4");
  Layout layout = Layout::parse("[{tp}, {}, {dp}]");
  std::vector<int64_t> shape = {8, 3, 4};
  EXPECT_EQ(localShape(shape, layout, mesh), (std::vector<int64_t>{2, 3, 2}));
  Shard shard = shardOf(shape, layout, mesh, 6); // dp 1, tp 2
  EXPECT_EQ(shard.offsets, (std::vector<int64_t>{4, 0, 2}));
  EXPECT_EQ(shard.sizes, (std::vector<int64_t>{2, 3, 2}));
  EXPECT_EQ(localShape({-1, 3, 4}, layout, mesh), (std::vector<int64_t>{-1, 3, 2}));
}

TEST(Layout, shardsOfAllRanksCoverTheTensorOnce) {
  Mesh mesh = Mesh::parse("a=4,b=2");
  for (const char *text : {"[{a, b}, {}]", "[{b, a}, {}]", "[{a(2)2}, {a(1)2, b}]", "[{b}, {a}]"}) {
    Layout layout = Layout::parse(text);
    std::vector<int64_t> times(64);
    for (int64_t rank = 0; rank < 8; ++rank) {
      Shard shard = shardOf({8, 8}, layout, mesh, rank);
      for (int64_t i = 0; i < shard.sizes[0]; ++i)
        for (int64_t j = 0; j < shard.sizes[1]; ++j)
          ++times[(shard.offsets[0] + i) * 8 + shard.offsets[1] + j];
    }
    EXPECT_EQ(times, std::vector<int64_t>(64, 1)) << text;
  }
}

TEST(Layout, problems) {
  Mesh mesh = Mesh::parse("dp=2,tp=4");
  auto problem = [&](const char *layout, std::vector<int64_t> shape) { return problemWith(Layout::parse(layout), shape, mesh); };
  EXPECT_EQ(problem("[{dp}, {tp}]", {10, 8}), "");
  EXPECT_EQ(problem("[{dp}, {tp}]", {-1, 8}), "");
  EXPECT_EQ(problem("[{dp}]", {10, 8}), "layout has 1 dimensions, the tensor has 2");
  EXPECT_EQ(problem("[{xp}]", {10}), "unknown axis \"xp\"; the mesh has \"dp\", \"tp\"");
  EXPECT_EQ(problem("[{tp}, {tp}]", {8, 8}), "axis \"tp\" is used twice");
  EXPECT_EQ(problem("[{tp(1)2}, {tp}]", {8, 8}), "axis \"tp\" is used twice");
  EXPECT_EQ(problem("[{tp}], partial = sum<tp>", {8}), "axis \"tp\" is used twice");
  EXPECT_EQ(problem("[{tp(1)2}, {tp(2)2}]", {8, 8}), "");
  EXPECT_EQ(problem("[{tp}]", {10}), "dimension 0 of size 10 does not divide over \"tp\"=4; sizes that do: 1, 2, 5, 10");
  EXPECT_EQ(problem("[{}, {dp, tp}]", {10, 12}),
            "dimension 1 of size 12 does not divide over \"dp, tp\"=8; sizes that do: 1, 2, 3, 4, 6, 12");
}

TEST(Layout, predicates) {
  EXPECT_TRUE(Layout::whole(3).isWhole());
  EXPECT_FALSE(Layout::parse("[{tp}]").isWhole());
  EXPECT_FALSE(Layout::parse("[{}], partial = sum<tp>").isWhole());
  EXPECT_TRUE(Layout::parse("[{tp, ?}]").hasOpenDim());
  EXPECT_EQ(std::hash<Layout>()(Layout::parse("[{tp}]")), std::hash<Layout>()(Layout::parse("[{ tp }]")));
}

} // namespace
} // namespace tp
