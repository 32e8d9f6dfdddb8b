// Infers states forward, op by op, from the ops' factor maps.
//
// A local program no longer says which factor an axis splits. It follows from the operands: a dimension with one factor
// gives that factor its axes, and a dimension with several (query heads = key heads x group) is told apart by the operand
// that has one of them alone. Where no operand tells (64 -> 1x64: which of the two is split?; a constant; a new dimension of a
// broadcast), Partition writes the global type of the result beside the op. What a rank may combine is then a question per axis: see
// `combine`.
#include "tp/Analysis/StateAnalysis.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tp {

using Axes = std::vector<AxisPart>;

static std::string braced(const Axes &axes) { return "{" + tp::str(axes) + "}"; }

std::string LocalState::str() const {
  std::string text;
  auto add = [&](const std::string &state, const Axes &axes) {
    if (!axes.empty())
      text += (text.empty() ? "" : ", ") + state + " over " + tp::str(axes);
  };
  for (size_t d = 0; d < dims.size(); ++d)
    add("S(" + std::to_string(d) + ")", dims[d]);
  add("P(" + tp::str(reduction) + ")", partial);
  add("R", replicated);
  return text.empty() ? "I" : text;
}

LocalState declaredState(RankedTensorType global) {
  LocalState state;
  const Layout &layout = layoutOf(global).getLayout();
  for (const DimLayout &dim : layout.dims)
    state.dims.push_back(dim.axes);
  state.partial = layout.partial;
  state.reduction = layout.reduction;
  state.hasCotangent = isa<FloatType>(global.getElementType());
  state.uniform.assign(global.getRank(), false);
  return state;
}

namespace {

// "operand 1" or "result 0"
std::string operandText(size_t index) { return "operand " + std::to_string(index); }

Axes removed(const Mesh &mesh, const Axes &from, const Axes &what) {
  if (from.empty())
    return {};
  Axes result;
  for (const AxisPart &atom : mesh.atoms({from, what}))
    if (mesh.overlap(from, atom) && !mesh.overlap(what, atom))
      result.push_back(atom);
  return mesh.merged(result);
}

bool covers(const Mesh &mesh, const Axes &axes, const Axes &what) { return removed(mesh, what, axes).empty(); }

} // namespace

class StateInference {
public:
  StateInference(func::FuncOp function, StateAnalysis &analysis)
      : function(function), module(function->getParentOfType<ModuleOp>()), mesh(findMesh(function).getMesh()),
        analysis(analysis) {}

  void run() {
    for (auto [i, argument] : llvm::enumerate(function.getArguments()))
      if (isa<RankedTensorType>(argument.getType()))
        set(argument, declaredOf(function, argument.getType(), function.getArgAttr(i, globalTypeAttrName),
                                 "argument " + std::to_string(i)));
    for (Operation &op : function.getBody().front()) {
      bool known = llvm::none_of(op.getOperands(), [&](Value operand) { return unknown.contains(operand); });
      if (known && succeeded(infer(&op)))
        continue;
      analysis.consistent = false;
      leaveUnknown(&op);
    }
  }

private:
  //===-- Declarations -------------------------------------------------------------------------------------------===//

  LocalState declaredOf(Operation *op, Type type, Attribute attribute, const std::string &what) {
    auto local = cast<RankedTensorType>(type);
    auto typeAttr = dyn_cast_or_null<TypeAttr>(attribute);
    auto global = typeAttr ? dyn_cast<RankedTensorType>(typeAttr.getValue()) : RankedTensorType();
    if (!global || !layoutOf(global)) {
      op->emitError() << what << " has no " << globalTypeAttrName << ", which says what it is a part of";
      analysis.consistent = false;
      return whole(local);
    }
    if (std::string problem = problemWith(layoutOf(global).getLayout(), shapeOf(global), mesh); !problem.empty()) {
      op->emitError() << what << ": " << globalTypeAttrName << ": " << problem;
      analysis.consistent = false;
      return whole(local);
    }
    if (localType(global, mesh) != local) {
      op->emitError() << what << " has type " << local << ", but one rank's part of " << global << " is "
                      << localType(global, mesh);
      analysis.consistent = false;
      return whole(local);
    }
    return stripped(declaredState(global));
  }

  static LocalState whole(RankedTensorType type) {
    LocalState state;
    state.dims.resize(type.getRank());
    state.uniform.assign(type.getRank(), false);
    return state;
  }

  Axes stripped(const Axes &axes) const {
    Axes kept;
    for (const AxisPart &part : axes)
      if (mesh.sizeOf(part) > 1)
        kept.push_back(part);
    return mesh.merged(kept);
  }

  LocalState stripped(LocalState state) const {
    for (Axes &axes : state.dims)
      if (!axes.empty())
        axes = stripped(axes);
    for (Axes *axes : {&state.partial, &state.replicated})
      if (!axes->empty())
        *axes = mesh.merged(mesh.atoms({stripped(*axes)}));
    return state;
  }

  void set(Value value, LocalState state) { analysis.states[value] = stripped(std::move(state)); }
  const LocalState &of(Value value) const { return analysis.states.find(value)->second; }

  // What follows from a mistake is not looked at, so that it gives one error.
  void leaveUnknown(Operation *op) {
    for (Value result : op->getResults()) {
      unknown.insert(result);
      if (auto type = dyn_cast<RankedTensorType>(result.getType()))
        set(result, whole(type));
    }
  }

  // Whether dimension `d` may be taken as split over `wanted` although it is not, or over fewer axes: all elements along it are alike,
  // so what a rank holds is its shard as well. What has a cotangent must be R over the axes that are missing.
  bool servesAs(const LocalState &state, size_t d, const Axes &wanted) const {
    if (!state.uniform[d] || !covers(mesh, wanted, state.dims[d]))
      return false;
    return !state.hasCotangent || covers(mesh, state.replicated, removed(mesh, wanted, state.dims[d]));
  }

  // Whether `value` is what `declared` says, for results, states and arguments of calls.
  LogicalResult requireDeclared(Operation *op, Value value, const LocalState &declared, const Twine &what) {
    const LocalState &state = of(value);
    Axes given = state.replicated;
    bool fits = true;
    for (size_t d = 0; d < declared.dims.size(); ++d)
      fits &= state.dims[d] == declared.dims[d] || servesAs(state, d, declared.dims[d]);
    bool samePartial = state.partial == declared.partial && (state.partial.empty() || state.reduction == declared.reduction);
    fits &= samePartial || (state.partial.empty() && state.isNeutral(declared.reduction));
    for (size_t d = 0; d < declared.dims.size(); ++d)
      given = removed(mesh, given, declared.dims[d]);
    fits &= given.empty() || !state.hasCotangent;
    if (fits)
      return success();
    LocalState shown = state;
    InFlightDiagnostic error = op->emitError() << what << " is declared as " << declared.str() << ", but is " << shown.str();
    noteOrigin(error, value);
    return error;
  }

  void noteOrigin(InFlightDiagnostic &error, Value value) {
    if (Operation *op = value.getDefiningOp())
      error.attachNote(op->getLoc()) << "it is made here, by '" << op->getName() << "'";
    else
      error.attachNote(value.getLoc()) << "it is an argument";
  }

  //===-- Ops ----------------------------------------------------------------------------------------------------===//

  LogicalResult infer(Operation *op) {
    if (auto get = dyn_cast<nn::GetOp>(op)) {
      set(get, stateOfSymbol(op, get.getName(), get.getType()));
      return success();
    }
    if (auto assignment = dyn_cast<nn::SetOp>(op))
      return requireDeclared(op, assignment.getValue(), stateOfSymbol(op, assignment.getName(), assignment.getValue().getType()),
                             "the new value of @" + assignment.getName());
    if (auto call = dyn_cast<func::CallOp>(op))
      return inferCall(call);
    if (isa<func::ReturnOp>(op))
      return checkReturn(op);
    if (auto collective = dyn_cast<Collective>(op))
      return inferCollective(collective);
    if (llvm::none_of(op->getResultTypes(), llvm::IsaPred<TensorType>))
      return success(); // sizes and scalars
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      LocalState state = stateOfConstant(constant);
      if (failed(addWrittenLayout(constant, state)))
        return failure();
      set(constant, state);
      return success();
    }
    if (auto iota = dyn_cast<nn::IotaOp>(op))
      return inferIota(iota);
    if (isa<tensor::EmptyOp>(op)) {
      LocalState state = whole(cast<RankedTensorType>(op->getResult(0).getType()));
      state.uniform.assign(state.dims.size(), true);
      state.neutralForSum = state.neutralForMax = state.neutralForMin = true;
      if (failed(addWrittenLayout(op, state)))
        return failure();
      set(op->getResult(0), state);
      return success();
    }
    if (auto reshape = dyn_cast<nn::ReshapeOp>(op))
      return inferReshape(reshape);
    if (auto rule = dyn_cast<ShardingRule>(op))
      return inferByRule(op, rule);
    return inferWhole(op);
  }

  // Looking through the module for each of its thousand parameters would be quadratic.
  Operation *declarationOf(StringRef name) {
    if (!symbols)
      symbols.emplace(module);
    return symbols->lookup(name);
  }

  LocalState stateOfSymbol(Operation *op, StringRef name, Type type) {
    Operation *declaration = declarationOf(name);
    Attribute global = declaration ? declaration->getAttr(globalTypeAttrName) : Attribute();
    return declaredOf(declaration ? declaration : op, type, global, ("@" + name).str());
  }

  LogicalResult inferCall(func::CallOp call) {
    auto callee = dyn_cast_or_null<func::FuncOp>(declarationOf(call.getCallee()));
    if (!callee)
      return call.emitError() << "calls @" << call.getCallee() << ", which is not a function of this module";
    bool good = true;
    for (auto [i, operand] : llvm::enumerate(call.getOperands()))
      if (isa<RankedTensorType>(operand.getType()))
        good &= succeeded(requireDeclared(
            call, operand,
            declaredOf(callee, operand.getType(), callee.getArgAttr(i, globalTypeAttrName), "argument " + std::to_string(i)),
            "operand " + Twine(i) + " of the call"));
    for (auto [i, result] : llvm::enumerate(call.getResults()))
      if (isa<RankedTensorType>(result.getType()))
        set(result,
            declaredOf(callee, result.getType(), callee.getResultAttr(i, globalTypeAttrName), "result " + std::to_string(i)));
    return success(good);
  }

  LogicalResult checkReturn(Operation *op) {
    bool good = true;
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      if (isa<RankedTensorType>(operand.getType()))
        good &= succeeded(requireDeclared(
            op, operand,
            declaredOf(function, operand.getType(), function.getResultAttr(i, globalTypeAttrName), "result " + std::to_string(i)),
            "result " + Twine(i)));
    return success(good);
  }

  LocalState stateOfConstant(arith::ConstantOp op) {
    LocalState state = whole(cast<RankedTensorType>(op.getType()));
    auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!elements || !elements.isSplat())
      return state;
    state.uniform.assign(state.dims.size(), true);
    setNeutral(state, elements.getSplatValue<Attribute>());
    return state;
  }

  // The layout that Partition has written beside an op whose operands do not tell how its result is split.
  FailureOr<LayoutAttr> writtenLayout(Operation *op) {
    auto written = op->getAttrOfType<TypeAttr>(globalTypeAttrName);
    auto global = written ? dyn_cast<RankedTensorType>(written.getValue()) : RankedTensorType();
    if (!global || !layoutOf(global))
      return LayoutAttr();
    std::string problem = problemWith(layoutOf(global).getLayout(), shapeOf(global), mesh);
    if (!problem.empty())
      return op->emitOpError() << globalTypeAttrName << ": " << problem;
    if (localType(global, mesh) != op->getResult(0).getType())
      return op->emitOpError() << "makes " << op->getResult(0).getType() << ", but one rank's part of " << global << " is "
                               << localType(global, mesh);
    return layoutOf(global);
  }

  // Of a value whose elements are alike along a dimension, any part is a shard, and what is neutral is a part of a partial value: they
  // are what is written.
  LogicalResult addWrittenLayout(Operation *op, LocalState &state) {
    FailureOr<LayoutAttr> written = writtenLayout(op);
    if (failed(written) || failed(addWrittenPartial(op, *written, state)))
      return failure();
    for (size_t d = 0; *written && d < state.dims.size(); ++d) {
      Axes axes = stripped(written->getLayout().dims[d].axes);
      if (axes.empty() || !state.dims[d].empty())
        continue;
      if (!state.uniform[d])
        return op->emitOpError() << "differs along dimension " << d << ", so the same on all ranks is no shard over "
                                 << braced(axes);
      state.dims[d] = axes;
    }
    return success();
  }

  LogicalResult addWrittenPartial(Operation *op, LayoutAttr written, LocalState &state) {
    Axes partial = written ? stripped(written.getLayout().partial) : Axes();
    if (partial.empty())
      return success();
    if (!state.isNeutral(written.getLayout().reduction))
      return op->emitOpError() << "is not neutral, so the same on all ranks is no partial "
                               << tp::str(written.getLayout().reduction) << " over " << braced(partial);
    state.partial = partial;
    state.reduction = written.getLayout().reduction;
    return success();
  }

  static void setNeutral(LocalState &state, Attribute element) {
    if (auto number = dyn_cast_or_null<FloatAttr>(element)) {
      state.neutralForSum = number.getValue().isZero();
      state.neutralForMax = number.getValue().isInfinity() && number.getValue().isNegative();
      state.neutralForMin = number.getValue().isInfinity() && !number.getValue().isNegative();
    } else if (auto number = dyn_cast_or_null<IntegerAttr>(element)) {
      state.neutralForSum = number.getValue().isZero();
      state.neutralForMax = number.getValue().isMinSignedValue();
      state.neutralForMin = number.getValue().isMaxSignedValue();
    }
  }

  // The axes of the tp.axis_index that a scalar is computed from.
  Axes axesBehind(Value scalar) {
    Operation *op = scalar ? scalar.getDefiningOp() : nullptr;
    if (!op)
      return {};
    if (auto index = dyn_cast<AxisIndexOp>(op))
      return stripped(index.getAxes().getParts());
    for (Value operand : op->getOperands())
      if (!isa<TensorType>(operand.getType()))
        if (Axes axes = axesBehind(operand); !axes.empty())
          return axes;
    return {};
  }

  LogicalResult inferIota(nn::IotaOp op) {
    LocalState state = whole(cast<RankedTensorType>(op.getType()));
    state.uniform.assign(state.dims.size(), true);
    state.uniform[op.getDim()] = false;
    state.dims[op.getDim()] = axesBehind(op.getOffset());
    if (op.getLike())
      for (size_t d = 0; d < state.dims.size(); ++d)
        if (state.uniform[d])
          state.dims[d] = of(op.getLike()).dims[d];
    if (failed(addWrittenLayout(op, state)))
      return failure();
    set(op, state);
    return success();
  }

  //===-- Collectives --------------------------------------------------------------------------------------------===//

  LogicalResult inferCollective(Collective op) {
    Value input = op->getOperand(0);
    LocalState state = of(input);
    Axes axes = stripped(op.getAxesAttr().getParts());
    if (axes.empty()) {
      set(op->getResult(0), state);
      return success();
    }
    auto refuse = [&](const Twine &needed) -> LogicalResult {
      InFlightDiagnostic error = op->emitOpError()
                                 << "needs its operand " << needed << " over " << braced(axes) << ", but it is " << state.str();
      noteOrigin(error, input);
      return error;
    };
    bool isSplit = llvm::any_of(state.dims, [&](const Axes &dim) { return overlaps(dim, axes); });
    // 1. The operand is in the state that the op names.
    int64_t dim = -1;
    switch (op.getFrom()) {
    case State::P:
      if (!covers(mesh, state.partial, axes) || state.reduction != op.getReductionKind())
        return refuse("partial (" + tp::str(op.getReductionKind()) + ")");
      break;
    case State::I:
      if (isSplit || overlaps(state.partial, axes) || (state.hasCotangent && overlaps(state.replicated, axes)))
        return refuse("invariant (I)");
      break;
    case State::R:
      if (isSplit || overlaps(state.partial, axes) || (state.hasCotangent && !covers(mesh, state.replicated, axes)))
        return refuse("replicated (R)");
      break;
    case State::S:
      dim = dimOf(op);
      // All elements along a uniform dimension are alike: what every rank holds is its shard as well.
      if (dim >= 0 && !endsWith(state.dims[dim], axes) && state.uniform[dim] && !overlaps(state.partial, axes)) {
        for (const AxisPart &part : axes)
          llvm::erase_if(state.dims[dim], [&](const AxisPart &other) { return mesh.overlap(other, part); });
        break;
      }
      if (dim < 0 ? !isSplit : !endsWith(state.dims[dim], axes))
        return refuse(dim < 0 ? Twine("split") : "split along dimension " + Twine(dim) + ", as its minor axes,");
      if (dim >= 0)
        state.dims[dim] = withoutMinor(state.dims[dim], axes);
      break;
    }
    // 2. The result is in the other one. A uniform dimension stays so, but for one that is put together from the shards of ranks.
    if (dim >= 0)
      state.uniform[dim] = false;
    else if (isa<PermuteOp>(op.getOperation()))
      state.uniform.assign(state.dims.size(), false);
    state.neutralForSum = state.neutralForMax = state.neutralForMin = false;
    state.partial = removed(mesh, state.partial, axes);
    state.replicated = removed(mesh, state.replicated, axes);
    switch (op.getTo()) {
    case State::P:
      state.partial.insert(state.partial.end(), axes.begin(), axes.end());
      state.reduction = op.getReductionKind();
      break;
    case State::R:
      state.replicated.insert(state.replicated.end(), axes.begin(), axes.end());
      break;
    case State::S: {
      int64_t to = dim;
      if (auto exchange = dyn_cast<AllToAllOp>(op.getOperation()))
        to = exchange.getSplit();
      else if (op.getFrom() != State::S)
        to = dimOf(op);
      if (to >= 0)
        state.dims[to].insert(state.dims[to].end(), axes.begin(), axes.end());
      break;
    }
    case State::I:
      break;
    }
    set(op->getResult(0), state);
    return success();
  }

  // The dimension that a collective cuts or puts together; of an all-to-all, puts together; -1 for a permute.
  static int64_t dimOf(Collective op) {
    return TypeSwitch<Operation *, int64_t>(op.getOperation())
        .Case<AllGatherOp, ReduceScatterOp, SliceOp, PlaceOp, GatherOp, ScatterOp>([](auto each) { return each.getDim(); })
        .Case([](AllToAllOp each) { return each.getConcat(); })
        .Default([](Operation *) { return -1; });
  }

  bool overlaps(const Axes &a, const Axes &b) const {
    return llvm::any_of(b, [&](const AxisPart &part) { return mesh.overlap(a, part); });
  }

  // Whether `axes` are the minor-most of `list`.
  bool endsWith(const Axes &list, const Axes &axes) const {
    Axes major, minor;
    int64_t all = mesh.sizeOf(list), some = mesh.sizeOf(axes);
    return all % some == 0 && mesh.splitMajor(list, all / some, major, minor) && minor == mesh.merged(axes);
  }

  // The major axes of `list` that are left when its minor `axes` are gone.
  Axes withoutMinor(const Axes &list, const Axes &axes) const {
    Axes major, minor;
    mesh.splitMajor(list, mesh.sizeOf(list) / mesh.sizeOf(axes), major, minor);
    return major;
  }

  //===-- Reshape ------------------------------------------------------------------------------------------------===//

  LogicalResult inferReshape(nn::ReshapeOp op) {
    const LocalState &input = of(op.getInput());
    auto from = cast<RankedTensorType>(op.getInput().getType()), to = cast<RankedTensorType>(op.getType());
    SmallVector<int64_t> globalFrom(from.getShape());
    for (auto [size, axes] : llvm::zip_equal(globalFrom, input.dims))
      size = ShapedType::isDynamic(size) ? size : size * mesh.sizeOf(axes);
    auto globalInput = RankedTensorType::get(globalFrom, from.getElementType());
    LocalState state = input;
    state.uniform = uniformOfReshape(input, reshapeFactorMap(from, to));
    bool isSplit = llvm::any_of(input.dims, [](const Axes &axes) { return !axes.empty(); });
    if (!isSplit) {
      state.dims.assign(to.getRank(), {});
      set(op, state);
      return success();
    }
    SmallVector<RankedTensorType> candidates;
    if (auto given = op->getAttrOfType<TypeAttr>(globalTypeAttrName))
      candidates.push_back(withLayout(cast<RankedTensorType>(given.getValue()), {}));
    else
      candidates = globalResults(to, mesh.size());
    std::vector<std::vector<Axes>> found;
    for (RankedTensorType candidate : candidates)
      if (std::optional<std::vector<Axes>> dims = splitOf(globalInput, input, candidate, to))
        if (!llvm::is_contained(found, *dims))
          found.push_back(*dims);
    if (found.empty())
      return op.emitOpError() << "of an operand that is " << input.str() << " does not give shards of one tensor";
    if (found.size() > 1)
      return op.emitOpError() << "can split its result in " << found.size() << " ways; say which one with " << globalTypeAttrName;
    state.dims = found.front();
    set(op, state);
    return success();
  }

  // A dimension of the result is uniform if every factor of it comes from a uniform dimension. One of size 1 has no factor here, and
  // may be a rank's only row of many: not uniform.
  static std::vector<bool> uniformOfReshape(const LocalState &input, const FactorMap &map) {
    std::vector<bool> uniform;
    for (const FactorMap::Dim &dim : map.results[0])
      uniform.push_back(!dim.empty() && llvm::all_of(dim, [&](int64_t factor) {
        for (auto [d, from] : llvm::enumerate(map.operands[0]))
          if (llvm::is_contained(from, factor))
            return bool(input.uniform[d]);
        return false;
      }));
    return uniform;
  }

  // Global types whose parts could be of type `local`: one or several dimensions are larger by divisors of the mesh's size.
  SmallVector<RankedTensorType> globalResults(RankedTensorType local, int64_t ranks) {
    SmallVector<RankedTensorType> result{local};
    for (int64_t d = 0; d < local.getRank(); ++d) {
      if (local.isDynamicDim(d))
        continue;
      for (size_t i = 0, count = result.size(); i < count; ++i)
        for (int64_t factor = 2; factor <= ranks; ++factor)
          if (ranks % factor == 0) {
            SmallVector<int64_t> shape(result[i].getShape());
            shape[d] *= factor;
            result.push_back(RankedTensorType::get(shape, local.getElementType()));
          }
    }
    return result;
  }

  std::optional<std::vector<Axes>> splitOf(RankedTensorType from, const LocalState &input, RankedTensorType to,
                                           RankedTensorType local) {
    auto elements = [](RankedTensorType type) {
      int64_t n = 1;
      for (int64_t size : type.getShape())
        n *= ShapedType::isDynamic(size) ? 1 : size;
      return n;
    };
    if (to.getRank() != local.getRank() || elements(from) != elements(to))
      return std::nullopt;
    FactorMap map = reshapeFactorMap(from, to);
    std::vector<Axes> factorAxes(map.factors.size());
    for (auto [d, dim] : llvm::enumerate(map.operands[0])) {
      std::vector<std::pair<int64_t, Axes>> perFactor;
      if (!axesPerFactor(mesh, map, dim, input.dims[d], perFactor))
        return std::nullopt;
      for (auto &[factor, axes] : perFactor) {
        if (map.factors[factor].kind == FactorKind::Whole && mesh.sizeOf(axes) > 1)
          return std::nullopt;
        factorAxes[factor] = axes;
      }
    }
    std::vector<Axes> dims;
    for (auto [d, dim] : llvm::enumerate(map.results[0])) {
      dims.push_back(axesOfDim(mesh, dim, factorAxes));
      // Shards of a dimension are contiguous only if its major factors are split to the last before minor ones are.
      std::vector<std::pair<int64_t, Axes>> perFactor;
      if (!axesPerFactor(mesh, map, dim, dims.back(), perFactor))
        return std::nullopt;
      for (auto &[factor, axes] : perFactor)
        if (axes != mesh.merged(factorAxes[factor]))
          return std::nullopt;
      if (!to.isDynamicDim(d) && to.getDimSize(d) != local.getDimSize(d) * mesh.sizeOf(dims.back()))
        return std::nullopt;
    }
    return dims;
  }

  //===-- Ops with a rule ----------------------------------------------------------------------------------------===//

  LogicalResult inferByRule(Operation *op, ShardingRule rule) {
    FactorMap map = rule.getFactorMap();
    std::vector<std::optional<Axes>> factorAxes(map.factors.size());
    if (failed(findFactorAxes(op, map, factorAxes)) || failed(addWrittenFactors(op, map, factorAxes)))
      return failure();
    std::vector<Axes> lists;
    for (const auto &axes : factorAxes)
      if (axes)
        lists.push_back(*axes);
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType())) {
        lists.push_back(of(operand).partial);
        lists.push_back(of(operand).replicated);
      }
    LocalState state;
    for (const AxisPart &atom : mesh.atoms(lists))
      if (failed(combine(op, rule, map, factorAxes, atom, state)))
        return failure();
    if (failed(checkOffsets(op, map, factorAxes)))
      return failure();
    for (auto [i, result] : llvm::enumerate(op->getResults())) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type)
        continue;
      LocalState mine = state;
      for (const FactorMap::Dim &dim : map.results[i]) {
        Axes axes;
        for (int64_t factor : dim)
          if (factorAxes[factor])
            axes.insert(axes.end(), factorAxes[factor]->begin(), factorAxes[factor]->end());
        mine.dims.push_back(axes);
      }
      mine.hasCotangent = isa<FloatType>(type.getElementType()) && llvm::any_of(op->getOperands(), [&](Value operand) {
                            return isa<RankedTensorType>(operand.getType()) && of(operand).hasCotangent;
                          });
      mine.uniform = uniformOf(op, map, i, type.getRank());
      if (auto fill = dyn_cast<linalg::FillOp>(op)) {
        Attribute value;
        if (matchPattern(fill.getInputs()[0], m_Constant(&value)))
          setNeutral(mine, value);
        FailureOr<LayoutAttr> written = writtenLayout(op);
        if (failed(written) || failed(addWrittenPartial(op, *written, mine)))
          return failure();
      }
      set(result, mine);
    }
    return success();
  }

  // Factors that no operand (or only a uniform one) has.
  LogicalResult addWrittenFactors(Operation *op, const FactorMap &map, std::vector<std::optional<Axes>> &factorAxes) {
    if (op->getNumResults() != 1 || !op->hasAttr(globalTypeAttrName))
      return success();
    FailureOr<LayoutAttr> written = writtenLayout(op);
    if (failed(written))
      return failure();
    for (size_t d = 0; *written && d < map.results[0].size(); ++d) {
      const FactorMap::Dim &dim = map.results[0][d];
      if (dim.size() == 1 && !factorAxes[dim[0]] && map.factors[dim[0]].kind == FactorKind::Parallel)
        factorAxes[dim[0]] = stripped(written->getLayout().dims[d].axes);
    }
    return success();
  }

  // Which axes split each factor, from the operands; none for a factor that only uniform operands (or none) have.
  LogicalResult findFactorAxes(Operation *op, const FactorMap &map, std::vector<std::optional<Axes>> &factorAxes) {
    std::vector<std::string> place(map.factors.size());
    auto assign = [&](int64_t factor, const Axes &axes, size_t i, size_t d) -> LogicalResult {
      std::string here = operandText(i) + " dimension " + std::to_string(d);
      if (map.factors[factor].kind == FactorKind::Whole && !axes.empty())
        return op->emitOpError() << "needs " << here << " whole, but it is split over " << braced(axes);
      if (!factorAxes[factor]) {
        factorAxes[factor] = axes;
        place[factor] = here;
        return success();
      }
      if (*factorAxes[factor] == axes)
        return success();
      InFlightDiagnostic error = op->emitOpError() << here << " is split over " << braced(axes) << ", but " << place[factor]
                                                   << ", which must be split alike, over " << braced(*factorAxes[factor]);
      noteOrigin(error, op->getOperand(i));
      return error;
    };
    auto forEachDim = [&](bool several,
                          llvm::function_ref<LogicalResult(size_t, size_t, const FactorMap::Dim &, const Axes &)> visit) {
      for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
        if (!isa<RankedTensorType>(operand.getType()))
          continue;
        const LocalState &state = of(operand);
        for (auto [d, dim] : llvm::enumerate(map.operands[i])) {
          bool serves = state.uniform[d] && state.dims[d].empty();
          if (!serves && (dim.size() > 1) == several && failed(visit(i, d, dim, state.dims[d])))
            return failure();
        }
      }
      return success();
    };
    if (failed(forEachDim(false, [&](size_t i, size_t d, const FactorMap::Dim &dim, const Axes &axes) -> LogicalResult {
          if (dim.empty())
            return axes.empty()
                       ? success()
                       : LogicalResult(op->emitOpError() << operandText(i) << " is split along dimension " << d << " of size 1");
          return assign(dim[0], axes, i, d);
        })))
      return failure();
    return forEachDim(true, [&](size_t i, size_t d, const FactorMap::Dim &dim, const Axes &axes) -> LogicalResult {
      Axes rest = axes, major, minor;
      for (auto [k, factor] : llvm::enumerate(dim)) {
        if (factorAxes[factor] && k + 1 < dim.size()) {
          if (!mesh.splitMajor(rest, mesh.sizeOf(*factorAxes[factor]), major, minor))
            major = rest;
          if (failed(assign(factor, major, i, d)))
            return failure();
          rest = minor;
        } else if (failed(assign(factor, rest, i, d))) {
          return failure();
        } else {
          rest.clear();
        }
      }
      return success();
    });
  }

  // What the op does over one axis: the rules of docs' table of states.
  LogicalResult combine(Operation *op, ShardingRule rule, const FactorMap &map,
                        const std::vector<std::optional<Axes>> &factorAxes, const AxisPart &atom, LocalState &result) {
    std::optional<int64_t> splitFactor;
    for (auto [f, axes] : llvm::enumerate(factorAxes))
      if (axes && mesh.overlap(*axes, atom)) {
        if (splitFactor)
          return op->emitOpError() << "is split along two factors over axis \"" << tp::str(atom) << "\"";
        splitFactor = f;
      }
    std::optional<size_t> partial, replicated, invariant, split;
    std::optional<Reduction> kind;
    // Where the op itself reduces over the axis, what it starts from is its part of the partial result.
    std::optional<Reduction> reduces;
    if (splitFactor && map.factors[*splitFactor].kind == FactorKind::Reduction)
      reduces = map.factors[*splitFactor].reduction;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      const LocalState &state = of(operand);
      bool isStart = reduces && llvm::any_of(map.tied, [&](auto pair) { return pair.first == int64_t(i); });
      if (isStart && (state.isNeutral(*reduces) || (mesh.overlap(state.partial, atom) && state.reduction == *reduces)))
        continue;
      if (isStart) {
        InFlightDiagnostic error = op->emitOpError() << "starts from " << operandText(i) << " on every rank over axis \""
                                                     << tp::str(atom) << "\", so it would count several times";
        noteOrigin(error, operand);
        error.attachNote(op->getLoc()) << "tp.keep leaves it on one rank";
        return error;
      }
      if (llvm::any_of(state.dims, [&](const Axes &axes) { return mesh.overlap(axes, atom); }))
        split = split.value_or(i);
      else if (mesh.overlap(state.partial, atom)) {
        partial = partial.value_or(i);
        if (kind && *kind != state.reduction)
          return op->emitOpError() << "mixes a partial " << tp::str(*kind) << " and a partial " << tp::str(state.reduction);
        kind = state.reduction;
      } else if (state.hasCotangent && mesh.overlap(state.replicated, atom))
        replicated = replicated.value_or(i);
      else if (state.hasCotangent)
        invariant = invariant.value_or(i);
    }
    auto refuse = [&](size_t a, const Twine &what, const Twine &remedy) -> LogicalResult {
      InFlightDiagnostic error = op->emitOpError() << what << " over axis \"" << tp::str(atom) << "\"";
      noteOrigin(error, op->getOperand(a));
      if (!remedy.isTriviallyEmpty())
        error.attachNote(op->getLoc()) << remedy;
      return error;
    };
    auto named = [&](size_t i, StringRef state) { return operandText(i) + " (" + state.str() + ")"; };
    if (split && partial)
      return refuse(*partial, "combines " + named(*partial, "P") + " with " + named(*split, "S"), "reduce it first");
    if (invariant && (split || partial || replicated)) {
      size_t other = split ? *split : partial ? *partial : *replicated;
      return refuse(*invariant,
                    "mixes " + named(*invariant, "I") + " with " +
                        named(other, split     ? "S"
                                     : partial ? "P"
                                               : "R"),
                    "f is missing: tp.copy takes I to R");
    }
    if (invariant && splitFactor)
      return refuse(*invariant, "splits its result, but its " + named(*invariant, "I") + " is used alike by all ranks",
                    "f is missing: tp.copy takes I to R");
    if (reduces)
      return addPartial(op, atom, *reduces, result);
    if (partial) {
      SmallVector<bool> marked, orNeutral;
      for (Value operand : op->getOperands()) {
        bool isTensor = isa<RankedTensorType>(operand.getType());
        marked.push_back(isTensor && mesh.overlap(of(operand).partial, atom));
        orNeutral.push_back(marked.back() || (isTensor && of(operand).isNeutral(*kind)));
      }
      if (rule.preservesPartial(*kind, marked) || rule.preservesPartial(*kind, orNeutral))
        return addPartial(op, atom, *kind, result);
      int64_t count = llvm::count(marked, true);
      if (count > 1)
        return refuse(*partial, "needs whole values, but " + Twine(count) + " of its operands are partial", "reduce them first");
      if (rule.preservesPartial(*kind, SmallVector<bool>(marked.size(), true)))
        return refuse(*partial, "adds " + named(*partial, "P") + " to values that are whole: they would count once per rank",
                      "reduce it first");
      return refuse(*partial, "needs a whole value, but " + operandText(*partial) + " is partial", "reduce it first");
    }
    if (replicated && !split)
      result.replicated.push_back(atom);
    return success();
  }

  LogicalResult addPartial(Operation *op, const AxisPart &atom, Reduction kind, LocalState &result) {
    if (!result.partial.empty() && result.reduction != kind)
      return op->emitOpError() << "becomes both a partial " << tp::str(result.reduction) << " and a partial " << tp::str(kind);
    result.partial.push_back(atom);
    result.reduction = kind;
    return success();
  }

  // A table that is split by rows needs to know where its rows begin.
  LogicalResult checkOffsets(Operation *op, const FactorMap &map, const std::vector<std::optional<Axes>> &factorAxes) {
    auto embedding = dyn_cast<nn::EmbeddingOp>(op);
    if (!embedding)
      return success();
    Axes rows = factorAxes[map.operands[1][0][0]].value_or(Axes());
    if (Axes known = axesBehind(embedding.getFirstRow()); known != rows)
      return op->emitOpError() << "has a table whose rows are split over " << braced(rows)
                               << ", but its first row follows the rank along " << braced(known);
    return success();
  }

  // Along which dimensions of a result all elements are alike: those whose factors are parallel, and uniform in every operand that
  // has them. New dimensions of a broadcast are.
  std::vector<bool> uniformOf(Operation *op, const FactorMap &map, size_t result, int64_t rank) {
    std::vector<bool> uniform(rank, false);
    if (isa<linalg::FillOp>(op))
      uniform.assign(rank, true);
    // These look at where an element stands.
    auto attention = dyn_cast<nn::AttentionOp>(op);
    if (isa<nn::IotaOp>(op) || isa_and_nonnull<linalg::LinalgDialect>(op->getDialect()) || (attention && attention.getCausal()))
      return uniform;
    bool isBroadcast = isa<nn::BroadcastOp>(op);
    std::vector<bool> known(map.factors.size(), isBroadcast), alike(map.factors.size(), true);
    size_t operands = isBroadcast ? 1 : op->getNumOperands(); // the elements of `like` do not matter
    for (size_t i = 0; i < operands; ++i)
      for (auto [d, dim] : llvm::enumerate(map.operands[i]))
        for (int64_t factor : dim) {
          known[factor] = true;
          alike[factor] = alike[factor] && of(op->getOperand(i)).uniform[d];
        }
    for (auto [d, dim] : llvm::enumerate(map.results[result]))
      uniform[d] = llvm::all_of(dim, [&](int64_t factor) {
        return known[factor] && alike[factor] && map.factors[factor].kind == FactorKind::Parallel;
      });
    return uniform;
  }

  // An op without a rule takes whole values, all in one state.
  LogicalResult inferWhole(Operation *op) {
    LocalState state;
    std::optional<size_t> replicated, invariant;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      const LocalState &mine = of(operand);
      if (!mine.partial.empty() || llvm::any_of(mine.dims, [](const Axes &axes) { return !axes.empty(); }))
        return op->emitOpError() << "has no sharding rule, so it needs whole values, but " << operandText(i) << " is "
                                 << mine.str();
      if (mine.hasCotangent) {
        (mine.replicated.empty() ? invariant : replicated) = i;
        state.hasCotangent = true;
        state.replicated = mine.replicated;
      }
    }
    if (replicated && invariant)
      return op->emitOpError() << "mixes " << operandText(*invariant) << " (I) with " << operandText(*replicated) << " (R)";
    for (Value result : op->getResults())
      if (auto type = dyn_cast<RankedTensorType>(result.getType())) {
        LocalState mine = whole(type);
        mine.hasCotangent = state.hasCotangent && isa<FloatType>(type.getElementType());
        mine.replicated = state.replicated;
        set(result, mine);
      }
    return success();
  }

  func::FuncOp function;
  ModuleOp module;
  std::optional<SymbolTable> symbols; // made when first asked
  Mesh mesh;
  StateAnalysis &analysis;
  llvm::DenseSet<Value> unknown;
};

StateAnalysis::StateAnalysis(func::FuncOp function) { StateInference(function, *this).run(); }

} // namespace tp
