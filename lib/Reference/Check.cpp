// Running a case and comparing what came out.
#include "tp/Reference/Check.h"

#include "dialects/nn/Nn.h"
#include "dialects/nn/Strided.h"
#include "tp/Reference/Shards.h"
#include "tp/Support/Error.h"

#include <cmath>

using namespace mlir;

namespace tp::reference {

/// The layout that `global` (a TypeAttr of a laid-out tensor type) carries; null if there is none.
static LayoutAttr layoutIn(Attribute global) {
  auto type = dyn_cast_or_null<TypeAttr>(global);
  return type ? layoutOf(type.getValue()) : LayoutAttr();
}

/// One copy for each rank of what is whole on all, or its shards.
static std::vector<HostTensor> onRanks(HostTensor whole, LayoutAttr layout, const Mesh &mesh) {
  if (layout)
    return splitToRanks(whole, layout.getLayout(), mesh);
  return std::vector<HostTensor>(mesh.size(), whole);
}

/// What argument `i` takes of the inputs: the one of its name, or the part of one that Normalize cut it from.
static HostTensor argumentValue(func::FuncOp function, unsigned i, const NamedTensors &inputs) {
  auto slice = function.getArgAttrOfType<DictionaryAttr>(i, "tp.slice_of");
  auto name = slice ? slice.getAs<StringAttr>("name") : function.getArgAttrOfType<StringAttr>(i, "nn.name");
  std::string text = name ? name.str() : "arg" + std::to_string(i);
  auto found = llvm::find(inputs.names, text);
  if (found == inputs.names.end())
    throw Error("@" + inputs.entry + " takes \"" + text + "\", which is no input of the program it is compared with");
  const HostTensor &whole = inputs.tensors[found - inputs.names.begin()];
  if (!slice)
    return whole;
  std::vector<int64_t> sizes = slice.getAs<DenseI64ArrayAttr>("sizes").asArrayRef().vec();
  HostTensor part = HostTensor::zeros(whole.type, sizes);
  nn::StridedView view{0, nn::stridesOf(whole.shape)};
  for (auto [offset, stride] : llvm::zip_equal(slice.getAs<DenseI64ArrayAttr>("offsets").asArrayRef(), view.strides))
    view.offset += offset * stride;
  nn::copyStrided(sizes, whole, view, part, {0, nn::stridesOf(sizes)});
  return part;
}

namespace {
class ProgramRun {
public:
  ProgramRun(ModuleOp module, const CheckCase &check) : module(module) {
    for (auto function : module.getOps<func::FuncOp>())
      local |= isLocal(function);
    if (MeshOp meshOp = local ? *module.getOps<MeshOp>().begin() : MeshOp())
      mesh = meshOp.getMesh();
    stores.resize(mesh.size());
    for (auto parameter : module.getOps<nn::ParameterOp>()) {
      std::vector<HostTensor> values =
          onRanks(parameterValue(module, parameter.getSymName(), check), layoutIn(parameter->getAttr(globalTypeAttrName)), mesh);
      for (int64_t rank = 0; rank < mesh.size(); ++rank)
        stores[rank][parameter.getSymName().str()] = std::move(values[rank]);
    }
  }

  NamedTensors run(const NamedTensors &inputs, const Disturb &disturb) {
    auto function = module.lookupSymbol<func::FuncOp>(inputs.entry);
    if (!function)
      throw Error("the program has no function @" + inputs.entry);
    PerRank arguments(mesh.size());
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      LayoutAttr layout = layoutIn(function.getArgAttr(i, globalTypeAttrName));
      std::vector<HostTensor> shards = onRanks(argumentValue(function, i, inputs), layout, mesh);
      for (int64_t rank = 0; rank < mesh.size(); ++rank)
        arguments[rank].push_back(std::move(shards[rank]));
    }
    // The interpreter reports on the op that failed; the first of those becomes the Error.
    std::optional<Error> error;
    ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
      if (!error && diagnostic.getSeverity() == DiagnosticSeverity::Error)
        error.emplace("interpreting @" + inputs.entry + ": " + diagnostic.str());
      return success();
    });
    FailureOr<PerRank> results = evaluate(function, std::move(arguments), stores, disturb);
    if (failed(results))
      throw error.value_or(Error("interpreting @" + inputs.entry + " failed"));
    return assembled(function, *results);
  }

private:
  ModuleOp module;
  bool local = false;
  Mesh mesh;
  std::vector<Store> stores;

  NamedTensors assembled(func::FuncOp function, PerRank &results) {
    NamedTensors outputs{function.getName().str(), {}, {}};
    for (unsigned i = 0; i < function.getNumResults(); ++i) {
      auto name = function.getResultAttrOfType<StringAttr>(i, "nn.name");
      outputs.names.push_back(name ? name.str() : "result" + std::to_string(i));
      std::vector<HostTensor> shards;
      for (std::vector<HostTensor> &values : results)
        shards.push_back(std::move(values[i]));
      LayoutAttr layout = layoutIn(function.getResultAttr(i, globalTypeAttrName));
      try {
        outputs.tensors.push_back(assemble(shards, layout ? layout.getLayout() : Layout::whole(shards[0].shape.size()), mesh));
      } catch (const Error &error) {
        throw Error("output " + outputs.names.back() + " of @" + outputs.entry + ": " + error.what());
      }
    }
    return outputs;
  }
};
} // namespace

Outputs runProgram(ModuleOp module, const CheckCase &check, const Disturb &disturb) {
  ProgramRun program(module, check);
  Outputs outputs;
  for (const NamedTensors &entry : check.entries)
    outputs.push_back(program.run(entry, disturb));
  return outputs;
}

static double differenceOf(const HostTensor &expected, const HostTensor &actual) {
  double largest = 0, magnitude = 0;
  for (int64_t i = 0, count = expected.count(); i < count; ++i) {
    double x = expected.at(i), y = actual.at(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) {
      if (std::isfinite(x))
        magnitude = std::max(magnitude, std::abs(x));
      continue;
    }
    double difference = std::abs(x - y);
    if (!std::isfinite(difference))
      return std::numeric_limits<double>::infinity();
    largest = std::max(largest, difference);
    magnitude = std::max(magnitude, std::abs(x));
  }
  if (!expected.isFloat() || largest == 0)
    return largest;
  return magnitude > 0 ? largest / magnitude : std::numeric_limits<double>::infinity();
}

std::vector<Difference> differences(const Outputs &expected, const Outputs &actual) {
  std::vector<Difference> result;
  if (expected.size() != actual.size())
    throw Error("one program has " + std::to_string(expected.size()) + " entries, the other " + std::to_string(actual.size()));
  for (auto [left, right] : llvm::zip_equal(expected, actual)) {
    if (left.tensors.size() != right.tensors.size())
      throw Error("@" + left.entry + " has " + std::to_string(left.tensors.size()) + " outputs in one program and " +
                  std::to_string(right.tensors.size()) + " in the other");
    for (size_t i = 0; i < left.tensors.size(); ++i) {
      if (left.tensors[i].shape != right.tensors[i].shape || left.tensors[i].type != right.tensors[i].type)
        throw Error("output " + left.names[i] + " of @" + left.entry + " has another shape or element type in the other program");
      result.push_back({left.entry, left.names[i], differenceOf(left.tensors[i], right.tensors[i])});
    }
  }
  return result;
}

double toleranceOf(ModuleOp module) {
  bool isNarrow = false;
  auto look = [&](Type type) {
    std::optional<DType> element = dtypeOf(getElementTypeOrSelf(type));
    isNarrow |= element == DType::BF16 || element == DType::F16;
  };
  module.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      look(type);
    if (auto function = dyn_cast<func::FuncOp>(op))
      for (Type type : function.getArgumentTypes())
        look(type);
  });
  return isNarrow ? 2e-2 : 1e-4;
}

} // namespace tp::reference
