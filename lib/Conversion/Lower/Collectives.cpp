// Collectives become one function of the runtime each; f, slice, place and keep move nothing and are views, copies, kernels.
//
// A site is a line of the entry's table of collectives: what is moved, over whom, where in the model and why. Collectives of
// equal layers share one site, and `count` says how often it runs.
#include "Lowering.h"

#include "tp/Analysis/Where.h"

using namespace mlir;

namespace tp::lowering {

/// The size as manifests write it: -1 for n, -k for n/k.
static int64_t manifestSize(const Size &size) { return size.isStatic() ? size.factor : -size.splits[0]; }

int64_t FunctionLowering::siteOf(Collective op, ArrayRef<Size> operandExtents) {
  auto text = [&](StringRef name) -> Attribute {
    auto value = op->getAttrOfType<StringAttr>(name);
    return builder.getStringAttr(value ? withoutLayerNumbers(value.getValue()) : "");
  };
  CollectiveKind kind = *op.getCollectiveKind();
  bool reduces = kind == CollectiveKind::AllReduce || kind == CollectiveKind::ReduceScatter || kind == CollectiveKind::Reduce;
  SmallVector<int64_t> shape;
  for (const Size &size : operandExtents)
    shape.push_back(manifestSize(size));
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  SmallVector<NamedAttribute> fields{
      builder.getNamedAttr("kind", builder.getStringAttr(name(kind))),
      builder.getNamedAttr("group", builder.getI64IntegerAttr(state.groupOf(op.getAxesAttr()))),
      builder.getNamedAttr("reduce", builder.getStringAttr(reduces ? tp::str(op.getReductionKind()) : "")),
      builder.getNamedAttr("dtype", builder.getStringAttr(name(dtypeOf(type.getElementType()).value_or(DType::F32)))),
      builder.getNamedAttr("operand_shape", builder.getDenseI64ArrayAttr(shape)),
      builder.getNamedAttr("where", text(whereAttrName)),
  };
  // What differs in its reason only is one site, as in tp-plan's report.
  std::string key;
  llvm::raw_string_ostream(key) << builder.getDictionaryAttr(fields);
  fields.push_back(builder.getNamedAttr("why", text(whyAttrName)));
  Attribute site = builder.getDictionaryAttr(fields);
  auto [known, isNew] = siteNumbers.try_emplace(key, sites.size());
  if (isNew) {
    sites.push_back(site);
    siteCounts.push_back(0);
  }
  ++siteCounts[known->second];
  return known->second;
}

LogicalResult FunctionLowering::lowerCollective(Collective op) {
  Value operand = op->getOperand(0), resultValue = op->getResult(0);
  int64_t ranks = state.mesh.sizeOf(op.getAxesAttr().getParts());
  // f moves nothing, and a group of one rank has nobody to move anything to.
  if (isa<CopyOp>(op) || (ranks == 1 && !isa<PermuteOp>(op))) {
    set(resultValue, at(operand));
    return success();
  }
  int64_t group = state.groupOf(op.getAxesAttr());
  Strided value = at(operand);
  auto type = cast<RankedTensorType>(resultValue.getType());

  // A dimension that is gathered grows by the size of the group, one that is scattered shrinks; a dynamic one is n/k.
  SmallVector<Size, 4> extents = value.extents;
  auto resize = [&](int64_t dim, bool grows) {
    Size &extent = extents[dim];
    if (extent.isStatic())
      extent = Size::of(type.getDimSize(dim));
    else
      extent = Size::tokens(grows ? extent.splits[0] / ranks : extent.splits[0] * ranks);
  };
  auto outer = [&](ArrayRef<Size> sizes, int64_t dim) { return product(sizes.take_front(dim)); };
  auto inner = [&](ArrayRef<Size> sizes, int64_t dim) { return product(sizes.drop_front(dim + 1)); };
  auto rankIndex = [&] { return rt::AxisIndexOp::create(builder, loc, builder.getI64Type(), group).getResult(); };

  if (auto slice = dyn_cast<SliceOp>(*op)) {
    int64_t dim = slice.getDim();
    resize(dim, /*grows=*/false);
    Strided part = value;
    part.extents = extents;
    if (!part.splat)
      part = moved(part, dim, arith::MulIOp::create(builder, loc, rankIndex(), number(extents[dim])));
    set(resultValue, part);
    return success();
  }
  if (auto place = dyn_cast<PlaceOp>(*op)) {
    int64_t dim = place.getDim();
    Value index = arith::MulIOp::create(builder, loc, rankIndex(), number(extents[dim]));
    resize(dim, /*grows=*/true);
    Strided whole = allocate(value.elementType, extents);
    fillWith(whole, cast<TypedAttr>(builder.getZeroAttr(value.elementType)));
    Strided part = moved(whole, dim, index);
    part.extents = value.extents;
    copy(value, part);
    set(resultValue, whole);
    return success();
  }
  if (isa<KeepOp>(*op)) {
    if (value.splat)
      value = dense(value); // a constant has no memory yet
    Strided result = allocate(value.elementType, extents);
    set(resultValue, result);
    TypedAttr neutral = neutralElement(value.elementType, op.getReductionKind());
    Value index = rankIndex();
    return launchElementwise(
        result, {value}, {index}, false, "keep",
        [&](KernelBuilder &kernel, ArrayRef<Value> elements, ArrayRef<Value> scalars, ArrayRef<Value>) {
          Value isFirst =
              arith::CmpIOp::create(kernel.builder, kernel.loc, arith::CmpIPredicate::eq, scalars[0], kernel.number(0));
          return FailureOr<Value>(
              arith::SelectOp::create(kernel.builder, kernel.loc, isFirst, elements[0], kernel.constant(neutral)).getResult());
        });
  }

  value = dense(value);
  int64_t site = siteOf(op, value.extents);
  Value src = begin(value);
  auto finish = [&](auto emit) {
    Strided result = allocate(value.elementType, extents);
    set(resultValue, result);
    emit(result.buffer);
    return success();
  };
  Value count = number(value.count());
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](AllReduceOp reduce) {
        return finish([&](Value dst) {
          rt::AllReduceOp::create(builder, loc, site, group, int64_t(reduce.getReduction()), src, dst, count);
        });
      })
      .Case([&](AllGatherOp gather) {
        int64_t dim = gather.getDim();
        resize(dim, true);
        return finish([&](Value dst) {
          rt::AllGatherOp::create(builder, loc, site, group, src, dst, number(outer(value.extents, dim)),
                                  number(value.extents[dim]), number(inner(value.extents, dim)));
        });
      })
      .Case([&](ReduceScatterOp scatter) {
        int64_t dim = scatter.getDim();
        resize(dim, false);
        return finish([&](Value dst) {
          rt::ReduceScatterOp::create(builder, loc, site, group, int64_t(scatter.getReduction()), src, dst,
                                      number(outer(extents, dim)), number(extents[dim]), number(inner(extents, dim)));
        });
      })
      .Case([&](AllToAllOp exchange) {
        int64_t split = exchange.getSplit(), concat = exchange.getConcat();
        resize(split, false);
        resize(concat, true);
        int64_t first = std::min(split, concat), second = std::max(split, concat);
        Size middle = product(ArrayRef<Size>(extents).slice(first + 1, second - first - 1));
        return finish([&](Value dst) {
          rt::AllToAllOp::create(builder, loc, site, group, src, dst, number(outer(extents, first)), number(extents[split]),
                                 number(middle), number(value.extents[concat]), number(inner(extents, second)),
                                 int64_t(split < concat));
        });
      })
      .Case([&](BroadcastOp broadcast) {
        return finish(
            [&](Value dst) { rt::BroadcastOp::create(builder, loc, site, group, broadcast.getRoot(), src, dst, count); });
      })
      .Case([&](ReduceOp reduce) {
        return finish([&](Value dst) {
          rt::ReduceToOp::create(builder, loc, site, group, int64_t(reduce.getReduction()), reduce.getRoot(), src, dst, count);
        });
      })
      .Case([&](GatherOp gather) {
        int64_t dim = gather.getDim();
        resize(dim, true);
        return finish([&](Value dst) {
          rt::GatherToOp::create(builder, loc, site, group, gather.getRoot(), src, dst, number(outer(value.extents, dim)),
                                 number(value.extents[dim]), number(inner(value.extents, dim)));
        });
      })
      .Case([&](ScatterOp scatter) {
        int64_t dim = scatter.getDim();
        resize(dim, false);
        return finish([&](Value dst) {
          rt::ScatterFromOp::create(builder, loc, site, group, scatter.getRoot(), src, dst, number(outer(extents, dim)),
                                    number(extents[dim]), number(inner(extents, dim)));
        });
      })
      .Case([&](PermuteOp permute) {
        return finish([&](Value dst) { rt::PermuteOp::create(builder, loc, site, group, permute.getPairs(), src, dst, count); });
      })
      .Default([&](Operation *other) { return other->emitOpError("has no lowering for the cpu"); });
}

TypedAttr FunctionLowering::neutralElement(Type type, Reduction kind) {
  if (kind == Reduction::Sum)
    return cast<TypedAttr>(builder.getZeroAttr(type));
  bool negative = kind == Reduction::Max;
  if (auto floats = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, llvm::APFloat::getInf(floats.getFloatSemantics(), negative));
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 1)
    return builder.getIntegerAttr(type, negative ? 0 : 1);
  return builder.getIntegerAttr(type, negative ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
}

} // namespace tp::lowering
