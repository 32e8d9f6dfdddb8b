// The steps of Normalize, in the order in which it takes them, and small helpers that they share.
#pragma once
#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace tp::normalize {

/// Replaces every call of a private function by its body; wishes on its arguments and results become tp.constrain. Fails on
/// recursion and on a private function with several blocks.
llvm::LogicalResult inlinePrivateCalls(mlir::ModuleOp module);

/// Gives every argument and result of `function` that has no `nn.name` one: arg<k>, result<k>.
void nameArgumentsAndResults(mlir::func::FuncOp function);

/// Says linalg, tensor, arith and math ops on tensors below `root` in nn, where nn has the words.
void raise(mlir::Operation *root);
/// The parts of it. Each replaces `op` if it returns success.
llvm::LogicalResult raiseGeneric(mlir::RewriterBase &rewriter, mlir::linalg::GenericOp op);
llvm::LogicalResult raiseElementwise(mlir::RewriterBase &rewriter, mlir::Operation *op);
llvm::LogicalResult raiseTensorOp(mlir::RewriterBase &rewriter, mlir::Operation *op);

/// Rewrites what always holds between nn ops, and sinks reshapes that merge dimensions until they meet their inverse.
void simplify(mlir::Operation *root);
/// The parts of it.
void addSimplifications(mlir::RewritePatternSet &patterns);
void addMergeSinking(mlir::RewritePatternSet &patterns);

/// Says softmax, RMS norm and layer norm that are written in pieces as one op.
void recogniseRows(mlir::Operation *root);

/// x*W, of which only fixed slices are used, becomes x*slice(W) for each: slices are pulled up to the weights.
void pullSlicesToParameters(mlir::func::FuncOp function);

/// A weight of which only fixed, disjoint slices are used becomes one weight per slice, each with the wish of the whole.
void splitSlicedArguments(mlir::func::FuncOp function);
void splitSlicedParameters(mlir::ModuleOp module);

/// The one value that all elements of `tensor` have, if that is known; else null.
mlir::TypedAttr splatOf(mlir::Value tensor);
/// A constant tensor of one value.
mlir::Value splatConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type, mlir::TypedAttr value);
/// `value` reshaped by nn.reshape, or itself if it has the shape.
mlir::Value reshaped(mlir::OpBuilder &builder, mlir::Value value, llvm::ArrayRef<int64_t> shape);

/// A remark of category `tp-normalize` about something that was given up.
void remarkOn(mlir::Operation *op, llvm::StringRef name, const llvm::Twine &text);

inline mlir::RankedTensorType tensorType(mlir::Value value) { return mlir::cast<mlir::RankedTensorType>(value.getType()); }

} // namespace tp::normalize
