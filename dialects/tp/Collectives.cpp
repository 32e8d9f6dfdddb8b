// The collectives: which states each may go between, what it computes on all ranks, and its conjugate.
//
// The conjugate table in one place. A cotangent has the dual state of its value (R <-> P, I and S stay), so the backward half of
// an op X -> Y takes dual(Y) to dual(X), and the verifier of the built op checks the table again.
#include "dialects/tp/Tp.h"
#include "tp/Support/Neutral.h"

using namespace mlir;

namespace tp {

LogicalResult verifyCollectiveAxes(Operation *op, FlatSymbolRefAttr mesh, AxesAttr axes);

namespace {

using States = std::pair<State, State>;
using PerRank = std::vector<HostTensor>;

int64_t groupSize(Operation *op, AxesAttr axes) { return findMesh(op).getMesh().sizeOf(axes.getParts()); }

// Axes known, states allowed, and the dimension `dim` grows (growth 1) or shrinks (growth -1) by the size of the group.
LogicalResult check(Collective op, ArrayRef<States> allowed, std::optional<int64_t> dim = {}, int growth = 0) {
  if (failed(verifyCollectiveAxes(op, op.getMeshAttr(), op.getAxesAttr())))
    return failure();
  if (!llvm::is_contained(allowed, States(op.getFrom(), op.getTo()))) {
    InFlightDiagnostic diagnostic = op->emitOpError() << "cannot go from " << stringifyState(op.getFrom()) << " to "
                                                      << stringifyState(op.getTo()) << "; it goes from ";
    llvm::interleave(
        allowed, [&](States s) { diagnostic << stringifyState(s.first) << " to " << stringifyState(s.second); },
        [&] { diagnostic << " or "; });
    return diagnostic;
  }
  auto from = cast<RankedTensorType>(op->getOperand(0).getType());
  auto to = cast<RankedTensorType>(op->getResult(0).getType());
  if (from.getElementType() != to.getElementType() || from.getRank() != to.getRank())
    return op->emitOpError("changes the element type or the number of dimensions");
  if (!dim)
    return success();
  int64_t ranks = groupSize(op, op.getAxesAttr());
  for (int64_t i = 0; i < from.getRank(); ++i) {
    int64_t a = from.getDimSize(i), b = to.getDimSize(i);
    if (ShapedType::isDynamic(a) != ShapedType::isDynamic(b))
      return op->emitOpError() << "dimension " << i << " is dynamic on one side only";
    if (ShapedType::isDynamic(a))
      continue;
    bool fits = i != *dim ? a == b : growth > 0 ? b == a * ranks : a == b * ranks;
    if (!fits)
      return op->emitOpError() << "over " << ranks << " ranks takes dimension " << i << " from " << a << " to "
                               << (i != *dim    ? a
                                   : growth > 0 ? a * ranks
                                                : a / ranks)
                               << ", not to " << b;
  }
  if (*dim < 0 || *dim >= from.getRank())
    return op->emitOpError() << "has no dimension " << *dim << " in a tensor of rank " << from.getRank();
  return success();
}

LogicalResult checkRoot(Collective op, int64_t root) {
  int64_t ranks = groupSize(op, op.getAxesAttr());
  if (root < 0 || root >= ranks)
    return op->emitOpError() << "has root " << root << " in a group of " << ranks;
  return success();
}

double combine(Reduction kind, double a, double b) {
  return kind == Reduction::Sum ? a + b : kind == Reduction::Max ? std::max(a, b) : std::min(a, b);
}

// Sums wrap around.
int64_t combine(Reduction kind, int64_t a, int64_t b) {
  int64_t sum = static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  return kind == Reduction::Sum ? sum : kind == Reduction::Max ? std::max(a, b) : std::min(a, b);
}

void setAt(HostTensor &to, int64_t i, const HostTensor &from, int64_t j) {
  if (to.isFloat())
    to.floats[i] = from.floats[j];
  else
    to.ints[i] = from.ints[j];
}

// outer, extent, inner of dimension `dim`.
std::array<int64_t, 3> around(const HostTensor &tensor, int64_t dim) {
  std::array<int64_t, 3> result{1, tensor.shape[dim], 1};
  for (int64_t i = 0; i < int64_t(tensor.shape.size()); ++i)
    (i < dim ? result[0] : result[2]) *= i == dim ? 1 : tensor.shape[i];
  return result;
}

HostTensor sliceOf(const HostTensor &whole, int64_t dim, int64_t pieces, int64_t index) {
  std::vector<int64_t> shape = whole.shape;
  shape[dim] /= pieces;
  HostTensor result = HostTensor::zeros(whole.type, shape);
  auto [outer, extent, inner] = around(result, dim);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t e = 0; e < extent * inner; ++e)
      setAt(result, o * extent * inner + e, whole, o * pieces * extent * inner + index * extent * inner + e);
  return result;
}

// Writes `shard` as piece `index` of `pieces` along `dim` into `whole`.
void putInto(HostTensor &whole, const HostTensor &shard, int64_t dim, int64_t pieces, int64_t index) {
  auto [outer, extent, inner] = around(shard, dim);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t e = 0; e < extent * inner; ++e)
      setAt(whole, o * pieces * extent * inner + index * extent * inner + e, shard, o * extent * inner + e);
}

HostTensor zerosGrown(const HostTensor &shard, int64_t dim, int64_t pieces) {
  std::vector<int64_t> shape = shard.shape;
  shape[dim] *= pieces;
  return HostTensor::zeros(shard.type, shape);
}

HostTensor gathered(const PerRank &operands, const std::vector<int64_t> &group, int64_t dim) {
  HostTensor whole = zerosGrown(operands[group[0]], dim, group.size());
  for (size_t i = 0; i < group.size(); ++i)
    putInto(whole, operands[group[i]], dim, group.size(), i);
  return whole;
}

// Adds in group order, as every communicator of the runtime does, rounding once at the end.
HostTensor reduced(const PerRank &operands, const std::vector<int64_t> &group, Reduction kind) {
  HostTensor result = operands[group[0]];
  for (size_t r = 1; r < group.size(); ++r) {
    const HostTensor &other = operands[group[r]];
    for (size_t i = 0; i < result.floats.size(); ++i)
      result.floats[i] = combine(kind, result.floats[i], other.floats[i]);
    for (size_t i = 0; i < result.ints.size(); ++i)
      result.ints[i] = combine(kind, result.ints[i], other.ints[i]);
  }
  result.round();
  return result;
}

HostTensor neutralLike(const HostTensor &like, Reduction kind) {
  HostTensor result = like;
  fillNeutral(result, kind);
  return result;
}

// Calls `compute(group, index of the rank in it)` for every rank.
PerRank onEveryRank(const Mesh &mesh, AxesAttr axes,
                    function_ref<HostTensor(const std::vector<int64_t> &group, int64_t index)> compute) {
  PerRank results;
  for (int64_t rank = 0; rank < mesh.size(); ++rank)
    results.push_back(compute(mesh.groupOf(axes.getParts(), rank), mesh.indexAlong(axes.getParts(), rank)));
  return results;
}

} // namespace

//===-- f: copy --------------------------------------------------------------------------------------------------===//

LogicalResult CopyOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::I, State::R}, {State::R, State::I}});
}
std::optional<CollectiveKind> CopyOp::getCollectiveKind() { return std::nullopt; }
PerRank CopyOp::evaluateOnRanks(const Mesh &, const PerRank &operands) { return operands; }
Value CopyOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getFrom() == State::R)
    return KeepOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::I, State::P,
                          ReductionKind::Sum);
  return AllReduceOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::P, State::I,
                             ReductionKind::Sum);
}

//===-- g: all_reduce --------------------------------------------------------------------------------------------===//

LogicalResult AllReduceOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::P, State::I}, {State::P, State::R}});
}
std::optional<CollectiveKind> AllReduceOp::getCollectiveKind() { return CollectiveKind::AllReduce; }
Reduction AllReduceOp::getReductionKind() { return toReduction(getReduction()); }
PerRank AllReduceOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(),
                     [&](const auto &group, int64_t) { return reduced(operands, group, getReductionKind()); });
}
Value AllReduceOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getReduction() != ReductionKind::Sum)
    return {};
  if (getTo() == State::I)
    return CopyOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::I, State::R);
  return AllReduceOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::P, State::R,
                             ReductionKind::Sum);
}

//===-- all_gather, reduce_scatter, slice, place -----------------------------------------------------------------===//

LogicalResult AllGatherOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::S, State::I}, {State::S, State::R}}, getDim(), 1);
}
std::optional<CollectiveKind> AllGatherOp::getCollectiveKind() { return CollectiveKind::AllGather; }
PerRank AllGatherOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t) { return gathered(operands, group, getDim()); });
}
Value AllGatherOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getTo() == State::I)
    return SliceOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::I, State::S, getDim());
  return ReduceScatterOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::P, State::S, getDim(),
                                 ReductionKind::Sum);
}

LogicalResult ReduceScatterOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::P, State::S}}, getDim(), -1);
}
std::optional<CollectiveKind> ReduceScatterOp::getCollectiveKind() { return CollectiveKind::ReduceScatter; }
Reduction ReduceScatterOp::getReductionKind() { return toReduction(getReduction()); }
PerRank ReduceScatterOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    return sliceOf(reduced(operands, group, getReductionKind()), getDim(), group.size(), index);
  });
}
Value ReduceScatterOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getReduction() != ReductionKind::Sum)
    return {};
  return AllGatherOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::S, State::R, getDim());
}

LogicalResult SliceOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::I, State::S}, {State::R, State::S}}, getDim(), -1);
}
std::optional<CollectiveKind> SliceOp::getCollectiveKind() { return std::nullopt; }
PerRank SliceOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    return sliceOf(operands[group[index]], getDim(), group.size(), index);
  });
}
Value SliceOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getFrom() == State::I)
    return AllGatherOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::S, State::I, getDim());
  return PlaceOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::S, State::P, getDim());
}

LogicalResult PlaceOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::S, State::P}}, getDim(), 1);
}
std::optional<CollectiveKind> PlaceOp::getCollectiveKind() { return std::nullopt; }
PerRank PlaceOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    HostTensor whole = zerosGrown(operands[group[index]], getDim(), group.size());
    putInto(whole, operands[group[index]], getDim(), group.size(), index);
    return whole;
  });
}
Value PlaceOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  return SliceOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::R, State::S, getDim());
}

//===-- all_to_all -----------------------------------------------------------------------------------------------===//

LogicalResult AllToAllOp::verifySymbolUses(SymbolTableCollection &) {
  auto op = cast<Collective>(getOperation());
  if (failed(check(op, {{State::S, State::S}})))
    return failure();
  auto from = cast<RankedTensorType>(getInput().getType()), to = cast<RankedTensorType>(getResult().getType());
  int64_t rank = from.getRank(), split = getSplit(), concat = getConcat(), ranks = groupSize(op, getAxesAttr());
  if (split == concat || split < 0 || concat < 0 || split >= rank || concat >= rank)
    return emitOpError() << "needs two different dimensions of a tensor of rank " << rank << ", has split " << split
                         << " and concat " << concat;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t a = from.getDimSize(i), b = to.getDimSize(i);
    if (ShapedType::isDynamic(a) || ShapedType::isDynamic(b))
      continue;
    if (i == split ? a != b * ranks : i == concat ? b != a * ranks : a != b)
      return emitOpError() << "over " << ranks << " ranks does not take dimension " << i << " from " << a << " to " << b;
  }
  return success();
}
std::optional<CollectiveKind> AllToAllOp::getCollectiveKind() { return CollectiveKind::AllToAll; }
PerRank AllToAllOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    return sliceOf(gathered(operands, group, getConcat()), getSplit(), group.size(), index);
  });
}
Value AllToAllOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  return AllToAllOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::S, State::S, getConcat(),
                            getSplit());
}

//===-- keep -----------------------------------------------------------------------------------------------------===//

LogicalResult KeepOp::verifySymbolUses(SymbolTableCollection &) {
  return check(cast<Collective>(getOperation()), {{State::I, State::P}, {State::R, State::P}});
}
std::optional<CollectiveKind> KeepOp::getCollectiveKind() { return std::nullopt; }
Reduction KeepOp::getReductionKind() { return toReduction(getReduction()); }
PerRank KeepOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    const HostTensor &mine = operands[group[index]];
    return index == 0 ? mine : neutralLike(mine, getReductionKind());
  });
}
Value KeepOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getReduction() != ReductionKind::Sum)
    return {};
  if (getFrom() == State::I)
    return CopyOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::R, State::I);
  return KeepOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::R, State::P,
                        ReductionKind::Sum);
}

//===-- broadcast, reduce, gather, scatter -----------------------------------------------------------------------===//

LogicalResult BroadcastOp::verifySymbolUses(SymbolTableCollection &) {
  auto op = cast<Collective>(getOperation());
  return failure(failed(check(op, {{State::R, State::I}, {State::R, State::R}})) || failed(checkRoot(op, getRoot())));
}
std::optional<CollectiveKind> BroadcastOp::getCollectiveKind() { return CollectiveKind::Broadcast; }
PerRank BroadcastOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t) { return operands[group[getRoot()]]; });
}
Value BroadcastOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  // Used identically, every rank has the whole cotangent already; used differently, the root needs the sum.
  if (getTo() == State::I)
    return KeepOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::I, State::P,
                          ReductionKind::Sum);
  return ReduceOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::P, State::P, getRoot(),
                          ReductionKind::Sum);
}

LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &) {
  auto op = cast<Collective>(getOperation());
  return failure(failed(check(op, {{State::P, State::P}})) || failed(checkRoot(op, getRoot())));
}
std::optional<CollectiveKind> ReduceOp::getCollectiveKind() { return CollectiveKind::Reduce; }
Reduction ReduceOp::getReductionKind() { return toReduction(getReduction()); }
PerRank ReduceOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    HostTensor total = reduced(operands, group, getReductionKind());
    return index == int64_t(getRoot()) ? total : neutralLike(total, getReductionKind());
  });
}
Value ReduceOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  if (getReduction() != ReductionKind::Sum)
    return {};
  return BroadcastOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::R, State::R, getRoot());
}

LogicalResult GatherOp::verifySymbolUses(SymbolTableCollection &) {
  auto op = cast<Collective>(getOperation());
  return failure(failed(check(op, {{State::S, State::P}}, getDim(), 1)) || failed(checkRoot(op, getRoot())));
}
std::optional<CollectiveKind> GatherOp::getCollectiveKind() { return CollectiveKind::Gather; }
PerRank GatherOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    HostTensor whole = gathered(operands, group, getDim());
    return index == int64_t(getRoot()) ? whole : neutralLike(whole, Reduction::Sum);
  });
}
Value GatherOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  return ScatterOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::R, State::S, getDim(),
                           getRoot());
}

LogicalResult ScatterOp::verifySymbolUses(SymbolTableCollection &) {
  auto op = cast<Collective>(getOperation());
  return failure(failed(check(op, {{State::R, State::S}}, getDim(), -1)) || failed(checkRoot(op, getRoot())));
}
std::optional<CollectiveKind> ScatterOp::getCollectiveKind() { return CollectiveKind::Scatter; }
PerRank ScatterOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    return sliceOf(operands[group[getRoot()]], getDim(), group.size(), index);
  });
}
Value ScatterOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  return GatherOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::S, State::P, getDim(),
                          getRoot());
}

//===-- permute --------------------------------------------------------------------------------------------------===//

LogicalResult PermuteOp::verifySymbolUses(SymbolTableCollection &) {
  auto op = cast<Collective>(getOperation());
  if (failed(check(op, {{State::S, State::S}})))
    return failure();
  ArrayRef<int64_t> pairs = getPairs();
  int64_t ranks = groupSize(op, getAxesAttr());
  if (pairs.size() % 2)
    return emitOpError("needs pairs of a source and a target");
  llvm::SmallDenseSet<int64_t> sources, targets;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i] < 0 || pairs[i] >= ranks)
      return emitOpError() << "names rank " << pairs[i] << " in a group of " << ranks;
    if (!(i % 2 ? targets : sources).insert(pairs[i]).second)
      return emitOpError() << "names " << (i % 2 ? "target " : "source ") << pairs[i] << " twice";
  }
  return success();
}
std::optional<CollectiveKind> PermuteOp::getCollectiveKind() { return CollectiveKind::Permute; }
PerRank PermuteOp::evaluateOnRanks(const Mesh &mesh, const PerRank &operands) {
  return onEveryRank(mesh, getAxesAttr(), [&](const auto &group, int64_t index) {
    for (size_t i = 0; i + 1 < getPairs().size(); i += 2)
      if (getPairs()[i + 1] == index)
        return operands[group[getPairs()[i]]];
    return neutralLike(operands[group[index]], Reduction::Sum);
  });
}
Value PermuteOp::buildConjugate(OpBuilder &b, Location loc, Value cotangent) {
  SmallVector<int64_t> turned;
  for (size_t i = 0; i + 1 < getPairs().size(); i += 2)
    turned.append({getPairs()[i + 1], getPairs()[i]});
  return PermuteOp::create(b, loc, getInput().getType(), cotangent, getMesh(), getAxesAttr(), State::S, State::S, turned);
}

} // namespace tp

// The ops' own methods need the attribute texts of TpAttributes.cpp.
namespace tp {
mlir::ParseResult parseAxesOfMesh(mlir::OpAsmParser &parser, mlir::FlatSymbolRefAttr &mesh, AxesAttr &axes);
void printAxesOfMesh(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::FlatSymbolRefAttr mesh, AxesAttr axes);
} // namespace tp

#define GET_OP_CLASSES
#include "dialects/tp/TpOps.cpp.inc"
