// Every collective against its backward half: <Ax, y> = <x, A^T y> on varied data.
//
// Values and cotangents are paired by the state of the value: once for I (all ranks hold the same), summed over the ranks for S, with
// the sum of the ranks' cotangents for R, and the sum of the ranks' values for P. A conjugate that is one all-reduce short, or
// one too many, breaks the identity. All arithmetic is in eighths and exact.
#include "Programs.h"

#include "dialects/tp/Tp.h"

using namespace mlir;

namespace tp {

using PerRank = std::vector<HostTensor>;

static constexpr int64_t ranks = 4;

// What the ranks hold of a value of this state: the same on all where it is whole.
static PerRank variedOnRanks(State state, RankedTensorType type, int64_t seed) {
  PerRank values;
  for (int64_t rank = 0; rank < ranks; ++rank)
    values.push_back(varied(shapeOf(type), state == State::I || state == State::R ? seed : seed + 1 + rank));
  return values;
}

static State cotangentState(State state) { return state == State::R ? State::P : state == State::P ? State::R : state; }

static double product(const HostTensor &a, const HostTensor &b) {
  double sum = 0;
  for (int64_t i = 0; i < a.count(); ++i)
    sum += a.floats[i] * b.floats[i];
  return sum;
}

static HostTensor total(const PerRank &values) {
  HostTensor sum = values[0];
  for (size_t rank = 1; rank < values.size(); ++rank)
    for (int64_t i = 0; i < sum.count(); ++i)
      sum.floats[i] += values[rank].floats[i];
  return sum;
}

static double paired(State state, const PerRank &values, const PerRank &cotangents) {
  switch (state) {
  case State::I:
    return product(values[0], cotangents[0]);
  case State::R:
    return product(values[0], total(cotangents));
  case State::P:
    return product(total(values), cotangents[0]);
  case State::S:
    break;
  }
  double sum = 0;
  for (int64_t rank = 0; rank < ranks; ++rank)
    sum += product(values[rank], cotangents[rank]);
  return sum;
}

class Conjugates : public testing::TestWithParam<const char *> {};

TEST_P(Conjugates, KeepTheInnerProduct) {
  std::string text = GetParam();
  std::string types = text.substr(text.find(" : ") + 3);
  size_t arrow = types.find(" -> ");
  std::string from = types.substr(0, arrow), to = arrow == std::string::npos ? from : types.substr(arrow + 4);
  Program program("tp.mesh @mesh [tp = 4]\nfunc.func @main(%x: " + from + ") -> " + to + " {\n%y = " + text +
                  "\nreturn %y : " + to + "\n}");
  func::FuncOp function = program.function();
  ASSERT_TRUE(function);
  auto forward = cast<Collective>(function.getBody().front().front());
  auto inputType = cast<RankedTensorType>(forward->getOperand(0).getType());
  auto resultType = cast<RankedTensorType>(forward->getResult(0).getType());
  Mesh mesh = Mesh::parse("tp=4");

  // Any value of the result's type may stand for the cotangent: only the op that is built matters.
  OpBuilder builder(function.getBody().front().getTerminator());
  auto backward = forward.buildConjugate(builder, forward.getLoc(), forward->getResult(0)).getDefiningOp<Collective>();
  ASSERT_TRUE(backward);
  EXPECT_EQ(backward->getResult(0).getType(), forward->getOperand(0).getType());
  EXPECT_EQ(backward.getFrom(), cotangentState(forward.getTo()));
  EXPECT_EQ(backward.getTo(), cotangentState(forward.getFrom()));

  for (int64_t seed = 0; seed < 5; ++seed) {
    PerRank x = variedOnRanks(forward.getFrom(), inputType, seed);
    PerRank y = variedOnRanks(cotangentState(forward.getTo()), resultType, 100 + 3 * seed);
    PerRank ax = forward.evaluateOnRanks(mesh, x), aty = backward.evaluateOnRanks(mesh, y);
    EXPECT_EQ(paired(forward.getTo(), ax, y), paired(forward.getFrom(), x, aty)) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Conjugates,
    testing::Values("tp.copy %x over @mesh[tp], I -> R : tensor<4x8xf32>",
                    "tp.all_reduce sum %x over @mesh[tp], P -> I : tensor<4x8xf32>",
                    "tp.all_reduce sum %x over @mesh[tp], P -> R : tensor<4x8xf32>",
                    "tp.all_gather %x dim 1 over @mesh[tp], S -> I : tensor<4x2xf32> -> tensor<4x8xf32>",
                    "tp.all_gather %x dim 0 over @mesh[tp], S -> R : tensor<4x2xf32> -> tensor<16x2xf32>",
                    "tp.reduce_scatter sum %x dim 1 over @mesh[tp], P -> S : tensor<4x8xf32> -> tensor<4x2xf32>",
                    "tp.all_to_all %x split 1 concat 0 over @mesh[tp], S -> S : tensor<4x8xf32> -> tensor<16x2xf32>",
                    "tp.slice %x dim 1 over @mesh[tp], I -> S : tensor<4x8xf32> -> tensor<4x2xf32>",
                    "tp.slice %x dim 0 over @mesh[tp], R -> S : tensor<4x8xf32> -> tensor<1x8xf32>",
                    "tp.place %x dim 1 over @mesh[tp], S -> P : tensor<4x2xf32> -> tensor<4x8xf32>",
                    "tp.keep sum %x over @mesh[tp], I -> P : tensor<4x8xf32>",
                    "tp.keep sum %x over @mesh[tp], R -> P : tensor<4x8xf32>",
                    "tp.broadcast %x root 2 over @mesh[tp], R -> I : tensor<4x8xf32>",
                    "tp.broadcast %x root 2 over @mesh[tp], R -> R : tensor<4x8xf32>",
                    "tp.reduce sum %x root 1 over @mesh[tp], P -> P : tensor<4x8xf32>",
                    "tp.gather %x dim 1 root 3 over @mesh[tp], S -> P : tensor<4x2xf32> -> tensor<4x8xf32>",
                    "tp.scatter %x dim 1 root 3 over @mesh[tp], R -> S : tensor<4x8xf32> -> tensor<4x2xf32>",
                    "tp.permute %x pairs [0, 1, 1, 2] over @mesh[tp], S -> S : tensor<4x8xf32>"));

} // namespace tp
