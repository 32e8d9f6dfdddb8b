// Flattens entries: calls of private functions are replaced by their bodies, so that a split can be carried from one layer to the
// next. (Equal layers are outlined again by Annotate, where their wishes are known.) A wish on an argument or a result of the
// called function is a wish on a value, and so becomes tp.constrain.
#include "lib/Transforms/Normalize/Steps.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tp::normalize {

static Value wished(OpBuilder &builder, Location loc, Value value, Attribute wish) {
  if (!wish)
    return value;
  return ConstrainOp::create(builder, loc, value, cast<LayoutAttr>(wish));
}

static LogicalResult inlineCall(func::CallOp call, func::FuncOp callee) {
  if (callee.isExternal()) {
    InFlightDiagnostic error = call.emitError()
                               << "calls @" << callee.getSymName() << ", which has no body; a program needs all of it";
    error.attachNote(callee.getLoc()) << "declared here";
    return error;
  }
  if (!llvm::hasSingleElement(callee.getBody())) {
    InFlightDiagnostic error = call.emitError() << "calls @" << callee.getSymName() << ", which has "
                                                << callee.getBody().getBlocks().size() << " blocks, needs one";
    error.attachNote(callee.getLoc()) << "declared here; branches in a private function cannot be flattened";
    return error;
  }
  OpBuilder builder(call);
  IRMapping mapping;
  for (auto [i, argument, operand] : llvm::enumerate(callee.getArguments(), call.getOperands()))
    mapping.map(argument, wished(builder, call.getLoc(), operand, callee.getArgAttr(i, layoutAttrName)));
  for (Operation &op : callee.getBody().front().without_terminator())
    builder.clone(op, mapping);
  for (auto [i, value] : llvm::enumerate(callee.getBody().front().getTerminator()->getOperands())) {
    Value result = wished(builder, call.getLoc(), mapping.lookupOrDefault(value), callee.getResultAttr(i, layoutAttrName));
    call.getResult(i).replaceAllUsesWith(result);
  }
  call.erase();
  return success();
}

LogicalResult inlinePrivateCalls(ModuleOp module) {
  SymbolTable symbols(module);
  llvm::DenseSet<Operation *> active, flat;
  std::function<LogicalResult(func::FuncOp)> flatten = [&](func::FuncOp function) -> LogicalResult {
    if (flat.contains(function))
      return success();
    if (!active.insert(function).second)
      return function.emitError() << "calls itself, directly or through others; a program of tensors cannot be recursive";
    SmallVector<func::CallOp> calls;
    function.walk([&](func::CallOp call) { calls.push_back(call); });
    for (func::CallOp call : calls) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      if (!callee || !callee.isPrivate())
        continue;
      if (failed(flatten(callee)) || failed(inlineCall(call, callee)))
        return failure();
    }
    active.erase(function);
    flat.insert(function);
    return success();
  };
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(flatten(function)))
      return failure();
  for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (function.isPrivate() && SymbolTable::symbolKnownUseEmpty(function, module))
      function.erase();
  return success();
}

} // namespace tp::normalize
