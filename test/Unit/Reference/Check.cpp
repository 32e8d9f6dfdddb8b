// The comparison of two forms of a program: right ones agree, a forgotten or doubled reduction shows, and inputs are ones
// that the program can take.
#include "Programs.h"

#include "tp/Reference/Check.h"
#include "tp/Support/Error.h"

namespace tp {

static const char *globalText = R"(
tp.mesh @mesh [tp = 2]
nn.parameter @table : tensor<6x4xf32>
nn.parameter @up : tensor<8x4xf32>
nn.parameter @down : tensor<4x8xf32>
func.func @main(%ids: tensor<1x3xi32>) -> tensor<1x3x4xf32> {
  %t = nn.get @table : tensor<6x4xf32>
  %u = nn.get @up : tensor<8x4xf32>
  %d = nn.get @down : tensor<4x8xf32>
  %x = nn.embedding %ids, %t : tensor<1x3xi32>, tensor<6x4xf32> -> tensor<1x3x4xf32>
  %h = nn.contract "bsh,fh->bsf" %x, %u : tensor<1x3x4xf32>, tensor<8x4xf32> -> tensor<1x3x8xf32>
  %y = nn.contract "bsf,hf->bsh" %h, %d : tensor<1x3x8xf32>, tensor<4x8xf32> -> tensor<1x3x4xf32>
  return %y : tensor<1x3x4xf32>
})";

/// The same on one rank; `up` is loaded from half of the stored tensor, as after a cut of a packed weight.
static std::string localText(const std::string &reduction) {
  return R"(
tp.mesh @mesh [tp = 2]
nn.parameter @table : tensor<3x4xf32> {tp.global = tensor<6x4xf32, #tp.layout<@mesh, [{tp}, {}]>>}
nn.parameter @upper : tensor<2x4xf32> {source = {tensor = "up", offsets = array<i64: 0, 0>, sizes = array<i64: 4, 4>},
                                       tp.global = tensor<4x4xf32, #tp.layout<@mesh, [{tp}, {}]>>}
nn.parameter @lower : tensor<2x4xf32> {source = {tensor = "up", offsets = array<i64: 4, 0>, sizes = array<i64: 4, 4>},
                                       tp.global = tensor<4x4xf32, #tp.layout<@mesh, [{tp}, {}]>>}
nn.parameter @downUpper : tensor<4x2xf32> {source = {tensor = "down", offsets = array<i64: 0, 0>, sizes = array<i64: 4, 4>},
                                           tp.global = tensor<4x4xf32, #tp.layout<@mesh, [{}, {tp}]>>}
nn.parameter @downLower : tensor<4x2xf32> {source = {tensor = "down", offsets = array<i64: 0, 4>, sizes = array<i64: 4, 4>},
                                           tp.global = tensor<4x4xf32, #tp.layout<@mesh, [{}, {tp}]>>}
func.func @main(%ids: tensor<1x3xi32> {tp.global = tensor<1x3xi32, #tp.layout<@mesh, [{}, {}]>>})
    -> (tensor<1x3x4xf32> {tp.global = tensor<1x3x4xf32, #tp.layout<@mesh, [{}, {}, {}]>>}) {
  %t = nn.get @table : tensor<3x4xf32>
  %u = nn.get @upper : tensor<2x4xf32>
  %l = nn.get @lower : tensor<2x4xf32>
  %d = nn.get @downUpper : tensor<4x2xf32>
  %e = nn.get @downLower : tensor<4x2xf32>
  %rank = tp.axis_index over @mesh[tp] : index
  %rows = arith.constant 3 : index
  %first = arith.muli %rank, %rows : index
  %p = nn.embedding %ids, %t first_row %first : tensor<1x3xi32>, tensor<3x4xf32> -> tensor<1x3x4xf32>
  %x = tp.all_reduce sum %p over @mesh[tp], P -> R : tensor<1x3x4xf32>
  %h = nn.contract "bsh,fh->bsf" %x, %u : tensor<1x3x4xf32>, tensor<2x4xf32> -> tensor<1x3x2xf32>
  %g = nn.contract "bsh,fh->bsf" %x, %l : tensor<1x3x4xf32>, tensor<2x4xf32> -> tensor<1x3x2xf32>
  %a = nn.contract "bsf,hf->bsh" %h, %d : tensor<1x3x2xf32>, tensor<4x2xf32> -> tensor<1x3x4xf32>
  %b = nn.contract "bsf,hf->bsh" %g, %e : tensor<1x3x2xf32>, tensor<4x2xf32> -> tensor<1x3x4xf32>
  %s = arith.addf %a, %b : tensor<1x3x4xf32>
  )" + reduction +
         R"(
  return %y : tensor<1x3x4xf32>
})";
}

static double largestDifference(const std::string &reduction, uint64_t seed) {
  Program global(globalText), local(localText(reduction));
  reference::CheckOptions options;
  options.seed = seed;
  reference::CheckCase check = reference::makeCase(global.parsed(), options);
  std::vector<reference::Difference> found =
      reference::differences(reference::runProgram(global.parsed(), check), reference::runProgram(local.parsed(), check));
  EXPECT_EQ(found.size(), 1u);
  return found.at(0).value;
}

TEST(Check, AgreesWithARightPartition) {
  for (uint64_t seed : {1, 2, 3})
    EXPECT_LT(largestDifference("%y = tp.all_reduce sum %s over @mesh[tp], P -> I : tensor<1x3x4xf32>", seed), 1e-6);
}

TEST(Check, NoticesAWrongReduction) {
  EXPECT_GT(largestDifference("%y = tp.all_reduce max %s over @mesh[tp], P -> I : tensor<1x3x4xf32>", 1), 1e-2);
}

TEST(Check, NoticesRanksThatDisagree) {
  try {
    largestDifference("%y = tp.copy %s over @mesh[tp], I -> R : tensor<1x3x4xf32>", 1);
    FAIL() << "no error";
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "output result0 of @main: ranks 0 and 1 should hold the same values, but they differ");
  }
}

TEST(Check, DrawsIdsAndPositionsThatTheProgramCanTake) {
  Program program(R"(
    nn.parameter @table : tensor<6x4xf32>
    nn.state @cache : tensor<2x16x4xf32>
    func.func @prefill(%ids: tensor<2x?xi32>, %positions: tensor<2x?xi32>) -> tensor<2x?x4xf32> attributes {nn.max_dynamic = 16 : i64} {
      %t = nn.get @table : tensor<6x4xf32>
      %x = nn.embedding %ids, %t : tensor<2x?xi32>, tensor<6x4xf32> -> tensor<2x?x4xf32>
      %c = nn.get @cache : tensor<2x16x4xf32>
      %n = nn.cache_update %c, %x, %positions : tensor<2x16x4xf32>, tensor<2x?x4xf32>, tensor<2x?xi32> -> tensor<2x16x4xf32>
      nn.set @cache, %n : tensor<2x16x4xf32>
      return %x : tensor<2x?x4xf32>
    }
    func.func @decode(%ids: tensor<2x1xi32>, %positions: tensor<2x1xi32> {nn.name = "positions"}) -> tensor<2x16x4xf32> {
      %t = nn.get @table : tensor<6x4xf32>
      %x = nn.embedding %ids, %t : tensor<2x1xi32>, tensor<6x4xf32> -> tensor<2x1x4xf32>
      %c = nn.get @cache : tensor<2x16x4xf32>
      %n = nn.cache_update %c, %x, %positions : tensor<2x16x4xf32>, tensor<2x1x4xf32>, tensor<2x1xi32> -> tensor<2x16x4xf32>
      nn.set @cache, %n : tensor<2x16x4xf32>
      return %n : tensor<2x16x4xf32>
    })");
  reference::CheckOptions options;
  options.dynamicExtent = 3;
  reference::CheckCase check = reference::makeCase(program.parsed(), options);
  ASSERT_EQ(check.entries.size(), 2u);
  for (int64_t id : check.entries[0].tensors[0].ints)
    EXPECT_TRUE(id >= 0 && id < 6) << id;
  EXPECT_EQ(check.entries[0].tensors[1].ints, (std::vector<int64_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(check.entries[1].names[1], "positions");
  EXPECT_EQ(check.entries[1].tensors[1].ints, (std::vector<int64_t>{3, 3}));
  // The cache that decode returns holds the three rows of prefill, its own, and zeros.
  reference::Outputs outputs = reference::runProgram(program.parsed(), check);
  const std::vector<double> &rows = outputs[0].tensors[0].floats, &cache = outputs[1].tensors[0].floats;
  EXPECT_TRUE(std::equal(rows.begin(), rows.begin() + 12, cache.begin()));
  EXPECT_NE(cache[12], 0);
  EXPECT_EQ(cache[16], 0);
}

} // namespace tp
