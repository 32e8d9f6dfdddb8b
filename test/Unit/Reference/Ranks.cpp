// Local programs on pretend ranks, states, calls, and whole tensors to shards and back.
#include "Programs.h"

#include "tp/Reference/Shards.h"
#include "tp/Support/Error.h"

namespace tp {

static const char *localMlp = R"(
tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<1x2xf32>, %a: tensor<1x2xf32>, %b: tensor<2x1xf32>) -> tensor<1x2xf32> {
  %f = tp.copy %x over @mesh[tp], I -> R : tensor<1x2xf32>
  %h = nn.contract "bh,fh->bf" %f, %a : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x1xf32>
  %p = nn.contract "bf,hf->bh" %h, %b : tensor<1x1xf32>, tensor<2x1xf32> -> tensor<1x2xf32>
  %y = tp.all_reduce sum %p over @mesh[tp], P -> I : tensor<1x2xf32>
  return %y : tensor<1x2xf32>
})";

TEST(Ranks, AShardedMlpEqualsTheWholeOne) {
  Program program(localMlp);
  EXPECT_EQ(reference::ranksOf(program.function()), 2);
  Mesh mesh = Mesh::parse("tp=2");
  HostTensor x = floats({1, 2}, {1, 2}), a = floats({2, 2}, {1, 0, 1, 1}), b = floats({2, 2}, {2, 0, 1, 1});
  std::vector<HostTensor> aShards = reference::splitToRanks(a, Layout::parse("[{tp}, {}]"), mesh);
  std::vector<HostTensor> bShards = reference::splitToRanks(b, Layout::parse("[{}, {tp}]"), mesh);
  reference::PerRank results = program.runOnRanks({{x, aShards[0], bShards[0]}, {x, aShards[1], bShards[1]}});
  ASSERT_EQ(results.size(), 2u);
  // h = (1, 3); y = (2*1 + 0*3, 1*1 + 1*3).
  HostTensor y = reference::assemble({results[0][0], results[1][0]}, Layout::parse("[{}, {}]"), mesh);
  expectNear(y, {1, 2}, {2, 4});
}

TEST(Ranks, EachKnowsItsIndex) {
  Program program(R"(
    tp.mesh @mesh [dp = 2, tp = 2]
    func.func @main() -> index {
      %r = tp.axis_index over @mesh[tp] : index
      return %r : index
    })");
  reference::PerRank results = program.runOnRanks({{}, {}, {}, {}});
  ASSERT_EQ(results.size(), 4u);
  for (int64_t rank = 0; rank < 4; ++rank)
    EXPECT_EQ(results[rank][0].ints[0], rank % 2);
}

TEST(State, LivesFromOneExecutionToTheNext) {
  Program program(R"(
    nn.state @count : tensor<1xf32>
    func.func private @plus(%a: tensor<1xf32>, %b: tensor<1xf32>) -> tensor<1xf32> {
      %s = arith.addf %a, %b : tensor<1xf32>
      return %s : tensor<1xf32>
    }
    func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      %old = nn.get @count : tensor<1xf32>
      %new = func.call @plus(%old, %x) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      nn.set @count, %new : tensor<1xf32>
      %again = nn.get @count : tensor<1xf32>
      return %again : tensor<1xf32>
    })");
  // A get reads the value at the start of the function, also after a set.
  expectNear(program.run({floats({1}, {5})})[0], {1}, {0});
  expectNear(program.run({floats({1}, {2})})[0], {1}, {5});
  expectNear(program.stores[0]["count"], {1}, {7});
}

TEST(Parameter, WithoutAValueIsAnError) {
  Program program(R"(
    nn.parameter @w : tensor<1xf32>
    func.func @main() -> tensor<1xf32> {
      %w = nn.get @w : tensor<1xf32>
      return %w : tensor<1xf32>
    })");
  EXPECT_EQ(program.errorOf({}), "'nn.get' op got no value for parameter @w on rank 0");
}

TEST(Shards, SplitAndAssembleByLayout) {
  Mesh mesh = Mesh::parse("dp=2,tp=4");
  HostTensor whole = varied({8, 4, 3});
  for (const char *text : {"[{}, {}, {}]", "[{dp}, {tp}, {}]", "[{tp, dp}, {}, {}]", "[{tp(2)2}, {tp(1)2, dp}, {}]",
                           "[{dp}, {}, {}], partial = sum<tp>", "[{tp}, {}, {}], partial = max<dp>"}) {
    Layout layout = Layout::parse(text);
    HostTensor again = reference::assemble(reference::splitToRanks(whole, layout, mesh), layout, mesh);
    EXPECT_EQ(again.shape, whole.shape) << text;
    EXPECT_EQ(again.floats, whole.floats) << text;
  }
}

TEST(Shards, ReplicatedPartsMustBeBitEqual) {
  Mesh mesh = Mesh::parse("tp=2");
  Layout whole = Layout::parse("[{}]");
  EXPECT_THROW(reference::assemble({floats({1}, {1}), floats({1}, {1 + 1e-7})}, whole, mesh), Error);
}

} // namespace tp
