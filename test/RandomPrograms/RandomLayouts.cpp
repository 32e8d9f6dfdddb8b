// For each op: axes on its factors, and the axes that are left perhaps as partial values of operands that it lets pass. Whatever a
// producer left, one or two reshards bring it to what the op needs.
#include "RandomLayouts.h"

#include "Draw.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace tp::random_programs {

namespace {

using Axes = std::vector<AxisPart>;

class LayoutGiver {
public:
  LayoutGiver(ModuleOp module, uint64_t seed)
      : module(module), meshOp(findMesh(module)), mesh(meshOp.getMesh()), seed(seed), draw(seed), builder(module.getContext()) {}

  void run() {
    for (Operation &op : *module.getBody())
      if (isa<nn::ParameterOp, nn::StateOp>(op)) {
        begin(op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()));
        auto type = cast<RankedTensorType>(op.getAttrOfType<TypeAttr>("type").getValue());
        op.setAttr("type", TypeAttr::get(laidOut(type, anyLayout(type, /*mayBePartial=*/false))));
      }
    for (auto function : module.getOps<func::FuncOp>()) {
      begin(function.getSymNameAttr());
      rewrite(function);
    }
  }

private:
  // A program's layouts are the same whatever stands beside it.
  void begin(StringAttr name) {
    uint64_t hash = seed;
    for (char c : name.getValue())
      hash = randomBits(hash, static_cast<unsigned char>(c));
    draw = Draw(hash);
  }

  RankedTensorType laidOut(RankedTensorType type, const Layout &layout) {
    return withLayout(type, LayoutAttr::get(type.getContext(), FlatSymbolRefAttr::get(meshOp.getSymNameAttr()), layout));
  }

  Axes anyParts() {
    Axes parts;
    for (const MeshAxis &axis : mesh.axes)
      if (axis.size % 2 == 0 && axis.size > 2 && draw.chance(0.3)) {
        parts.push_back({axis.name, 1, 2});
        parts.push_back({axis.name, 2, axis.size / 2});
      } else if (axis.size > 1) {
        parts.push_back({axis.name, 1, 0});
      }
    if (draw.chance(0.3))
      draw.shuffle(parts);
    return parts;
  }

  Axes tidy(const Axes &axes) { return mesh.merged(mesh.atoms({axes})); }

  Reduction anyKind() { return draw.chance(0.6) ? Reduction::Sum : draw.chance(0.5) ? Reduction::Max : Reduction::Min; }

  Layout anyLayout(RankedTensorType type, bool mayBePartial) {
    Layout layout = Layout::whole(type.getRank());
    bool isFlag = type.getElementType().isInteger(1);
    for (const AxisPart &part : anyParts()) {
      if (type.getRank() > 0 && draw.chance(0.65)) {
        int64_t dim = draw.below(type.getRank());
        Axes &axes = layout.dims[dim].axes;
        if (type.getDimSize(dim) % (mesh.sizeOf(axes) * mesh.sizeOf(part)) == 0)
          axes.push_back(part);
      } else if (mayBePartial && !isFlag && draw.chance(0.25)) {
        layout.partial.push_back(part);
      }
    }
    for (DimLayout &dim : layout.dims)
      dim.axes = mesh.merged(dim.axes);
    layout.partial = tidy(layout.partial);
    if (layout.isPartial())
      layout.reduction = anyKind();
    return layout;
  }

  //===-- Values ---------------------------------------------------------------------------------------------------===//

  Value resharded(Value value, const Layout &layout) {
    const Layout &from = layoutOf(value).getLayout();
    if (from == layout)
      return value;
    // What is split, or partial in another way, must be whole before it is partial.
    Layout between = from;
    bool isNew = from.reduction != layout.reduction && from.isPartial() && layout.isPartial();
    if (isNew)
      between.partial.clear();
    for (const AxisPart &part : layout.partial)
      for (DimLayout &dim : between.dims)
        if (mesh.overlap(dim.axes, part))
          dim.axes.clear();
    if (between != from) {
      if (!between.isPartial())
        between.reduction = Reduction::Sum;
      value = ReshardOp::create(builder, value.getLoc(), laidOut(cast<RankedTensorType>(value.getType()), between), value);
      return resharded(value, layout);
    }
    return ReshardOp::create(builder, value.getLoc(), laidOut(cast<RankedTensorType>(value.getType()), layout), value);
  }

  void needs(OpOperand &operand, const Layout &layout) { operand.set(resharded(operand.get(), layout)); }

  //===-- Functions ------------------------------------------------------------------------------------------------===//

  void rewrite(func::FuncOp function) {
    Block &body = function.getBody().front();
    for (BlockArgument argument : body.getArguments())
      if (auto type = dyn_cast<RankedTensorType>(argument.getType()))
        argument.setType(laidOut(type, anyLayout(type, /*mayBePartial=*/draw.chance(0.2))));
    for (Operation &op : llvm::make_early_inc_range(body)) {
      builder.setInsertionPoint(&op);
      rewrite(&op);
    }
    Operation *end = body.getTerminator();
    function.setType(FunctionType::get(function.getContext(), body.getArgumentTypes(), end->getOperandTypes()));
  }

  void rewrite(Operation *op) {
    if (auto get = dyn_cast<nn::GetOp>(op)) {
      get.getResult().setType(symbolType(get.getName()));
      return;
    }
    if (auto set = dyn_cast<nn::SetOp>(op))
      return needs(op->getOpOperand(0), layoutOf(symbolType(set.getName())).getLayout());
    if (isa<func::ReturnOp>(op)) {
      for (OpOperand &operand : op->getOpOperands())
        if (auto type = dyn_cast<RankedTensorType>(operand.get().getType()))
          needs(operand, anyLayout(type, /*mayBePartial=*/draw.chance(0.3)));
      return;
    }
    if (auto rule = dyn_cast<ShardingRule>(op))
      return rewriteByRule(op, rule);
    for (OpOperand &operand : op->getOpOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.get().getType()))
        needs(operand, Layout::whole(type.getRank()));
    for (Value result : op->getResults())
      if (auto type = dyn_cast<RankedTensorType>(result.getType()))
        result.setType(laidOut(type, Layout::whole(type.getRank())));
  }

  RankedTensorType symbolType(StringRef name) {
    return cast<RankedTensorType>(SymbolTable::lookupSymbolIn(module, name)->getAttrOfType<TypeAttr>("type").getValue());
  }

  //===-- Ops ------------------------------------------------------------------------------------------------------===//

  void rewriteByRule(Operation *op, ShardingRule rule) {
    FactorMap map = rule.getFactorMap();
    auto isTensor = [](Value value) { return isa<RankedTensorType>(value.getType()); };
    if (llvm::none_of(op->getOperands(), isTensor))
      return rewriteSource(op);
    std::vector<Axes> factors = anyFactorAxes(map);
    // Axes over which the op reduces, and of what kind.
    Axes reduced, used;
    std::optional<Reduction> kind;
    for (auto [f, axes] : llvm::enumerate(factors)) {
      used.insert(used.end(), axes.begin(), axes.end());
      if (map.factors[f].kind == FactorKind::Reduction && !axes.empty()) {
        reduced.insert(reduced.end(), axes.begin(), axes.end());
        kind = map.factors[f].reduction;
      }
    }
    // Partial operands over what is left.
    std::vector<Axes> partial(op->getNumOperands());
    Axes results = reduced;
    bool hasFlags =
        llvm::any_of(llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()), SmallVector<Type>(op->getResultTypes())),
                     [](Type type) { return getElementTypeOrSelf(type).isInteger(1); });
    for (const AxisPart &part : anyParts()) {
      if (mesh.overlap(used, part) || hasFlags || !draw.chance(0.45))
        continue;
      Reduction wanted = kind.value_or(anyKind());
      for (int attempt = 0; attempt < 4; ++attempt) {
        SmallVector<bool> marked;
        for (Value operand : op->getOperands())
          marked.push_back(isTensor(operand) && (attempt == 3 || draw.chance(0.6)));
        if (!llvm::is_contained(marked, true) || !rule.preservesPartial(wanted, marked))
          continue;
        for (size_t i = 0; i < marked.size(); ++i)
          if (marked[i])
            partial[i].push_back(part);
        kind = wanted;
        results.push_back(part);
        break;
      }
    }
    for (auto [operand, result] : map.tied)
      partial[operand].insert(partial[operand].end(), reduced.begin(), reduced.end());
    auto layoutFor = [&](const FactorMap::Tensor &dims, const Axes &over) {
      Layout layout;
      for (const FactorMap::Dim &dim : dims)
        layout.dims.push_back({axesOfDim(mesh, dim, factors)});
      layout.partial = tidy(over);
      if (layout.isPartial())
        layout.reduction = *kind;
      return layout;
    };
    for (OpOperand &operand : op->getOpOperands())
      if (isTensor(operand.get()))
        needs(operand, layoutFor(map.operands[operand.getOperandNumber()], partial[operand.getOperandNumber()]));
    for (auto [i, result] : llvm::enumerate(op->getResults()))
      if (auto type = dyn_cast<RankedTensorType>(result.getType()))
        result.setType(laidOut(type, layoutFor(map.results[i], results)));
  }

  // What is made of nothing may be of any layout.
  void rewriteSource(Operation *op) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    RankedTensorType made = laidOut(type, anyLayout(type, /*mayBePartial=*/true));
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      constant.setValueAttr(cast<DenseElementsAttr>(constant.getValue()).reshape(made));
    op->getResult(0).setType(made);
  }

  std::vector<Axes> anyFactorAxes(const FactorMap &map) {
    for (int attempt = 0; attempt < 6; ++attempt) {
      std::vector<Axes> factors(map.factors.size());
      for (const AxisPart &part : anyParts()) {
        if (map.factors.empty() || !draw.chance(0.75))
          continue;
        int64_t f = draw.below(map.factors.size());
        const Factor &factor = map.factors[f];
        if (factor.kind != FactorKind::Whole && factor.size % (mesh.sizeOf(factors[f]) * mesh.sizeOf(part)) == 0)
          factors[f].push_back(part);
      }
      for (Axes &axes : factors)
        axes = mesh.merged(axes);
      if (isLegal(map, factors))
        return factors;
    }
    return std::vector<Axes>(map.factors.size());
  }

  // Whether every dimension's axes lead back to the same axes on its factors.
  bool isLegal(const FactorMap &map, const std::vector<Axes> &factors) {
    auto leadsBack = [&](const FactorMap::Tensor &dims) {
      for (const FactorMap::Dim &dim : dims) {
        std::vector<std::pair<int64_t, Axes>> found;
        if (!axesPerFactor(mesh, map, dim, axesOfDim(mesh, dim, factors), found))
          return false;
        for (auto &[factor, axes] : found)
          if (axes != factors[factor])
            return false;
      }
      return true;
    };
    return llvm::all_of(map.operands, leadsBack) && llvm::all_of(map.results, leadsBack);
  }

  ModuleOp module;
  MeshOp meshOp;
  Mesh mesh;
  uint64_t seed;
  Draw draw;
  OpBuilder builder;
};

} // namespace

void giveRandomLayouts(ModuleOp module, uint64_t seed) { LayoutGiver(module, seed).run(); }

} // namespace tp::random_programs
