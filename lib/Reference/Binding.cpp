// Cuts, shards and assembles the tensors that go into and come out of a program of any form.
#include "tp/Reference/Binding.h"

#include "dialects/nn/Nn.h"
#include "dialects/nn/Strided.h"
#include "dialects/tp/Tp.h"
#include "tp/Reference/Shards.h"
#include "tp/Support/Error.h"

#include <cmath>
#include <limits>
#include <random>

using namespace mlir;

namespace tp::reference {

//===-- Names ---------------------------------------------------------------------------------------------------===//

static std::string argumentName(func::FuncOp function, unsigned i) {
  if (auto name = function.getArgAttrOfType<StringAttr>(i, "nn.name"))
    return name.str();
  return "arg" + std::to_string(i);
}

static std::vector<int64_t> integers(DictionaryAttr dictionary, StringRef key) {
  std::vector<int64_t> values;
  if (auto dense = dictionary.getAs<DenseI64ArrayAttr>(key))
    values = dense.asArrayRef().vec();
  else if (auto array = dictionary.getAs<ArrayAttr>(key))
    for (Attribute value : array)
      values.push_back(cast<IntegerAttr>(value).getInt());
  return values;
}

static RankedTensorType globalType(Type type, Attribute global) {
  if (auto attribute = dyn_cast_or_null<TypeAttr>(global))
    type = attribute.getValue();
  return dyn_cast<RankedTensorType>(type);
}

//===-- Values --------------------------------------------------------------------------------------------------===//

static HostTensor randomTensor(RankedTensorType type, StringRef name, uint64_t seed, int64_t dynamicExtent) {
  std::vector<int64_t> shape = shapeOf(type);
  std::replace(shape.begin(), shape.end(), int64_t(-1), dynamicExtent);
  HostTensor tensor = HostTensor::zeros(*dtypeOf(type.getElementType()), shape);
  for (char letter : name) // the same on every platform, unlike std::hash
    seed = seed * 1099511628211u + static_cast<unsigned char>(letter);
  std::mt19937_64 random(seed);
  for (double &value : tensor.floats)
    value = static_cast<double>(random() >> 11) / static_cast<double>(uint64_t(1) << 52) - 1;
  for (int64_t &value : tensor.ints)
    value = static_cast<int64_t>(random() >> 61);
  if (tensor.type == DType::I1)
    for (int64_t &value : tensor.ints)
      value &= 1;
  tensor.round();
  return tensor;
}

static HostTensor part(const HostTensor &whole, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes) {
  HostTensor result = HostTensor::zeros(whole.type, sizes);
  nn::StridedView view{0, nn::stridesOf(whole.shape)};
  for (size_t dim = 0; dim < offsets.size(); ++dim) {
    if (offsets[dim] + sizes[dim] > whole.shape[dim])
      throw Error("a slice ends at " + std::to_string(offsets[dim] + sizes[dim]) + " of a dimension of size " +
                  std::to_string(whole.shape[dim]));
    view.offset += offsets[dim] * view.strides[dim];
  }
  nn::copyStrided(sizes, whole, view, result, {0, nn::stridesOf(sizes)});
  return result;
}

static HostTensor padded(const HostTensor &value, const std::vector<int64_t> &shape) {
  HostTensor result = HostTensor::zeros(value.type, shape);
  nn::copyStrided(value.shape, value, {0, nn::stridesOf(value.shape)}, result, {0, nn::stridesOf(shape)});
  return result;
}

// What a declaration holds: its part of what is stored, or that with rows of zeros.
static std::pair<std::string, std::vector<int64_t>> storedAs(nn::ParameterOp parameter) {
  DictionaryAttr source = parameter.getSourceAttr();
  std::string name = parameter.getSymName().str();
  if (source)
    for (StringRef key : {"tensor", "input"})
      if (auto stored = source.getAs<StringAttr>(key))
        name = stored.str();
  return {name, shapeOf(globalType(parameter.getType(), parameter->getAttr(globalTypeAttrName)))};
}

NamedTensors randomTensors(func::FuncOp function, uint64_t seed, int64_t dynamicExtent) {
  NamedTensors tensors;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      std::string name = argumentName(function, i);
      tensors[name] = randomTensor(tensor, name, seed, dynamicExtent);
    }
  for (auto parameter : function->getParentOfType<ModuleOp>().getOps<nn::ParameterOp>()) {
    auto [name, shape] = storedAs(parameter);
    DictionaryAttr source = parameter.getSourceAttr();
    if (source && source.get("offsets")) // as large as the furthest slice that is asked for
      for (auto [size, offset, length] : llvm::zip(shape, integers(source, "offsets"), integers(source, "sizes")))
        size = offset + length;
    auto element = cast<RankedTensorType>(parameter.getType()).getElementType();
    auto known = tensors.find(name);
    if (known != tensors.end() && known->second.shape.size() == shape.size())
      for (auto [size, other] : llvm::zip(shape, known->second.shape))
        size = std::max(size, other);
    tensors[name] = randomTensor(RankedTensorType::get(shape, element), name, seed, dynamicExtent);
  }
  return tensors;
}

//===-- Into the program and out of it --------------------------------------------------------------------------===//

// One tensor per rank.
static std::vector<HostTensor> toRanks(func::FuncOp function, const HostTensor &whole, LayoutAttr layout) {
  int64_t ranks = ranksOf(function);
  if (ranks == 1 || !layout)
    return std::vector<HostTensor>(ranks, whole);
  return splitToRanks(whole, layout.getLayout(), findMesh(function).getMesh());
}

FailureOr<PerRank> inputsFor(func::FuncOp function, const NamedTensors &tensors) {
  PerRank inputs(ranksOf(function));
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto slice = function.getArgAttrOfType<DictionaryAttr>(i, "tp.slice_of");
    std::string name = slice ? slice.getAs<StringAttr>("name").str() : argumentName(function, i);
    auto found = tensors.find(name);
    if (found == tensors.end())
      return function.emitOpError() << "got no value for argument " << i << ", \"" << name << "\"";
    try {
      HostTensor whole = slice ? part(found->second, integers(slice, "offsets"), integers(slice, "sizes")) : found->second;
      LayoutAttr layout = layoutOf(globalType(type, function.getArgAttr(i, globalTypeAttrName)));
      for (auto [rank, shard] : llvm::enumerate(toRanks(function, whole, layout)))
        inputs[rank].push_back(std::move(shard));
    } catch (const Error &error) {
      return function.emitOpError() << "argument " << i << ", \"" << name << "\": " << error.what();
    }
  }
  return inputs;
}

FailureOr<std::vector<Store>> storesFor(func::FuncOp function, const NamedTensors &tensors) {
  std::vector<Store> stores(ranksOf(function));
  for (auto parameter : function->getParentOfType<ModuleOp>().getOps<nn::ParameterOp>()) {
    auto [name, shape] = storedAs(parameter);
    auto found = tensors.find(name);
    if (found == tensors.end())
      return parameter.emitOpError() << "got no value for \"" << name << "\"";
    DictionaryAttr source = parameter.getSourceAttr();
    try {
      HostTensor whole = found->second;
      if (source && source.get("offsets"))
        whole = part(whole, integers(source, "offsets"), integers(source, "sizes"));
      if (whole.shape != shape && whole.shape.size() == shape.size())
        whole = padded(part(whole, std::vector<int64_t>(shape.size(), 0),
                            source && source.get("pad_to") ? whole.shape : shape), shape);
      LayoutAttr layout = layoutOf(globalType(parameter.getType(), parameter->getAttr(globalTypeAttrName)));
      for (auto [rank, shard] : llvm::enumerate(toRanks(function, whole, layout)))
        stores[rank][parameter.getSymName().str()] = std::move(shard);
    } catch (const Error &error) {
      return parameter.emitOpError() << error.what();
    }
  }
  return stores;
}

FailureOr<std::vector<HostTensor>> wholeResults(func::FuncOp function, const PerRank &results) {
  std::vector<HostTensor> whole;
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    LayoutAttr layout = layoutOf(globalType(type, function.getResultAttr(i, globalTypeAttrName)));
    if (results.size() == 1 || !layout) {
      whole.push_back(results[0][i]);
      continue;
    }
    std::vector<HostTensor> shards;
    for (const std::vector<HostTensor> &rank : results)
      shards.push_back(rank[i]);
    try {
      whole.push_back(assemble(shards, layout.getLayout(), findMesh(function).getMesh()));
    } catch (const Error &error) {
      return function.emitOpError() << "result " << i << ": " << error.what();
    }
  }
  return whole;
}

FailureOr<std::vector<HostTensor>> evaluateWhole(func::FuncOp function, const NamedTensors &tensors) {
  FailureOr<PerRank> inputs = inputsFor(function, tensors);
  if (failed(inputs))
    return failure();
  FailureOr<std::vector<Store>> stores = storesFor(function, tensors);
  if (failed(stores))
    return failure();
  FailureOr<PerRank> results = evaluate(function, std::move(*inputs), *stores);
  if (failed(results))
    return failure();
  return wholeResults(function, *results);
}

double relativeDifference(const HostTensor &expected, const HostTensor &found) {
  if (expected.shape != found.shape || expected.isFloat() != found.isFloat())
    return std::numeric_limits<double>::infinity();
  double difference = 0, magnitude = 0;
  for (int64_t i = 0, count = expected.count(); i < count; ++i) {
    double a = expected.at(i), b = found.at(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    if (!std::isfinite(a) || !std::isfinite(b))
      return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(a - b));
  }
  for (int64_t i = 0, count = expected.count(); i < count; ++i)
    if (std::isfinite(expected.at(i)))
      magnitude = std::max(magnitude, std::abs(expected.at(i)));
  return difference == 0 ? 0 : difference / std::max(magnitude, 1e-30);
}

} // namespace tp::reference
