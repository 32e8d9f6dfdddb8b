// Builds the factor maps that many ops share, and goes between axes of dimensions and axes of factors.
//
// A dimension [kv, group] of sizes 2 x 4 that is split over tp = 4 splits kv over the major half tp(1)2 and group over the minor
// half tp(2)2: the axis list is consumed major to minor, each factor taking pieces until its size is used up.
#include "dialects/tp/Tp.h"

#include "llvm/Support/MathExtras.h"

#include <limits>
#include <numeric>

using namespace mlir;

namespace tp {

FactorMap::Tensor FactorMap::addFactorsFor(RankedTensorType type, FactorKind kind) {
  Tensor tensor;
  for (int64_t size : type.getShape())
    tensor.push_back({addFactor(size, kind)});
  return tensor;
}

static FactorMap mapOfAlikeTensors(Operation *op) {
  FactorMap map;
  FactorMap::Tensor shared;
  bool first = true;
  auto add = [&](Type type, SmallVectorImpl<FactorMap::Tensor> &list) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor) {
      list.emplace_back();
      return;
    }
    if (first)
      shared = map.addFactorsFor(tensor);
    first = false;
    list.push_back(shared);
  };
  for (Type type : op->getOperandTypes())
    add(type, map.operands);
  for (Type type : op->getResultTypes())
    add(type, map.results);
  return map;
}

FactorMap elementwiseFactorMap(Operation *op) { return mapOfAlikeTensors(op); }

FactorMap wholeFactorMap(Operation *op) {
  FactorMap map;
  auto add = [&](Type type, SmallVectorImpl<FactorMap::Tensor> &list) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    list.push_back(tensor ? map.addFactorsFor(tensor, FactorKind::Whole) : FactorMap::Tensor());
  };
  for (Type type : op->getOperandTypes())
    add(type, map.operands);
  for (Type type : op->getResultTypes())
    add(type, map.results);
  return map;
}

FactorMap reshapeFactorMap(RankedTensorType from, RankedTensorType to) {
  FactorMap map;
  FactorMap::Tensor left(from.getRank()), right(to.getRank());
  ArrayRef<int64_t> a = from.getShape(), b = to.getShape();
  if (llvm::is_contained(a, 0) || llvm::is_contained(b, 0)) {
    // Of no elements no size divides another: nothing hangs together.
    map.operands.push_back(map.addFactorsFor(from, FactorKind::Whole));
    map.results.push_back(map.addFactorsFor(to, FactorKind::Whole));
    return map;
  }
  size_t i = 0, j = 0;
  // Walks both shapes from the major side; leftA and leftB are what remains of the present dimensions.
  int64_t leftA = 1, leftB = 1;
  bool openA = false, openB = false;
  while (true) {
    if (!openA) {
      while (i < a.size() && a[i] == 1)
        ++i;
      if (i < a.size())
        leftA = a[i], openA = true;
    }
    if (!openB) {
      while (j < b.size() && b[j] == 1)
        ++j;
      if (j < b.size())
        leftB = b[j], openB = true;
    }
    if (!openA || !openB)
      break;
    if (ShapedType::isDynamic(leftA) || ShapedType::isDynamic(leftB)) {
      // The only dynamic dimension of either side; whole unless both stand at the same place.
      bool same = leftA == leftB;
      int64_t factor = map.addFactor(ShapedType::kDynamic, same ? FactorKind::Parallel : FactorKind::Whole);
      left[i].push_back(factor);
      right[j].push_back(same ? factor : map.addFactor(ShapedType::kDynamic, FactorKind::Whole));
      ++i, ++j;
      openA = openB = false;
      continue;
    }
    int64_t common = std::gcd(leftA, leftB);
    bool refines = leftA % leftB == 0 || leftB % leftA == 0;
    if (!refines && common == 1) {
      // 2x3 against 3x2: neither refines the other. All dimensions until both agree again are whole.
      int64_t productA = leftA, productB = leftB;
      auto grow = [](int64_t &product, int64_t size) { // of tensors that are too large, and yet to be refused
        if (llvm::MulOverflow(product, size, product))
          product = std::numeric_limits<int64_t>::max();
      };
      left[i].push_back(map.addFactor(leftA, FactorKind::Whole));
      right[j].push_back(map.addFactor(leftB, FactorKind::Whole));
      while (productA != productB && (i + 1 < a.size() || j + 1 < b.size())) {
        if (productA < productB && i + 1 < a.size()) {
          ++i;
          grow(productA, a[i]);
          left[i].push_back(map.addFactor(a[i], FactorKind::Whole));
        } else if (j + 1 < b.size()) {
          ++j;
          grow(productB, b[j]);
          right[j].push_back(map.addFactor(b[j], FactorKind::Whole));
        } else {
          break;
        }
      }
      ++i, ++j;
      openA = openB = false;
      continue;
    }
    int64_t size = refines ? std::min(leftA, leftB) : common;
    int64_t factor = map.addFactor(size);
    left[i].push_back(factor);
    right[j].push_back(factor);
    leftA /= size;
    leftB /= size;
    if (leftA == 1)
      ++i, openA = false;
    if (leftB == 1)
      ++j, openB = false;
  }
  map.operands.push_back(left);
  map.results.push_back(right);
  return map;
}

Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange resultTypes) {
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addTypes(resultTypes);
  state.addAttributes(op->getDiscardableAttrDictionary().getValue());
  for (Region &region : op->getRegions()) {
    IRMapping mapping;
    region.cloneInto(state.addRegion(), mapping);
  }
  state.propertiesAttr = op->getPropertiesAsAttribute();
  if (!state.propertiesAttr)
    state.addAttributes(op->getAttrs());
  return builder.create(state);
}

bool axesPerFactor(const Mesh &mesh, const FactorMap &map, const FactorMap::Dim &dim, const std::vector<AxisPart> &axes,
                   std::vector<std::pair<int64_t, std::vector<AxisPart>>> &result) {
  std::vector<AxisPart> rest = axes;
  for (size_t i = 0; i < dim.size(); ++i) {
    int64_t pieces = mesh.sizeOf(rest);
    std::vector<AxisPart> mine, minor;
    if (i + 1 == dim.size()) {
      mine = rest;
      rest.clear();
    } else {
      int64_t take = std::gcd(map.factors[dim[i]].size, pieces);
      // What goes on to minor factors must not skip part of this one.
      if (take != pieces && take != map.factors[dim[i]].size)
        return false;
      if (!mesh.splitMajor(rest, take, mine, minor))
        return false;
      rest = minor;
    }
    int64_t size = map.factors[dim[i]].size;
    if (!ShapedType::isDynamic(size) && size % mesh.sizeOf(mine) != 0)
      return false;
    result.emplace_back(dim[i], mesh.merged(mine));
  }
  return dim.empty() ? mesh.sizeOf(axes) == 1 : true;
}

std::vector<AxisPart> axesOfDim(const Mesh &mesh, const FactorMap::Dim &dim,
                                const std::vector<std::vector<AxisPart>> &factorAxes) {
  std::vector<AxisPart> axes;
  for (int64_t factor : dim)
    axes.insert(axes.end(), factorAxes[factor].begin(), factorAxes[factor].end());
  return mesh.merged(axes);
}

} // namespace tp
