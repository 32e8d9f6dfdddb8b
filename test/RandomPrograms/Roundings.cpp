// See Roundings.h.
#include "Roundings.h"

#include "dialects/nn/Nn.h"
#include "tp/Support/RandomTensor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AttrTypeSubElements.h"

#include "llvm/Support/FormatVariadic.h"

#include <bit>
#include <cmath>

using namespace mlir;

namespace tp::random_programs {

namespace {

/// Half a unit in the last place, relative.
double rounding(DType type) {
  return type == DType::BF16 ? 0x1p-9 : type == DType::F16 ? 0x1p-12 : type == DType::F64 ? 0x1p-53 : 0x1p-24;
}

/// What any result may be off, relative to its largest element: decided by the narrowest type that the program computes with.
double leastLimit(ModuleOp program) {
  double coarsest = 0;
  auto look = [&](Type type) {
    if (std::optional<DType> element = dtypeOf(getElementTypeOrSelf(type)); element && isFloat(*element))
      coarsest = std::max(coarsest, rounding(*element));
  };
  program.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), look);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArgumentTypes(), look);
  });
  return coarsest >= rounding(DType::F16) ? 4e-3 : coarsest >= rounding(DType::F32) ? 2e-6 : 1e-12;
}

bool onlyMoves(Operation *op) {
  return isa<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::ConcatOp, nn::PadOp, nn::GatherOp, nn::EmbeddingOp, nn::BroadcastOp,
             nn::IotaOp, nn::CacheUpdateOp, arith::ConstantOp, tensor::EmptyOp>(op) ||
         isa_and_nonnull<tensor::TensorDialect>(op->getDialect());
}

uint64_t mixed(uint64_t hash, uint64_t value) { return randomBits(hash, value); }

/// Moves every element up or down, which of both by the op, the element's place and its value: copies on several ranks stay equal.
reference::Outputs runMoved(ModuleOp program, const reference::CheckCase &drawn, uint64_t seed) {
  llvm::DenseMap<Operation *, uint64_t> numbers;
  return reference::runProgram(program, drawn, [&](Operation *op, HostTensor &result) {
    if (onlyMoves(op))
      return;
    uint64_t number = mixed(seed, numbers.try_emplace(op, numbers.size()).first->second);
    double size = 3 * rounding(result.type);
    for (size_t i = 0; i < result.floats.size(); ++i) {
      double &value = result.floats[i];
      value += value * size * (mixed(mixed(number, i), std::bit_cast<uint64_t>(value)) & 1 ? 1 : -1);
    }
    result.round();
  });
}

/// Moves what the scalar ops in bodies compute, each up or down: a body can cancel too (sin x - expm1(tanh(sin x))).
void moveInBodies(ModuleOp module, uint64_t seed) {
  SmallVector<Operation *> scalars;
  module.walk([&](Operation *op) {
    bool inBody = op->getParentOp() && isa<nn::MapOp, linalg::GenericOp>(op->getParentOp());
    if (inBody && op->getNumResults() == 1 && isa<FloatType>(op->getResult(0).getType()) && !isa<arith::ConstantOp>(op))
      scalars.push_back(op);
  });
  for (auto [number, op] : llvm::enumerate(scalars)) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Type type = op->getResult(0).getType();
    double size = 3 * rounding(*dtypeOf(type)) * (mixed(seed, number) & 1 ? 1 : -1);
    Value factor = arith::ConstantOp::create(builder, op->getLoc(), builder.getFloatAttr(type, 1 + size));
    Operation *moved = arith::MulFOp::create(builder, op->getLoc(), op->getResult(0), factor);
    op->getResult(0).replaceAllUsesExcept(moved->getResult(0), moved);
  }
}

void widen(ModuleOp module) {
  Type wide = Float64Type::get(module.getContext());
  AttrTypeReplacer replacer;
  replacer.addReplacement([=](FloatType) -> std::optional<Type> { return wide; });
  replacer.addReplacement([=](FloatAttr attribute) -> std::optional<std::pair<Attribute, WalkResult>> {
    return std::pair(Attribute(FloatAttr::get(wide, attribute.getValueAsDouble())), WalkResult::skip());
  });
  // Numbers beside tensors (frequencies, say) are equal in both programs as they are.
  replacer.addReplacement([](DenseArrayAttr attribute) -> std::optional<std::pair<Attribute, WalkResult>> {
    return std::pair(Attribute(attribute), WalkResult::skip());
  });
  replacer.addReplacement([=](DenseElementsAttr attribute) -> std::optional<std::pair<Attribute, WalkResult>> {
    if (!isa<FloatType>(attribute.getElementType()))
      return std::nullopt;
    auto widened = attribute.mapValues(wide, [](const APFloat &value) {
      APFloat copy = value;
      bool isInexact;
      copy.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &isInexact);
      return copy.bitcastToAPInt();
    });
    return std::pair(Attribute(widened), WalkResult::skip());
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
}

} // namespace

Limits measureLimits(ModuleOp program, const reference::CheckCase &drawn, const reference::Outputs &results, int times,
                     bool bodiesToo) {
  double least = leastLimit(program);
  Limits limits;
  for (const reference::NamedTensors &entry : results) {
    std::vector<double> &ofEntry = limits.emplace_back();
    for (const HostTensor &tensor : entry.tensors) {
      double magnitude = 0;
      for (double value : tensor.floats)
        if (std::isfinite(value))
          magnitude = std::max(magnitude, std::abs(value));
      ofEntry.push_back(least * magnitude);
    }
  }
  std::vector<std::vector<double>> farthest(limits.size());
  for (int time = 0; time < times; ++time) {
    OwningOpRef<ModuleOp> clone = bodiesToo ? program.clone() : ModuleOp();
    if (bodiesToo)
      moveInBodies(*clone, time);
    reference::Outputs moved = runMoved(bodiesToo ? *clone : program, drawn, 99 + time);
    for (size_t entry = 0; entry < results.size(); ++entry) {
      farthest[entry].resize(limits[entry].size());
      for (size_t i = 0; i < limits[entry].size(); ++i)
        for (int64_t k = 0, count = results[entry].tensors[i].count(); k < count; ++k)
          if (double difference = std::abs(results[entry].tensors[i].at(k) - moved[entry].tensors[i].at(k));
              std::isfinite(difference))
            farthest[entry][i] = std::max(farthest[entry][i], difference);
    }
  }
  for (size_t entry = 0; entry < limits.size(); ++entry)
    for (size_t i = 0; i < limits[entry].size(); ++i)
      limits[entry][i] += 24 * farthest[entry][i];
  return limits;
}

Limits larger(Limits a, const Limits &b) {
  for (size_t entry = 0; entry < a.size(); ++entry)
    for (size_t i = 0; i < a[entry].size(); ++i)
      a[entry][i] = std::max(a[entry][i], b[entry][i]);
  return a;
}

std::optional<std::string> differenceIn(const reference::Outputs &expected, const reference::Outputs &found,
                                        const Limits &limits) {
  if (expected.size() != found.size())
    return "another number of entries";
  for (size_t entry = 0; entry < expected.size(); ++entry)
    for (size_t i = 0; i < expected[entry].tensors.size(); ++i) {
      const HostTensor &x = expected[entry].tensors[i], &y = found[entry].tensors[i];
      std::string name = expected[entry].entry + "." + expected[entry].names[i];
      if (x.shape != y.shape || x.type != y.type)
        return name + " has another shape or type";
      double farthest = 0;
      for (int64_t k = 0, count = x.count(); k < count; ++k) {
        bool same = x.at(k) == y.at(k) || (std::isnan(x.at(k)) && std::isnan(y.at(k)));
        double difference = same ? 0 : std::abs(x.at(k) - y.at(k));
        farthest = std::max(farthest, std::isfinite(difference) ? difference : HUGE_VAL);
      }
      if (!(farthest <= limits[entry][i]))
        return llvm::formatv("{0} differs by {1:e2}, allowed are {2:e2}", name, farthest, limits[entry][i]).str();
    }
  return std::nullopt;
}

std::optional<std::string> differenceInDoubles(ModuleOp global, ModuleOp local, uint64_t seed) {
  OwningOpRef<ModuleOp> wideGlobal = global.clone(), wideLocal = local.clone();
  widen(*wideGlobal);
  widen(*wideLocal);
  reference::CheckOptions options;
  options.seed = seed;
  reference::CheckCase drawn = reference::makeCase(*wideGlobal, options);
  reference::Outputs expected = reference::runProgram(*wideGlobal, drawn), found = reference::runProgram(*wideLocal, drawn);
  constexpr int times = 4;
  Limits limits = larger(measureLimits(*wideGlobal, drawn, expected, times), measureLimits(*wideLocal, drawn, found, times));
  return differenceIn(expected, found, limits);
}

} // namespace tp::random_programs
