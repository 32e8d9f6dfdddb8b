// The interpreter's loop: frames, calls, parameters and state, collectives. What an op computes stands elsewhere.
//
// A frame maps values to shared tensors, so passing arguments and reading weights copies nothing. An op that evaluates itself
// takes its operands as one array: they are moved there and back.
#include "tp/Reference/Interpreter.h"

#include "Ops.h"
#include "dialects/nn/Nn.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <numeric>

using namespace mlir;

namespace tp::reference {

namespace {
using Tensor = std::shared_ptr<HostTensor>;
using Frame = llvm::DenseMap<Value, Tensor>;

Tensor own(HostTensor tensor) { return std::make_shared<HostTensor>(std::move(tensor)); }
/// A tensor that lives in a store.
Tensor borrow(HostTensor &tensor) { return Tensor(Tensor(), &tensor); }

class Run {
public:
  Run(std::vector<Store> &stores, const Disturb &disturb) : stores(stores), disturb(disturb), written(stores.size()) {}

  FailureOr<std::vector<std::vector<Tensor>>> call(func::FuncOp function, std::vector<std::vector<Tensor>> arguments) {
    if (function.isDeclaration())
      return function.emitOpError() << "has no body to evaluate";
    std::vector<Frame> frames(stores.size());
    Block &block = function.getBody().front();
    for (auto [frame, values] : llvm::zip_equal(frames, arguments))
      for (auto [argument, value] : llvm::zip_equal(block.getArguments(), values))
        frame[argument] = std::move(value);
    arguments.clear();
    llvm::DenseMap<Value, Operation *> lastUser;
    for (Operation &op : block)
      op.walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          lastUser[operand] = &op;
      });
    for (Operation &op : block.without_terminator()) {
      if (failed(evaluate(&op, frames)) || failed(checkResults(&op, frames)))
        return failure();
      op.walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          if (lastUser.lookup(operand) == &op)
            for (Frame &frame : frames)
              frame.erase(operand);
      });
    }
    std::vector<std::vector<Tensor>> results(frames.size());
    for (auto [frame, values] : llvm::zip_equal(frames, results))
      for (Value operand : block.getTerminator()->getOperands())
        values.push_back(frame.lookup(operand));
    return results;
  }

  /// Writes what nn.set gave to the stores.
  void commit() {
    for (auto [store, values] : llvm::zip_equal(stores, written))
      for (auto &[name, value] : values)
        store[name] = *value;
  }

private:
  std::vector<Store> &stores;
  const Disturb &disturb;
  /// States set so far, per rank.
  std::vector<std::map<std::string, Tensor>> written;

  LogicalResult evaluate(Operation *op, std::vector<Frame> &frames) {
    if (isa<ConstrainOp, ReshardOp>(op)) {
      for (Frame &frame : frames)
        frame[op->getResult(0)] = frame.lookup(op->getOperand(0));
      return success();
    }
    if (auto collective = dyn_cast<Collective>(op))
      return evaluateCollective(collective, frames);
    if (auto index = dyn_cast<AxisIndexOp>(op)) {
      FailureOr<Mesh> mesh = meshOf(op, frames.size());
      if (failed(mesh))
        return failure();
      for (auto [rank, frame] : llvm::enumerate(frames))
        frame[index] = own({DType::I64, {}, {}, {mesh->indexAlong(index.getAxes().getParts(), rank)}});
      return success();
    }
    if (auto call = dyn_cast<func::CallOp>(op))
      return evaluateCall(call, frames);
    for (auto [rank, frame] : llvm::enumerate(frames))
      if (failed(evaluateOn(rank, op, frame)))
        return failure();
    return success();
  }

  FailureOr<Mesh> meshOf(Operation *op, size_t ranks) {
    MeshOp meshOp = findMesh(op);
    if (!meshOp)
      return op->emitOpError() << "needs a tp.mesh in the module";
    Mesh mesh = meshOp.getMesh();
    if (mesh.size() != static_cast<int64_t>(ranks))
      return op->emitOpError() << "runs on " << ranks << " pretend ranks, but the mesh has " << mesh.size();
    return mesh;
  }

  LogicalResult evaluateCollective(Collective op, std::vector<Frame> &frames) {
    FailureOr<Mesh> mesh = meshOf(op, frames.size());
    if (failed(mesh))
      return failure();
    std::vector<HostTensor> operands;
    for (Frame &frame : frames)
      operands.push_back(*frame.lookup(op->getOperand(0)));
    std::vector<HostTensor> results = op.evaluateOnRanks(*mesh, operands);
    for (auto [frame, result] : llvm::zip_equal(frames, results))
      frame[op->getResult(0)] = own(std::move(result));
    return success();
  }

  LogicalResult evaluateCall(func::CallOp op, std::vector<Frame> &frames) {
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, op.getCalleeAttr());
    if (!callee)
      return op.emitOpError() << "calls " << op.getCalleeAttr() << ", which is no function of this module";
    std::vector<std::vector<Tensor>> arguments(frames.size());
    for (auto [frame, values] : llvm::zip_equal(frames, arguments))
      for (Value operand : op.getOperands())
        values.push_back(frame.lookup(operand));
    FailureOr<std::vector<std::vector<Tensor>>> results = call(callee, std::move(arguments));
    if (failed(results))
      return failure();
    for (auto [frame, values] : llvm::zip_equal(frames, *results))
      for (auto [result, value] : llvm::zip_equal(op.getResults(), values))
        frame[result] = value;
    return success();
  }

  LogicalResult evaluateOn(int64_t rank, Operation *op, Frame &frame) {
    if (auto get = dyn_cast<nn::GetOp>(op))
      return evaluateGet(rank, get, frame);
    if (auto set = dyn_cast<nn::SetOp>(op)) {
      written[rank][set.getName().str()] = frame.lookup(set.getValue());
      return success();
    }
    if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
      if (frame.lookup(assertion.getArg())->ints[0])
        return success();
      return op->emitOpError() << "does not hold: " << assertion.getMsg();
    }
    SmallVector<HostTensor> results;
    if (auto evaluable = dyn_cast<Evaluate>(op)) {
      if (failed(evaluateItself(evaluable, frame, results)))
        return failure();
    } else {
      Lookup lookup = [&](Value value) -> const HostTensor & { return *frame.lookup(value); };
      bool isLinalg = isa_and_nonnull<linalg::LinalgDialect>(op->getDialect());
      if (failed(isLinalg ? evaluateLinalg(op, lookup, results) : evaluateTensorOp(op, lookup, results)))
        return failure();
    }
    for (auto [value, result] : llvm::zip_equal(op->getResults(), results)) {
      if (disturb)
        disturb(op, result);
      frame[value] = own(std::move(result));
    }
    return success();
  }

  LogicalResult evaluateItself(Evaluate op, Frame &frame, SmallVectorImpl<HostTensor> &results) {
    SmallVector<HostTensor> operands(op->getNumOperands());
    // A tensor that stands twice is copied the second time; two values may be one tensor (arguments of a call, reads of a state).
    SmallVector<HostTensor *> tensors =
        llvm::map_to_vector(op->getOperands(), [&](Value each) { return frame.lookup(each).get(); });
    auto firstPlace = [&](unsigned i) { return llvm::find(tensors, tensors[i]) - tensors.begin(); };
    for (unsigned i = 0; i < operands.size(); ++i)
      operands[i] = firstPlace(i) == i ? std::move(*frame.lookup(op->getOperand(i))) : operands[firstPlace(i)];
    LogicalResult outcome = op.evaluate(operands, results);
    for (unsigned i = 0; i < operands.size(); ++i)
      if (firstPlace(i) == i)
        *frame.lookup(op->getOperand(i)) = std::move(operands[i]);
    return outcome;
  }

  LogicalResult evaluateGet(int64_t rank, nn::GetOp op, Frame &frame) {
    std::string name = op.getName().str();
    auto found = stores[rank].find(name);
    if (found == stores[rank].end()) {
      if (!SymbolTable::lookupNearestSymbolFrom<nn::StateOp>(op, op.getNameAttr()))
        return op.emitOpError() << "got no value for parameter @" << name << " on rank " << rank;
      FailureOr<HostTensor> zeros = zerosFor(op, op.getType(), shapeOf(op.getType()));
      if (failed(zeros))
        return failure();
      found = stores[rank].emplace(name, std::move(*zeros)).first;
    }
    frame[op] = borrow(found->second);
    return success();
  }

  /// Every result has the shape and element type that its type says.
  LogicalResult checkResults(Operation *op, std::vector<Frame> &frames) {
    for (auto [rank, frame] : llvm::enumerate(frames))
      for (Value value : op->getResults()) {
        const HostTensor &tensor = *frame.lookup(value);
        auto type = dyn_cast<RankedTensorType>(value.getType());
        ArrayRef<int64_t> shape = type ? type.getShape() : ArrayRef<int64_t>();
        bool fits = tensor.shape.size() == shape.size() && dtypeOf(getElementTypeOrSelf(value.getType())) == tensor.type;
        for (size_t dim = 0; fits && dim < shape.size(); ++dim)
          fits = ShapedType::isDynamic(shape[dim]) || shape[dim] == tensor.shape[dim];
        if (fits)
          continue;
        std::string text;
        for (int64_t size : tensor.shape)
          text += std::to_string(size) + "x";
        return op->emitOpError() << "evaluates to " << text << name(tensor.type).data() << " on rank " << rank
                                 << ", but its type is " << value.getType();
      }
    return success();
  }
};
} // namespace

bool isLocal(func::FuncOp function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, globalTypeAttrName))
      return true;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (function.getResultAttr(i, globalTypeAttrName))
      return true;
  return function
      .walk([](Operation *op) { return isa<Collective, AxisIndexOp>(op) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

int64_t ranksOf(func::FuncOp function) {
  MeshOp mesh = findMesh(function);
  return mesh && isLocal(function) ? mesh.getMesh().size() : 1;
}

FailureOr<PerRank> evaluate(func::FuncOp function, PerRank inputs, std::vector<Store> &stores, const Disturb &disturb) {
  if (inputs.size() != stores.size())
    return function.emitOpError() << "got inputs for " << inputs.size() << " ranks and stores for " << stores.size();
  std::vector<std::vector<Tensor>> arguments(inputs.size());
  for (auto [values, tensors] : llvm::zip_equal(arguments, inputs)) {
    if (tensors.size() != function.getNumArguments())
      return function.emitOpError() << "got " << tensors.size() << " inputs, needs " << function.getNumArguments();
    for (HostTensor &tensor : tensors)
      values.push_back(own(std::move(tensor)));
  }
  Run run(stores, disturb);
  FailureOr<std::vector<std::vector<Tensor>>> values = run.call(function, std::move(arguments));
  if (failed(values))
    return failure();
  PerRank results(stores.size());
  for (auto [tensors, rankValues] : llvm::zip_equal(results, *values))
    for (const Tensor &value : rankValues)
      tensors.push_back(*value);
  run.commit();
  return results;
}

} // namespace tp::reference
