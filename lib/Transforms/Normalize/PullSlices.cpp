// Pulls fixed slices of x*W back to W, so that packed weights (q|k|v, gate|up) are split part by part and never gathered.
//
// A *box* is a rectangular part of a value. The box of a value is found from boxes of the operands of the op that makes it: through
// a transpose its dimensions are permuted, through a contraction each letter's range goes to the operands that have the letter, and
// so on up to the weights. It is done only where everything that uses x*W is in the end such a slice: then nothing is computed twice.
#include "lib/Transforms/Normalize/Steps.h"

#include "dialects/nn/Equation.h"
#include "tp/Analysis/Parameters.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <map>

using namespace mlir;

namespace tp::normalize {

namespace {

struct Box {
  SmallVector<int64_t> offsets, sizes; // the size of a dynamic dimension, always whole, is kDynamic

  static Box whole(Value value) {
    ArrayRef<int64_t> shape = tensorType(value).getShape();
    return {SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape)};
  }
  bool isWholeOf(Value value) const { return ArrayRef<int64_t>(sizes) == tensorType(value).getShape(); }
  bool operator<(const Box &other) const { return std::tie(offsets, sizes) < std::tie(other.offsets, other.sizes); }
};

std::optional<Box> boxOf(nn::SliceOp op) {
  if (llvm::any_of(op.getStrides(), [](int64_t stride) { return stride != 1; }))
    return std::nullopt;
  Box box{SmallVector<int64_t>(op.getOffsets()), SmallVector<int64_t>(op.getType().getShape())};
  return box;
}

// The box of `from` with the elements of the box of `to`, where one is a reshape of the other. Dimensions are taken in groups with
// equal products; within a group the box must be one run of elements.
std::optional<Box> boxBeforeReshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to, const Box &box) {
  Box result;
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    size_t fromBegin = i, toBegin = j;
    int64_t fromProduct = i < from.size() ? from[i++] : 1, toProduct = j < to.size() ? to[j++] : 1;
    while (fromProduct != toProduct) {
      bool extendsFrom = fromProduct < toProduct;
      if (extendsFrom ? i == from.size() : j == to.size())
        return std::nullopt;
      (extendsFrom ? fromProduct : toProduct) *= extendsFrom ? from[i++] : to[j++];
    }
    // The run [begin, begin + length) of the group's elements.
    int64_t begin = 0, length = 1;
    bool fits = true, seenRange = false;
    for (size_t dim = toBegin; dim < j; ++dim) {
      if (seenRange && box.sizes[dim] != to[dim])
        fits = false; // a range in a minor dimension under several indices of a major one
      seenRange |= box.sizes[dim] > 1;
      begin = begin * to[dim] + box.offsets[dim];
      length *= box.sizes[dim];
    }
    if (!fits)
      return std::nullopt;
    // As a box of the group's dimensions before the reshape.
    int64_t inner = fromProduct;
    bool found = false;
    for (size_t dim = fromBegin; dim < i; ++dim) {
      inner /= from[dim];
      int64_t offset = begin / inner % from[dim];
      if (found) { // whole, below the dimension with the range
        result.offsets.push_back(0);
        result.sizes.push_back(from[dim]);
        continue;
      }
      if (length >= inner) {
        if (length % inner || begin % inner || offset + length / inner > from[dim])
          return std::nullopt;
        result.offsets.push_back(offset);
        result.sizes.push_back(length / inner);
        found = true;
      } else { // one index, the range lies in it
        result.offsets.push_back(offset);
        result.sizes.push_back(1);
        if (begin % inner + length > inner)
          return std::nullopt;
      }
    }
  }
  return result;
}

class SlicePuller {
public:
  explicit SlicePuller(func::FuncOp function)
      : function(function), symbols(function->getParentOfType<ModuleOp>()), isParameter(parameterArguments(function)) {}

  void run() {
    SmallVector<Operation *> roots;
    function.walk([&](Operation *op) {
      if (isa<nn::ContractOp, nn::ReshapeOp, nn::TransposeOp, nn::MapOp, nn::ConcatOp>(op))
        roots.push_back(op);
    });
    // From the first op on, so that a whole chain goes at once.
    for (Operation *root : roots)
      pullBelow(root);
    // What was pulled past is unused now; a weight must not seem to have a use in it.
    for (Block &block : function.getBody())
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
        if (isOpTriviallyDead(&op))
          op.erase();
  }

private:
  void pullBelow(Operation *root) {
    if (!isa<nn::ContractOp>(root) && !isMadeOfParameters(root->getResult(0)))
      return;
    SmallVector<nn::SliceOp> slices;
    SmallVector<ConstrainOp> wishes;
    if (!endsInSlices(root->getResult(0)))
      return;
    collectSlices(root->getResult(0), slices, wishes);
    if (slices.empty())
      return;
    auto cannot = [&](nn::SliceOp slice) {
      std::optional<Box> box = boxOf(slice);
      return !box || failed(part(nullptr, slice.getInput(), *box));
    };
    if (llvm::any_of(slices, cannot))
      return;
    OpBuilder builder(root);
    known.clear();
    for (nn::SliceOp slice : slices) {
      FailureOr<Value> pulled = part(&builder, slice.getInput(), *boxOf(slice));
      slice.getResult().replaceAllUsesWith(*pulled);
      slice.erase();
    }
    for (ConstrainOp wish : wishes) { // its parts have it now; it would keep the whole alive
      wish.getResult().replaceAllUsesWith(wish.getInput());
      wish.erase();
    }
    feasible.clear();
    madeOfParameters.clear();
    endingInSlices.clear();
  }

  bool isMadeOfParameters(Value value) {
    return once(madeOfParameters, value, [&] {
      if (isSource(value))
        return true;
      Operation *op = value.getDefiningOp();
      return op && isa<nn::ReshapeOp, nn::TransposeOp, nn::MapOp, nn::ConcatOp, nn::SliceOp>(op) && op->getNumOperands() &&
             llvm::all_of(op->getOperands(), [&](Value operand) { return isMadeOfParameters(operand); });
    });
  }

  // Both questions follow the residual stream from one end to the other: asked anew for each layer they would be quadratic.
  template <typename Answer> static bool once(llvm::DenseMap<Value, bool> &answers, Value value, Answer answer) {
    auto found = answers.find(value);
    if (found != answers.end())
      return found->second;
    bool result = answer();
    answers[value] = result;
    return result;
  }

  bool isSource(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return argument.getOwner() == &function.getBody().front() && isParameter[argument.getArgNumber()];
    if (auto get = value.getDefiningOp<nn::GetOp>()) {
      auto parameter = symbols.lookup<nn::ParameterOp>(get.getName());
      // Padding is there so that the whole divides; what is left without it does not.
      return parameter && !(parameter.getSource() && parameter.getSource()->contains("pad_to"));
    }
    return matchPattern(value, m_Constant());
  }

  // Every use of `value` ends in a slice, through ops whose box can be asked for.
  bool endsInSlices(Value value) {
    return once(endingInSlices, value, [&] {
      return llvm::all_of(value.getUsers(), [&](Operation *user) {
        auto broadcast = dyn_cast<nn::BroadcastOp>(user);
        bool tellsSizeOnly = broadcast && broadcast.getInput() != value;
        return isa<nn::SliceOp>(user) || ((isa<nn::ReshapeOp, nn::TransposeOp, nn::MapOp, ConstrainOp>(user) || tellsSizeOnly) &&
                                          endsInSlices(user->getResult(0)));
      });
    });
  }

  // Those slices, and the wishes on the way.
  void collectSlices(Value value, SmallVector<nn::SliceOp> &slices, SmallVector<ConstrainOp> &wishes) {
    for (Operation *user : value.getUsers()) {
      if (auto slice = dyn_cast<nn::SliceOp>(user)) {
        if (!llvm::is_contained(slices, slice))
          slices.push_back(slice);
        continue;
      }
      if (auto wish = dyn_cast<ConstrainOp>(user); wish && !llvm::is_contained(wishes, wish))
        wishes.push_back(wish);
      collectSlices(user->getResult(0), slices, wishes);
    }
  }

  //===-- The box of a value ------------------------------------------------------------------------------------===//

  // The part `box` of `value`, built from the parts of what it is made of; without a builder only whether that can be done (then
  // the value returned means nothing).
  FailureOr<Value> part(OpBuilder *builder, Value value, const Box &box) {
    if (box.isWholeOf(value))
      return value;
    auto key = std::make_pair(value.getAsOpaquePointer(), box);
    if (auto found = known.find(key); builder && found != known.end())
      return found->second;
    OpBuilder::InsertionGuard guard(builder ? *builder : scratch);
    if (builder && value.getDefiningOp())
      builder->setInsertionPoint(value.getDefiningOp());
    if (!builder)
      if (auto found = feasible.find(key); found != feasible.end())
        return found->second ? FailureOr<Value>(value) : FailureOr<Value>(failure());
    FailureOr<Value> result = partOf(builder, value, box);
    if (!builder)
      feasible[key] = succeeded(result);
    if (failed(result))
      return failure();
    for (Operation *user : value.getUsers())
      if (auto wish = dyn_cast<ConstrainOp>(user); wish && wish->use_empty()) { // a wish on the value, and so on its parts
        if (!builder && !holdsFor(wish, box)) {
          feasible[key] = false;
          return failure();
        }
        if (builder)
          ConstrainOp::create(*builder, wish.getLoc(), *result, wish.getLayout());
      }
    if (builder)
      known[key] = *result;
    return result;
  }

  bool holdsFor(ConstrainOp wish, const Box &box) {
    MeshOp mesh = findMesh(wish);
    std::vector<int64_t> shape;
    for (int64_t size : box.sizes)
      shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
    return mesh && problemWith(wish.getLayout().getLayout(), shape, mesh.getMesh()).empty();
  }

  static RankedTensorType typeOf(Value value, const Box &box) { return tensorType(value).clone(box.sizes); }

  static Value sliced(OpBuilder *builder, Value value, const Box &box) {
    if (!builder)
      return value;
    SmallVector<int64_t> sizes(box.sizes), strides(box.sizes.size(), 1);
    llvm::replace(sizes, ShapedType::kDynamic, int64_t(-1));
    return nn::SliceOp::create(*builder, value.getLoc(), typeOf(value, box), value, box.offsets, sizes, strides);
  }

  FailureOr<Value> partOf(OpBuilder *builder, Value value, const Box &box) {
    if (isSource(value)) {
      if (builder && !value.getDefiningOp())
        builder->setInsertionPointToStart(cast<BlockArgument>(value).getOwner());
      else if (builder)
        builder->setInsertionPointAfter(value.getDefiningOp());
      return sliced(builder, value, box);
    }
    Operation *op = value.getDefiningOp();
    if (!op)
      return failure();
    return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
        .Case<nn::ContractOp, nn::MapOp, nn::TransposeOp, nn::ReshapeOp, nn::BroadcastOp, nn::ConcatOp, nn::SliceOp, ConstrainOp>(
            [&](auto op) { return partThrough(builder, op, box); })
        .Default([](Operation *) { return failure(); });
  }

  FailureOr<Value> partThrough(OpBuilder *builder, nn::ContractOp op, const Box &box) {
    std::string problem;
    nn::Equation equation = *nn::Equation::parse(op.getEquation(), problem);
    auto operandPart = [&](Value operand, const std::string &letters) {
      Box mine = Box::whole(operand);
      for (auto [dim, letter] : llvm::enumerate(letters))
        if (size_t at = equation.result.find(letter); at != std::string::npos) {
          mine.offsets[dim] = box.offsets[at];
          mine.sizes[dim] = box.sizes[at];
        }
      return part(builder, operand, mine);
    };
    FailureOr<Value> lhs = operandPart(op.getLhs(), equation.lhs), rhs = operandPart(op.getRhs(), equation.rhs);
    if (failed(lhs) || failed(rhs))
      return failure();
    if (!builder)
      return lhs;
    return nn::ContractOp::create(*builder, op.getLoc(), typeOf(op, box), op.getEquationAttr(), *lhs, *rhs).getResult();
  }

  FailureOr<Value> partThrough(OpBuilder *builder, nn::MapOp op, const Box &box) {
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      FailureOr<Value> mine = part(builder, input, box);
      if (failed(mine))
        return failure();
      inputs.push_back(*mine);
    }
    if (!builder)
      return op.getResult();
    auto map = nn::MapOp::create(*builder, op.getLoc(), typeOf(op, box), inputs);
    IRMapping mapping;
    op.getBody().cloneInto(&map.getBody(), mapping);
    return map.getResult();
  }

  FailureOr<Value> partThrough(OpBuilder *builder, nn::TransposeOp op, const Box &box) {
    Box mine = Box::whole(op.getInput());
    for (auto [to, from] : llvm::enumerate(op.getPermutation())) {
      mine.offsets[from] = box.offsets[to];
      mine.sizes[from] = box.sizes[to];
    }
    FailureOr<Value> input = part(builder, op.getInput(), mine);
    if (failed(input) || !builder)
      return input;
    return nn::TransposeOp::create(*builder, op.getLoc(), typeOf(op, box), *input, op.getPermutation()).getResult();
  }

  FailureOr<Value> partThrough(OpBuilder *builder, nn::ReshapeOp op, const Box &box) {
    if (!op.getType().hasStaticShape())
      return failure();
    std::optional<Box> mine = boxBeforeReshape(tensorType(op.getInput()).getShape(), op.getType().getShape(), box);
    if (!mine)
      return failure();
    FailureOr<Value> input = part(builder, op.getInput(), *mine);
    if (failed(input) || !builder)
      return input;
    return reshaped(*builder, *input, box.sizes);
  }

  // Of what only tells the size, the same box.
  FailureOr<Value> partThrough(OpBuilder *builder, nn::BroadcastOp op, const Box &box) {
    FailureOr<Value> like = Value(op.getLike());
    if (op.getLike())
      like = part(builder, op.getLike(), box);
    if (failed(like))
      return failure();
    Box mine = Box::whole(op.getInput());
    for (auto [from, to] : llvm::enumerate(op.getDims())) {
      mine.offsets[from] = box.offsets[to];
      mine.sizes[from] = box.sizes[to];
    }
    FailureOr<Value> input = part(builder, op.getInput(), mine);
    if (failed(input) || !builder)
      return input;
    return nn::BroadcastOp::create(*builder, op.getLoc(), typeOf(op, box), *input, op.getDims(), *like).getResult();
  }

  FailureOr<Value> partThrough(OpBuilder *builder, nn::ConcatOp op, const Box &box) {
    int64_t dim = op.getDim(), begin = box.offsets[dim];
    for (Value input : op.getInputs()) {
      int64_t size = tensorType(input).getDimSize(dim);
      if (begin < size) {
        Box mine = box;
        mine.offsets[dim] = begin;
        if (begin + box.sizes[dim] > size)
          return failure();
        return part(builder, input, mine);
      }
      begin -= size;
    }
    return failure();
  }

  FailureOr<Value> partThrough(OpBuilder *builder, nn::SliceOp op, const Box &box) {
    std::optional<Box> outer = boxOf(op);
    if (!outer)
      return failure();
    Box mine = box;
    for (auto [offset, more] : llvm::zip_equal(mine.offsets, outer->offsets))
      offset += more;
    return part(builder, op.getInput(), mine);
  }

  FailureOr<Value> partThrough(OpBuilder *builder, ConstrainOp op, const Box &box) {
    if (!holdsFor(op, box))
      return failure();
    FailureOr<Value> input = part(builder, op.getInput(), box);
    if (failed(input) || !builder)
      return input;
    return ConstrainOp::create(*builder, op.getLoc(), *input, op.getLayout()).getResult();
  }

  func::FuncOp function;
  SymbolTable symbols;
  SmallVector<bool> isParameter;
  std::map<std::pair<void *, Box>, Value> known;   // parts that are built already
  std::map<std::pair<void *, Box>, bool> feasible; // whether a part can be built: residual connections make many paths
  llvm::DenseMap<Value, bool> madeOfParameters, endingInSlices;
  OpBuilder scratch{function.getContext()};
};

} // namespace

void pullSlicesToParameters(func::FuncOp function) {
  if (!function.isExternal())
    SlicePuller(function).run();
}

} // namespace tp::normalize
