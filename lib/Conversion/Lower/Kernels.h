// Generated kernels: functions (arguments array, begin, end) of scalar arith and math in loops, one per distinct text.
//
// A kernel is an llvm.func that is still made of arith and math inside; Emit turns those into LLVM's, vectorisably.
// Iterations are independent of one another, so the loops are marked parallel: a result may lie exactly over an operand,
// and LLVM need not check that before it vectorises.
#pragma once
#include "Strided.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace tp::lowering {

/// All kernels of a module, by text.
class KernelTable {
public:
  explicit KernelTable(mlir::ModuleOp module) : module(module) {}
  /// The name of the kernel with this body: of `kernel` itself, or of an equal one that is there (then `kernel` is erased).
  mlir::FlatSymbolRefAttr intern(mlir::LLVM::LLVMFuncOp kernel, llvm::StringRef kind);
  mlir::ModuleOp getModule() const { return module; }

private:
  mlir::ModuleOp module;
  llvm::StringMap<mlir::FlatSymbolRefAttr> byText;
  int64_t next = 0;
};

/// Writes one kernel. Arguments are claimed in the order of the launch: buffers that are read, those written, numbers.
class KernelBuilder {
public:
  KernelBuilder(mlir::ModuleOp module, mlir::Location loc);

  /// The next entry of the arguments array, as a pointer.
  mlir::Value takePointer();
  /// The value of `size` in the kernel: a constant, or a product of one number per distinct split, claimed from the
  /// arguments the first time. Call this after all pointers are taken.
  mlir::Value sizeValue(const Size &size);
  /// The splits whose token counts the launch must pass, in order.
  llvm::ArrayRef<int64_t> getSplits() const { return splits; }
  /// The next entry of the arguments array, as a number; after those of sizes have been claimed with declareSplits.
  mlir::Value takeNumber();
  /// Claims the numbers that `sizes` will need.
  void declareSplits(llvm::ArrayRef<Size> sizes);

  mlir::Value getBegin() { return begin; }
  mlir::Value getEnd() { return end; }
  mlir::Value number(int64_t value);

  /// for (i = from; i < to; ++i) carried = body(i, carried). `isParallel`: no iteration depends on another (and nothing is
  /// carried). Returns what is carried at the end.
  llvm::SmallVector<mlir::Value> loop(mlir::Value from, mlir::Value to, bool isParallel, mlir::ValueRange carried,
                                      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  /// Element `index` of the buffer at `pointer`, in the type that is computed with (f32 for narrower floats).
  mlir::Value load(mlir::Value pointer, mlir::Value index, mlir::Type elementType);
  void store(mlir::Value value, mlir::Value pointer, mlir::Value index, mlir::Type elementType);
  /// sum of indices[d] * strides[d]
  mlir::Value address(llvm::ArrayRef<mlir::Value> indices, llvm::ArrayRef<Size> strides);
  /// The index along each of `loops` at point `linear` of all of them together.
  llvm::SmallVector<mlir::Value> delinearised(mlir::Value linear, llvm::ArrayRef<LoopDim> loops);
  /// Copies the ops of a scalar body; `values` holds what its block arguments are and gets what its ops give. Narrow floats
  /// become f32. Fails on an op that reads the bits of a narrow float.
  mlir::LogicalResult cloneBody(mlir::Block &body, llvm::DenseMap<mlir::Value, mlir::Value> &values,
                                llvm::function_ref<mlir::Value(mlir::Operation *)> special = {});
  mlir::Value constant(mlir::TypedAttr value);
  /// What values of `type` are computed in: f32 for f16 and bf16, i64 for index, else the type itself.
  mlir::Type computeType(mlir::Type type);

  /// Ends the function.
  mlir::LLVM::LLVMFuncOp finish();

  mlir::OpBuilder builder;
  mlir::Location loc;

private:
  mlir::LLVM::LLVMFuncOp function;
  mlir::Value arguments, begin, end;
  int64_t taken = 0;
  llvm::SmallVector<int64_t> splits;
  llvm::SmallVector<mlir::Value> tokenCounts;
};

} // namespace tp::lowering
