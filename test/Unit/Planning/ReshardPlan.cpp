// Plans between layouts: golden ones, and seeded random pairs that are carried out on pretend ranks. There every element is
// its own global number, so that a shard in the wrong place shows.
#include "tp/Planning/ReshardPlan.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

using namespace tp;

namespace {

// What one rank holds: global element number -> value, so shards need no index arithmetic of their own.
using Piece = std::vector<double>; // row-major over the local shape

struct Ranks {
  Mesh mesh;
  std::vector<int64_t> shape; // global
  Layout layout;
  std::vector<Piece> pieces;
};

int64_t count(const std::vector<int64_t> &sizes) {
  int64_t n = 1;
  for (int64_t size : sizes)
    n *= size;
  return n;
}

std::vector<int64_t> unravel(int64_t i, const std::vector<int64_t> &sizes) {
  std::vector<int64_t> index(sizes.size());
  for (size_t d = sizes.size(); d-- > 0; i /= sizes[d])
    index[d] = i % sizes[d];
  return index;
}

int64_t ravel(const std::vector<int64_t> &index, const std::vector<int64_t> &sizes) {
  int64_t i = 0;
  for (size_t d = 0; d < sizes.size(); ++d)
    i = i * sizes[d] + index[d];
  return i;
}

// The whole tensor whose element i is i + 1, laid out: partial values get random terms that add up.
Ranks laidOut(const Mesh &mesh, const std::vector<int64_t> &shape, const Layout &layout, std::mt19937 &random) {
  Ranks ranks{mesh, shape, layout, std::vector<Piece>(mesh.size())};
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    Shard shard = shardOf(shape, layout, mesh, rank);
    for (int64_t i = 0; i < count(shard.sizes); ++i) {
      std::vector<int64_t> index = unravel(i, shard.sizes);
      for (size_t d = 0; d < index.size(); ++d)
        index[d] += shard.offsets[d];
      ranks.pieces[rank].push_back(ravel(index, shape) + 1);
    }
  }
  if (!layout.isPartial())
    return ranks;
  std::vector<Piece> terms = ranks.pieces;
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    std::vector<int64_t> group = mesh.groupOf(layout.partial, rank);
    if (group[0] != rank)
      continue;
    for (size_t i = 0; i < terms[rank].size(); ++i) {
      double rest = terms[rank][i];
      for (size_t k = 1; k < group.size(); ++k) {
        double term = int(random() % 100);
        terms[group[k]][i] = term;
        rest -= term;
      }
      terms[rank][i] = rest;
    }
  }
  // Ranks outside the group along other axes hold the same terms as their peers: the layout replicates there.
  std::map<std::vector<int64_t>, int64_t> first;
  std::vector<AxisPart> used = layout.partial;
  for (const DimLayout &dim : layout.dims)
    used.insert(used.end(), dim.axes.begin(), dim.axes.end());
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    std::vector<int64_t> key;
    for (const AxisPart &part : used)
      key.push_back(mesh.indexAlong({part}, rank));
    ranks.pieces[rank] = terms[first.try_emplace(key, rank).first->second];
  }
  return ranks;
}

// Carries out one step from its definition on global indices.
void apply(Ranks &ranks, const ReshardStep &step) {
  const Mesh &mesh = ranks.mesh;
  std::vector<Piece> result(mesh.size());
  std::vector<int64_t> before = localShape(ranks.shape, ranks.layout, mesh), after = localShape(ranks.shape, step.after, mesh);
  for (int64_t rank = 0; rank < mesh.size(); ++rank) {
    std::vector<int64_t> group = mesh.groupOf(step.axes, rank);
    int64_t mine = mesh.indexAlong(step.axes, rank), n = group.size();
    Piece reduced = ranks.pieces[group[0]];
    for (int64_t k = 1; k < n; ++k)
      for (size_t i = 0; i < reduced.size(); ++i)
        reduced[i] += ranks.pieces[group[k]][i];
    for (int64_t i = 0; i < count(after); ++i) {
      std::vector<int64_t> index = unravel(i, after);
      auto gatheredAt = [&](std::vector<int64_t> at, int64_t dim) {
        int64_t owner = at[dim] / before[dim];
        at[dim] %= before[dim];
        return ranks.pieces[group[owner]][ravel(at, before)];
      };
      auto slicedIndex = [&](std::vector<int64_t> at, int64_t dim) {
        at[dim] += mine * after[dim];
        return at;
      };
      switch (step.kind) {
      case ReshardStep::Kind::AllReduce:
        result[rank].push_back(reduced[i]);
        break;
      case ReshardStep::Kind::ReduceScatter:
        result[rank].push_back(reduced[ravel(slicedIndex(index, step.dim), before)]);
        break;
      case ReshardStep::Kind::AllGather:
        result[rank].push_back(gatheredAt(index, step.dim));
        break;
      case ReshardStep::Kind::AllToAll:
        result[rank].push_back(gatheredAt(slicedIndex(index, step.dim), step.concatDim));
        break;
      case ReshardStep::Kind::Slice:
        result[rank].push_back(ranks.pieces[rank][ravel(slicedIndex(index, step.dim), before)]);
        break;
      case ReshardStep::Kind::Keep:
        result[rank].push_back(mine == 0 ? ranks.pieces[rank][i] : 0);
        break;
      }
    }
  }
  ranks.pieces = std::move(result);
  ranks.layout = step.after;
}

// The whole tensor that `ranks` denotes, as `rank` sees it.
Piece denoted(const Ranks &ranks, int64_t rank) {
  Piece whole = ranks.pieces[rank];
  if (ranks.layout.isPartial()) {
    std::vector<int64_t> group = ranks.mesh.groupOf(ranks.layout.partial, rank);
    whole = ranks.pieces[group[0]];
    for (size_t k = 1; k < group.size(); ++k)
      for (size_t i = 0; i < whole.size(); ++i)
        whole[i] += ranks.pieces[group[k]][i];
  }
  return whole;
}

ReshardPlan plan(const std::string &mesh, std::vector<int64_t> shape, const std::string &from, const std::string &to) {
  auto result = planReshard(Mesh::parse(mesh), shape, 4, 1, Layout::parse(from), Layout::parse(to));
  EXPECT_TRUE(result) << from << " to " << to;
  return result.value_or(ReshardPlan());
}

std::string names(const ReshardPlan &plan) {
  std::string text;
  for (const ReshardStep &step : plan.steps) {
    const char *names[] = {"all_reduce", "reduce_scatter", "all_gather", "all_to_all", "slice", "keep"};
    text += std::string(text.empty() ? "" : ", ") + names[int(step.kind)] + " " + str(step.axes);
  }
  return text;
}

Layout randomLayout(const Mesh &mesh, const std::vector<int64_t> &shape, bool mayBePartial, std::mt19937 &random) {
  // Every axis is whole, halved (where it has a middle), or moved as one.
  Layout layout = Layout::whole(shape.size());
  std::vector<AxisPart> parts;
  for (const MeshAxis &axis : mesh.axes)
    if (axis.size == 4 && random() % 3 == 0) {
      parts.push_back({axis.name, 1, 2});
      parts.push_back({axis.name, 2, 2});
    } else {
      parts.push_back({axis.name});
    }
  std::shuffle(parts.begin(), parts.end(), random);
  for (const AxisPart &part : parts) {
    size_t place = random() % (shape.size() + 2);
    if (place < shape.size() && shape[place] % (mesh.sizeOf(layout.dims[place].axes) * mesh.sizeOf(part)) == 0)
      layout.dims[place].axes.push_back(part);
    else if (place == shape.size() && mayBePartial)
      layout.partial.push_back(part);
  }
  return canonical(mesh, layout);
}

} // namespace

TEST(ReshardPlan, UsesOneCollectiveWhereOneDoes) {
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{}, {}], partial = sum<tp>", "[{}, {}]")), "all_reduce tp");
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{}, {}], partial = sum<tp>", "[{}, {tp}]")), "reduce_scatter tp");
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{}, {tp}]", "[{}, {}]")), "all_gather tp");
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{}, {tp}]", "[{tp}, {}]")), "all_to_all tp");
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{}, {}]", "[{tp}, {}]")), "slice tp");
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{}, {}]", "[{}, {}], partial = sum<tp>")), "keep tp");
}

TEST(ReshardPlan, CountsTheBytesOfBytesH) {
  EXPECT_EQ(plan("tp=4", {8, 16}, "[{}, {}], partial = sum<tp>", "[{}, {}]").wireBytes, 2 * 3 * 512 / 4);
  EXPECT_EQ(plan("tp=4", {8, 16}, "[{}, {tp}]", "[{tp}, {}]").wireBytes, 3 * 128 / 4);
}

TEST(ReshardPlan, JoinsAxesIntoOneCollective) {
  EXPECT_EQ(names(plan("dp=2,tp=4", {8, 16}, "[{}, {}], partial = sum<dp, tp>", "[{}, {}]")), "all_reduce dp, tp");
  EXPECT_EQ(names(plan("dp=2,tp=4", {8, 16}, "[{dp, tp}, {}]", "[{}, {}]")), "all_gather dp, tp");
}

TEST(ReshardPlan, GathersTheMinorPartOnly) {
  EXPECT_EQ(names(plan("tp=4", {8, 16}, "[{tp}, {}]", "[{tp(1)2}, {}]")), "all_gather tp(2)2");
  EXPECT_EQ(names(plan("dp=2,tp=4", {8, 16}, "[{dp, tp}, {}]", "[{dp}, {}]")), "all_gather tp");
}

TEST(ReshardPlan, FreesAMajorAxisByParkingTheMinorOne) {
  // dp cannot leave before tp; parking both on the other dimension costs less than gathering them.
  EXPECT_EQ(names(plan("dp=2,tp=4", {8, 16}, "[{dp, tp}, {}]", "[{tp}, {}]")), "all_to_all dp, tp, all_to_all tp, all_gather dp");
  // Where there is no other dimension, everything is gathered, and a slice is free.
  EXPECT_EQ(names(plan("dp=2,tp=4", {8}, "[{dp, tp}]", "[{tp}]")), "all_gather dp, tp, slice tp");
}

TEST(ReshardPlan, ScattersOnlyWhereTheDimensionDivides) {
  EXPECT_EQ(names(plan("tp=4", {6, 16}, "[{}, {}], partial = sum<tp>", "[{}, {tp}]")), "reduce_scatter tp");
  EXPECT_EQ(names(plan("tp=4", {6, 3}, "[{}, {}], partial = sum<tp>", "[{}, {}]")), "all_reduce tp");
}

TEST(ReshardPlan, HasNoneWhereTheSizeDoesNotDivide) {
  EXPECT_FALSE(planReshard(Mesh::parse("tp=2"), {3}, 4, 1, Layout::parse("[{}]"), Layout::parse("[{tp}]")));
}

TEST(ReshardPlan, NeedsNothingOverAnAxisOfSizeOne) { EXPECT_TRUE(plan("tp=1", {8}, "[{tp}]", "[{}]").steps.empty()); }

TEST(ReshardPlan, CarriesAnyLayoutToAnyOther) {
  std::mt19937 random(20240607);
  int checked = 0;
  for (const char *meshText : {"tp=4", "dp=2,tp=4", "dp=2,sp=2,tp=2", "a=3,b=2"})
    for (int trial = 0; trial < 120; ++trial) {
      Mesh mesh = Mesh::parse(meshText);
      std::vector<int64_t> shape = random() % 2 ? std::vector<int64_t>{24, 48} : std::vector<int64_t>{8, 6, 12};
      Layout from = randomLayout(mesh, shape, true, random), to = randomLayout(mesh, shape, true, random);
      bool legal = true; // C3 of tp.reshard
      for (const AxisPart &part : to.partial)
        for (const DimLayout &dim : from.dims)
          legal &= !mesh.overlap(dim.axes, part);
      if (!legal)
        continue;
      auto plan = planReshard(mesh, shape, 4, 1, from, to);
      ASSERT_TRUE(plan) << meshText << " " << from.str() << " to " << to.str();
      Ranks ranks = laidOut(mesh, shape, from, random), wanted = laidOut(mesh, shape, to, random);
      for (const ReshardStep &step : plan->steps)
        apply(ranks, step);
      EXPECT_EQ(ranks.layout, to);
      for (int64_t rank = 0; rank < mesh.size(); ++rank)
        ASSERT_EQ(denoted(ranks, rank), denoted(wanted, rank))
            << meshText << " " << from.str() << " to " << to.str() << ": " << names(*plan) << ", rank " << rank;
      ++checked;
    }
  EXPECT_GT(checked, 200);
}
