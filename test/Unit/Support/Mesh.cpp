// Meshes: ranks, parts of axes, groups, and the byte formulas.
#include "tp/Support/Mesh.h"
#include "tp/Support/Bytes.h"

#include "Expect.h"

#include <set>

namespace tp {
namespace {

using Ranks = std::vector<int64_t>;

TEST(Mesh, textRoundTrips) {
  for (const char *text : {"dp=2,tp=4", "tp=1", "a_b=3", ""})
    EXPECT_EQ(Mesh::parse(text).str(), text);
  EXPECT_EQ(Mesh::parse("dp=2,tp=4").size(), 8);
  EXPECT_EQ(Mesh::parse("").size(), 1);
}

TEST(Mesh, textsThatAreRefused) {
  EXPECT_EQ(errorOf([] { Mesh::parse("dp=2,tp"); }),
            "mesh \"dp=2,tp\": \"tp\" is not of the form NAME=SIZE; an example is dp=2,tp=4");
  EXPECT_EQ(errorOf([] { Mesh::parse("tp=0"); }), "mesh \"tp=0\": axis \"tp\" has size 0, needs at least 1");
  EXPECT_EQ(errorOf([] { Mesh::parse("tp=2,tp=2"); }), "mesh \"tp=2,tp=2\" names axis \"tp\" twice");
  EXPECT_EQ(errorOf([] { Mesh::parse("a=65536,b=65536"); }), "mesh \"a=65536,b=65536\" has more than 2^31 ranks");
  for (const char *text : {"tp=2,", ",tp=2", "tp=x", "tp=2 ", "=2", "t p=2", "tp=99999999999999999999"})
    EXPECT_TRUE(contains(errorOf([&] { Mesh::parse(text); }), "is not of the form NAME=SIZE")) << text;
}

TEST(Mesh, ranksAreRowMajor) {
  Mesh mesh = Mesh::parse("dp=2,tp=4");
  EXPECT_EQ(mesh.coordinates(5), (Ranks{1, 1}));
  for (int64_t rank = 0; rank < 8; ++rank)
    EXPECT_EQ(mesh.rankOf(mesh.coordinates(rank)), rank);
  EXPECT_EQ(mesh.groupOf({{"tp"}}, 5), (Ranks{4, 5, 6, 7}));
  EXPECT_EQ(mesh.groupOf({{"dp"}}, 5), (Ranks{1, 5}));
  EXPECT_EQ(mesh.groupOf({{"tp"}, {"dp"}}, 5), (Ranks{0, 4, 1, 5, 2, 6, 3, 7}));
  EXPECT_EQ(mesh.groupOf({}, 5), Ranks{5});
  EXPECT_EQ(mesh.indexAlong({{"dp"}, {"tp"}}, 5), 5);
  EXPECT_EQ(mesh.indexAlong({{"tp"}, {"dp"}}, 5), 3);
  EXPECT_EQ(mesh.indexAlong({}, 5), 0);
}

TEST(Mesh, partsOfAnAxis) {
  Mesh mesh = Mesh::parse("a=8");
  EXPECT_EQ(mesh.groupOf({{"a", 1, 2}}, 3), (Ranks{3, 7})); // the major half: 4 after it
  EXPECT_EQ(mesh.groupOf({{"a", 2, 2}}, 3), (Ranks{1, 3}));
  EXPECT_EQ(mesh.groupOf({{"a", 4, 2}}, 3), (Ranks{2, 3}));
  EXPECT_EQ(mesh.indexAlong({{"a", 2, 2}}, 3), 1);
  EXPECT_EQ(mesh.indexAlong({{"a", 1, 2}}, 3), 0);
  // The three parts together are the axis.
  for (int64_t rank = 0; rank < 8; ++rank)
    EXPECT_EQ(mesh.indexAlong({{"a", 1, 2}, {"a", 2, 2}, {"a", 4, 2}}, rank), rank);
}

TEST(Mesh, everyGroupContainsItsRankAtItsIndex) {
  Mesh mesh = Mesh::parse("a=4,b=6");
  for (const std::vector<AxisPart> &parts :
       {std::vector<AxisPart>{{"a", 1, 2}}, {{"b", 2, 3}, {"a", 2, 2}}, {{"b", 3, 2}}, {{"b"}, {"a"}}})
    for (int64_t rank = 0; rank < mesh.size(); ++rank) {
      Ranks group = mesh.groupOf(parts, rank);
      EXPECT_EQ(group[mesh.indexAlong(parts, rank)], rank);
      EXPECT_EQ(std::set<int64_t>(group.begin(), group.end()).size(), static_cast<size_t>(mesh.sizeOf(parts)));
      for (int64_t other : group)
        EXPECT_EQ(mesh.groupOf(parts, other), group);
    }
}

TEST(Mesh, merged) {
  Mesh mesh = Mesh::parse("a=8,b=2,one=1");
  EXPECT_EQ(str(mesh.merged({{"a", 1, 2}, {"a", 2, 2}})), "a(1)4");
  EXPECT_EQ(str(mesh.merged({{"a", 1, 2}, {"a", 2, 4}})), "a");
  EXPECT_EQ(str(mesh.merged({{"a", 2, 4}, {"a", 1, 2}})), "a(2)4, a(1)2"); // another order is another layout
  EXPECT_EQ(str(mesh.merged({{"a", 1, 2}, {"b"}, {"a", 2, 4}})), "a(1)2, b, a(2)4");
  EXPECT_EQ(str(mesh.merged({{"a", 2, 1}, {"b"}})), "b");
  EXPECT_EQ(str(mesh.merged({{"one"}})), "one");
}

TEST(Mesh, splitMajor) {
  Mesh mesh = Mesh::parse("a=4,b=6");
  std::vector<AxisPart> major, minor;
  EXPECT_TRUE(mesh.splitMajor({{"a"}, {"b"}}, 4, major, minor));
  EXPECT_EQ(str(major) + " | " + str(minor), "a | b");
  EXPECT_TRUE(mesh.splitMajor({{"a"}, {"b"}}, 8, major, minor));
  EXPECT_EQ(str(major) + " | " + str(minor), "a, b(1)2 | b(2)3");
  EXPECT_TRUE(mesh.splitMajor({{"a"}, {"b"}}, 2, major, minor));
  EXPECT_EQ(str(major) + " | " + str(minor), "a(1)2 | a(2)2, b");
  EXPECT_TRUE(mesh.splitMajor({{"a"}, {"b"}}, 1, major, minor));
  EXPECT_EQ(str(major) + " | " + str(minor), " | a, b");
  EXPECT_TRUE(mesh.splitMajor({{"a"}, {"b"}}, 24, major, minor));
  EXPECT_EQ(str(major) + " | " + str(minor), "a, b | ");
  EXPECT_FALSE(mesh.splitMajor({{"a"}, {"b"}}, 3, major, minor));
  EXPECT_FALSE(mesh.splitMajor({{"a"}}, 8, major, minor));
}

TEST(Mesh, overlap) {
  Mesh mesh = Mesh::parse("a=8,b=2,one=1");
  EXPECT_TRUE(mesh.overlap({"a"}, {"a", 2, 2}));
  EXPECT_TRUE(mesh.overlap({"a", 1, 4}, {"a", 2, 4}));
  EXPECT_FALSE(mesh.overlap({"a", 1, 2}, {"a", 2, 4}));
  EXPECT_FALSE(mesh.overlap({"a"}, {"b"}));
  EXPECT_TRUE(mesh.overlap({"one"}, {"one"}));
}

TEST(Mesh, problemsWithParts) {
  Mesh mesh = Mesh::parse("a=8,b=2");
  EXPECT_EQ(mesh.problemWith({"a"}), "");
  EXPECT_EQ(mesh.problemWith({"a", 2, 2}), "");
  EXPECT_EQ(mesh.problemWith({"c"}), "unknown axis \"c\"; the mesh has \"a\", \"b\"");
  EXPECT_EQ(Mesh().problemWith({"c"}), "unknown axis \"c\"; the mesh has no axes");
  EXPECT_EQ(mesh.problemWith({"a", 3, 2}), "\"a(3)2\" is not a part of axis \"a\" of size 8");
  EXPECT_EQ(mesh.problemWith({"a", 4, 4}), "\"a(4)4\" is not a part of axis \"a\" of size 8");
  EXPECT_EQ(mesh.problemWith({"a", 1, 1}), "\"a(1)1\" is not a part of axis \"a\" of size 8");
  EXPECT_EQ(mesh.problemWith({"a", 1, 8}), "\"a(1)8\" is all of axis \"a\": write \"a\"");
}

TEST(Bytes, ringFormulas) {
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::AllReduce, 65536, 4), 98304);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::AllReduce, 10, 3), 13); // 13.33 rounded down
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::ReduceScatter, 400, 4), 300);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::AllGather, 100, 4), 300);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::AllToAll, 400, 4), 300);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::Broadcast, 400, 4), 400);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::Permute, 400, 1), 400);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::Broadcast, 400, 1), 0);
  EXPECT_EQ(wireBytesPerRank(CollectiveKind::AllReduce, 400, 1), 0);
  EXPECT_EQ(name(CollectiveKind::ReduceScatter), "reduce_scatter");
}

} // namespace
} // namespace tp
