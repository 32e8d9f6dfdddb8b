// Draws the inputs of a program. What an integer means is read off its uses: an index into a table must lie in it, a position
// must go on where the last entry ended, a mask lets everything through.
#include "tp/Reference/Check.h"

#include "dialects/nn/Nn.h"
#include "dialects/nn/Strided.h"
#include "tp/Support/Error.h"
#include "tp/Support/RandomTensor.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace tp::reference {

namespace {
/// Nearly normal numbers, the same on every machine: four uniform ones of 16 bits, added and scaled to variance 1.
class Normal {
public:
  explicit Normal(uint64_t seed) : seed(seed) {}
  double operator()() {
    uint64_t bits = randomBits(seed, counter++);
    int64_t sum = 0;
    for (int part = 0; part < 4; ++part)
      sum += static_cast<int64_t>(bits >> 16 * part & 0xffff);
    return (static_cast<double>(sum) / 0x1p16 - 2) * std::numbers::sqrt3;
  }
  int64_t below(int64_t bound) { return static_cast<int64_t>(randomBits(seed, counter++) % static_cast<uint64_t>(bound)); }

private:
  uint64_t seed, counter = 0;
};

uint64_t seedFor(uint64_t seed, StringRef name) {
  uint64_t hash = 0xcbf29ce484222325 ^ (seed * 0x9e3779b97f4a7c15);
  for (char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Weights that keep activations near 1: of variance 1 / (last dimension), and near 1 for vectors (norms, biases).
void drawWeights(HostTensor &tensor, uint64_t seed) {
  Normal normal(seed);
  double scale = tensor.shape.size() < 2 ? 0.1 : 1 / std::sqrt(static_cast<double>(std::max<int64_t>(1, tensor.shape.back())));
  double mean = tensor.shape.size() < 2 ? 1 : 0;
  for (double &value : tensor.floats)
    value = mean + scale * normal();
  for (int64_t &value : tensor.ints)
    value = normal.below(4);
  tensor.round();
}

/// What an integer argument is used as. The bound of indices is the smallest dimension that they go into.
struct Meaning {
  bool isPosition = false, isMask = false;
  std::optional<int64_t> bound;
};

class MeaningFinder {
public:
  explicit MeaningFinder(int64_t dynamicExtent) : dynamicExtent(dynamicExtent) {}
  Meaning of(Value value) {
    follow(value);
    return meaning;
  }

private:
  int64_t dynamicExtent;
  Meaning meaning;
  llvm::SmallPtrSet<Value, 16> seen;

  void indexes(Value table, int64_t dim) {
    int64_t size = cast<RankedTensorType>(table.getType()).getDimSize(dim);
    if (ShapedType::isDynamic(size))
      size = dynamicExtent;
    meaning.bound = std::min(meaning.bound.value_or(size), size);
  }

  void follow(Value value) {
    if (!seen.insert(value).second)
      return;
    for (OpOperand &use : value.getUses())
      followUse(use);
  }

  void followUse(OpOperand &use) {
    Operation *op = use.getOwner();
    Value value = use.get();
    if (auto embedding = dyn_cast<nn::EmbeddingOp>(op); embedding && value == embedding.getIds())
      return indexes(embedding.getTable(), 0);
    if (auto gather = dyn_cast<nn::GatherOp>(op); gather && value == gather.getIndices())
      return indexes(gather.getInput(), gather.getAxis());
    if (auto gather = dyn_cast<tensor::GatherOp>(op); gather && value == gather.getIndices())
      for (int64_t dim : gather.getGatherDims())
        indexes(gather.getSource(), dim);
    if (auto rope = dyn_cast<nn::RopeOp>(op))
      meaning.isPosition |= value == rope.getPositions();
    if (auto update = dyn_cast<nn::CacheUpdateOp>(op))
      meaning.isPosition |= value == update.getPositions();
    if (auto attention = dyn_cast<nn::AttentionOp>(op)) {
      meaning.isPosition |= value == attention.getPositions();
      meaning.isMask |= value == attention.getKeyMask();
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(op); extract && use.getOperandNumber() > 0)
      return indexes(extract.getTensor(), use.getOperandNumber() - 1);
    if (auto structured = dyn_cast<linalg::LinalgOp>(op); structured && structured.isDpsInput(&use))
      return follow(structured.getMatchingBlockArgument(&use));
    if (auto map = dyn_cast<nn::MapOp>(op)) {
      follow(map.getBody().front().getArgument(use.getOperandNumber()));
      return;
    }
    if (isa<nn::YieldOp>(op))
      return follow(op->getParentOp()->getResult(0));
    if (auto yield = dyn_cast<linalg::YieldOp>(op))
      return follow(op->getParentOp()->getResult(use.getOperandNumber()));
    if (auto call = dyn_cast<func::CallOp>(op)) {
      auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
      if (callee && !callee.isDeclaration())
        follow(callee.getArgument(use.getOperandNumber()));
      return;
    }
    // What moves or converts integers keeps their meaning.
    if (isa<ConstrainOp, ReshardOp, nn::ReshapeOp, nn::SliceOp, nn::TransposeOp, nn::BroadcastOp, nn::ConcatOp,
            arith::IndexCastOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp, arith::SelectOp, tensor::ExpandShapeOp,
            tensor::CollapseShapeOp, tensor::ExtractSliceOp>(op))
      follow(op->getResult(0));
  }
};

/// A weight if it is marked as one, or shares no first size with a result: only the scale of its numbers depends on this.
bool isWeight(func::FuncOp function, unsigned argument) {
  if (function.getArgAttr(argument, parameterAttrName))
    return true;
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[argument]);
  return type && llvm::none_of(function.getResultTypes(), [&](Type result) {
           auto tensor = dyn_cast<RankedTensorType>(result);
           return tensor && tensor.getRank() > 0 && type.getRank() > 0 && tensor.getDimSize(0) == type.getDimSize(0);
         });
}

bool fits(const HostTensor &tensor, Type type) {
  auto shaped = dyn_cast<RankedTensorType>(type);
  ArrayRef<int64_t> shape = shaped ? shaped.getShape() : ArrayRef<int64_t>();
  if (tensor.shape.size() != shape.size() || dtypeOf(getElementTypeOrSelf(type)) != tensor.type)
    return false;
  for (auto [size, expected] : llvm::zip_equal(tensor.shape, shape))
    if (!ShapedType::isDynamic(expected) && size != expected)
      return false;
  return true;
}

std::string text(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

class EntryInputs {
public:
  EntryInputs(func::FuncOp function, const CheckOptions &options, int64_t firstPosition)
      : function(function), options(options), firstPosition(firstPosition) {
    extent = options.dynamicExtent;
    if (auto bound = function->getAttrOfType<IntegerAttr>(nn::maxDynamicAttrName))
      extent = std::min(extent, bound.getInt());
  }

  NamedTensors draw() {
    NamedTensors result{function.getName().str(), {}, {}};
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      result.names.push_back(nameOf(i));
    // A given input decides how long the dynamic extent is.
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (auto given = givenFor(result.names[i]); given != options.inputs.end())
        take(i, given->second, given->first);
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto given = givenFor(result.names[i]);
      result.tensors.push_back(given != options.inputs.end() ? given->second : drawn(i, result.names[i]));
    }
    return result;
  }

private:
  // "entry.name" is for one entry only, "name" for every entry that has such an input.
  std::map<std::string, HostTensor>::const_iterator givenFor(const std::string &name) {
    auto own = options.inputs.find(function.getSymName().str() + "." + name);
    return own != options.inputs.end() ? own : options.inputs.find(name);
  }

  func::FuncOp function;
  const CheckOptions &options;
  int64_t firstPosition;
  int64_t extent;

  std::string nameOf(unsigned argument) {
    auto name = function.getArgAttrOfType<StringAttr>(argument, "nn.name");
    return name ? name.str() : "arg" + std::to_string(argument);
  }

  void take(unsigned argument, const HostTensor &tensor, const std::string &name) {
    Type type = function.getArgumentTypes()[argument];
    if (!fits(tensor, type)) {
      std::string shape;
      for (int64_t size : tensor.shape)
        shape += std::to_string(size) + "x";
      throw Error("input " + name + " is " + shape + std::string(tp::name(tensor.type)) + ", needs " + text(type));
    }
    if (auto shaped = dyn_cast<RankedTensorType>(type))
      for (auto [size, expected] : llvm::zip_equal(tensor.shape, shaped.getShape()))
        if (ShapedType::isDynamic(expected))
          extent = size;
  }

  HostTensor drawn(unsigned argument, const std::string &name) {
    Type type = function.getArgumentTypes()[argument];
    std::optional<DType> element = dtypeOf(getElementTypeOrSelf(type));
    if (!element)
      throw Error("input " + name + " has type " + text(type) + ", for which no values can be drawn");
    std::vector<int64_t> shape;
    if (auto shaped = dyn_cast<RankedTensorType>(type))
      for (int64_t size : shaped.getShape())
        shape.push_back(ShapedType::isDynamic(size) ? extent : size);
    HostTensor tensor = HostTensor::zeros(*element, shape);
    // Entries that share an input's name get the same weights.
    uint64_t seed = seedFor(options.seed, name);
    if (tensor.isFloat() && isWeight(function, argument)) {
      drawWeights(tensor, seed);
      return tensor;
    }
    Normal normal(seed);
    for (double &value : tensor.floats)
      value = normal();
    if (!tensor.isFloat())
      drawIntegers(tensor, MeaningFinder(extent).of(function.getArgument(argument)), normal);
    tensor.round();
    return tensor;
  }

  void drawIntegers(HostTensor &tensor, const Meaning &meaning, Normal &normal) {
    int64_t last = tensor.shape.empty() ? 1 : tensor.shape.back();
    bool isFlag = tensor.type == DType::I1;
    for (int64_t i = 0, count = tensor.count(); i < count; ++i) {
      if (meaning.isMask)
        tensor.ints[i] = 1;
      else if (meaning.isPosition)
        tensor.ints[i] = firstPosition + i % last;
      else
        tensor.ints[i] = normal.below(std::max<int64_t>(1, meaning.bound.value_or(isFlag ? 2 : 4)));
    }
  }
};
} // namespace

static std::string storedName(nn::ParameterOp parameter) {
  DictionaryAttr source = parameter.getSource().value_or(DictionaryAttr());
  auto tensor = source ? source.getAs<StringAttr>("tensor") : StringAttr();
  return tensor ? tensor.str() : parameter.getSymName().str();
}

CheckCase makeCase(ModuleOp global, const CheckOptions &options) {
  CheckCase result;
  int64_t position = 0;
  for (auto function : global.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isDeclaration())
      continue;
    bool keepsState = false;
    function.walk([&](nn::SetOp) { keepsState = true; });
    result.entries.push_back(EntryInputs(function, options, keepsState ? position : 0).draw());
    // A sequence goes on by as many tokens as this entry took.
    if (keepsState)
      for (auto [argument, tensor] : llvm::zip_equal(function.getArguments(), result.entries.back().tensors))
        if (!tensor.isFloat() && MeaningFinder(1).of(argument).isPosition && !tensor.ints.empty()) {
          position = *llvm::max_element(tensor.ints) + 1;
          break;
        }
  }
  if (result.entries.empty())
    throw Error("the program has no public function to run");
  result.stored = options.stored;
  if (!result.stored) {
    // A stored tensor is as large as the parameters that are cut from it say.
    std::map<std::string, std::vector<int64_t>> shapes;
    for (auto parameter : global.getOps<nn::ParameterOp>()) {
      std::vector<int64_t> extents = shapeOf(cast<RankedTensorType>(parameter.getType()));
      DictionaryAttr source = parameter.getSource().value_or(DictionaryAttr());
      if (auto offsets = source ? source.getAs<DenseI64ArrayAttr>("offsets") : DenseI64ArrayAttr()) {
        auto sizes = source.getAs<DenseI64ArrayAttr>("sizes");
        for (size_t dim = 0; dim < extents.size(); ++dim)
          extents[dim] = offsets[dim] + sizes[dim];
      }
      std::vector<int64_t> &shape = shapes.try_emplace(storedName(parameter), extents).first->second;
      for (size_t dim = 0; dim < shape.size(); ++dim)
        shape[dim] = std::max(shape[dim], extents[dim]);
    }
    result.stored = [shapes, seed = options.seed](const std::string &name, DType type) {
      auto shape = shapes.find(name);
      if (shape == shapes.end())
        throw Error("no parameter of the program is stored as \"" + name + "\"");
      HostTensor tensor = HostTensor::zeros(type, shape->second);
      drawWeights(tensor, seedFor(seed, name));
      return tensor;
    };
  }
  return result;
}

HostTensor parameterValue(ModuleOp module, StringRef name, const CheckCase &check) {
  auto parameter = module.lookupSymbol<nn::ParameterOp>(name);
  if (!parameter)
    throw Error("the program has no parameter \"" + name.str() + "\"");
  auto type = cast<RankedTensorType>(parameter.getType());
  if (auto global = parameter->getAttrOfType<TypeAttr>(globalTypeAttrName))
    type = cast<RankedTensorType>(global.getValue());
  std::optional<DType> element = dtypeOf(type.getElementType());
  if (!element)
    throw Error("parameter \"" + name.str() + "\" has type " + text(type) + ", which cannot be evaluated");
  DictionaryAttr source = parameter.getSource().value_or(DictionaryAttr());
  auto list = [&](StringRef key) {
    auto values = source ? source.getAs<DenseI64ArrayAttr>(key) : DenseI64ArrayAttr();
    return values ? std::vector<int64_t>(values.asArrayRef()) : std::vector<int64_t>();
  };
  auto input = source ? source.getAs<StringAttr>("input") : StringAttr();
  HostTensor value;
  if (input) {
    for (const NamedTensors &entry : check.entries)
      for (auto [inputName, tensor] : llvm::zip_equal(entry.names, entry.tensors))
        if (inputName == input.getValue())
          value = tensor;
    if (value.count() == 0)
      throw Error("parameter \"" + name.str() + "\" is input \"" + input.str() + "\", which no entry has");
  } else {
    value = check.stored(storedName(parameter), *element);
  }
  auto copyPart = [&](const std::vector<int64_t> &shape, const std::vector<int64_t> &offsets, const std::vector<int64_t> &sizes) {
    HostTensor part = HostTensor::zeros(value.type, shape);
    nn::StridedView view{0, nn::stridesOf(value.shape)};
    for (size_t dim = 0; dim < sizes.size(); ++dim)
      view.offset += offsets[dim] * view.strides[dim];
    nn::copyStrided(sizes, value, view, part, {0, nn::stridesOf(shape)});
    value = std::move(part);
  };
  if (std::vector<int64_t> sizes = list("sizes"); !sizes.empty())
    copyPart(sizes, list("offsets"), sizes);
  if (std::vector<int64_t> padded = list("pad_to"); !padded.empty() && padded != value.shape)
    copyPart(padded, std::vector<int64_t>(padded.size(), 0), std::vector<int64_t>(value.shape));
  if (value.shape != shapeOf(type))
    throw Error("the values of parameter \"" + name.str() + "\" have not the shape of its type " + text(type));
  return value;
}

} // namespace tp::reference
