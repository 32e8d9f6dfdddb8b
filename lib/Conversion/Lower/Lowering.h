// The lowering of one function: what every tensor has become, and the means by which ops are lowered.
//
// Values are lowered in order. `at` tells where a tensor lies; ops that the runtime wants dense ask `dense`, which copies
// only where the strides say that it must. Nothing is overwritten here that could be read later: every op writes into a
// fresh buffer. The methods that lower ops stand in one file for each kind of op.
#pragma once
#include "Kernels.h"
#include "Strided.h"

#include "dialects/nn/Nn.h"
#include "dialects/tprt/Tprt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tp::lowering {

/// What the functions of a module share.
struct ModuleState {
  mlir::ModuleOp module;
  Mesh mesh;
  KernelTable kernels;
  /// Numbers of nn.parameter ops, in order.
  llvm::StringMap<int64_t> parameterNumbers;
  /// Of parameters that are kept as their file stores them: format and bytes.
  llvm::StringMap<std::pair<int64_t, int64_t>> storedParameters;
  /// Axis parts of each group that a collective runs over.
  std::vector<std::vector<AxisPart>> groups;

  explicit ModuleState(mlir::ModuleOp module) : module(module), kernels(module) {}
  int64_t groupOf(AxesAttr axes);
};

class FunctionLowering {
public:
  FunctionLowering(ModuleState &state, mlir::func::FuncOp source);
  /// Replaces the function by the lowered one.
  mlir::LogicalResult run();

private:
  //--- What values are (Lowering.cpp) ---
  Strided &at(mlir::Value tensor);
  void set(mlir::Value tensor, Strided value) { values[tensor] = std::move(value); }
  /// The i64 that an index value has become; null if it is none.
  mlir::Value scalarOf(mlir::Value index);
  mlir::FailureOr<llvm::SmallVector<Size, 4>> extentsOf(mlir::Value result);

  /// The place of a parameter or state.
  Strided declared(mlir::FlatSymbolRefAttr name, mlir::RankedTensorType type);

  //--- Numbers and buffers (Lowering.cpp) ---
  mlir::Value number(int64_t value);
  mlir::Value number(const Size &size);
  mlir::SmallVector<mlir::Value> numbers(llvm::ArrayRef<Size> sizes);
  mlir::MemRefType memrefOf(mlir::Type elementType, llvm::ArrayRef<Size> extents);
  /// A fresh dense buffer.
  Strided allocate(mlir::Type elementType, llvm::ArrayRef<Size> extents);
  /// A fresh buffer for a result of `op`, which is also set as its place. Fails if its extents cannot be told.
  mlir::FailureOr<Strided> allocateResult(mlir::Operation *op);
  /// The buffer from its first element on: a view where there is an offset.
  mlir::Value begin(const Strided &value);
  /// The elements row-major without gaps: as they are, or copied.
  Strided dense(Strided value);
  mlir::Value denseBegin(mlir::Value tensor) { return begin(dense(at(tensor))); }
  /// Copies all elements of `from` to those of `to`, which has the same extents.
  void copy(const Strided &from, const Strided &to);
  /// `value` moved by `index` elements of dimension `dim`.
  Strided moved(Strided value, int64_t dim, mlir::Value index);
  /// The dimensions in another order, or some of them.
  static Strided permuted(const Strided &value, llvm::ArrayRef<int64_t> dims);

  //--- Ops ---
  mlir::LogicalResult lower(mlir::Operation *op); // Lowering.cpp
  mlir::LogicalResult lowerScalar(mlir::Operation *op);
  mlir::LogicalResult lowerConstant(mlir::arith::ConstantOp op);
  void storeResults(mlir::func::ReturnOp op);

  mlir::LogicalResult lowerContract(nn::ContractOp op); // Contract.cpp
  mlir::LogicalResult lowerStoredContract(nn::ContractOp op);

  mlir::LogicalResult lowerReshape(nn::ReshapeOp op); // Shape.cpp
  mlir::LogicalResult lowerBroadcast(nn::BroadcastOp op);
  mlir::LogicalResult lowerTranspose(nn::TransposeOp op);
  mlir::LogicalResult lowerSlice(nn::SliceOp op);
  mlir::LogicalResult lowerConcat(nn::ConcatOp op);
  mlir::LogicalResult lowerPad(nn::PadOp op);

  mlir::LogicalResult lowerReduce(nn::ReduceOp op); // Calls.cpp
  mlir::LogicalResult lowerSoftmax(nn::SoftmaxOp op);
  mlir::LogicalResult lowerRmsNorm(nn::RmsNormOp op);
  mlir::LogicalResult lowerLayerNorm(nn::LayerNormOp op);
  mlir::LogicalResult lowerRope(nn::RopeOp op);
  mlir::LogicalResult lowerEmbedding(nn::EmbeddingOp op);
  mlir::LogicalResult lowerGather(nn::GatherOp op);
  mlir::LogicalResult lowerCacheUpdate(nn::CacheUpdateOp op);
  mlir::LogicalResult lowerAttention(nn::AttentionOp op);
  /// The tensor as i32, where the runtime takes only that.
  mlir::Value asInt32(mlir::Value tensor);
  mlir::Value nullBuffer();
  mlir::Value constantTable(mlir::DenseElementsAttr value);

  mlir::LogicalResult lowerCollective(Collective op); // Collectives.cpp
  mlir::TypedAttr neutralElement(mlir::Type type, Reduction kind);
  int64_t siteOf(Collective op, llvm::ArrayRef<Size> operandExtents);

  mlir::LogicalResult lowerMap(nn::MapOp op); // Maps.cpp
  mlir::LogicalResult lowerIota(nn::IotaOp op);
  /// Whether the op is computed inside the kernel of its only user.
  static bool isFused(mlir::Operation *op);
  mlir::FailureOr<llvm::SmallVector<Size, 4>> fusedExtents(mlir::Value tensor);
  static mlir::Value iotaElement(KernelBuilder &kernel, nn::IotaOp op, mlir::Value index, mlir::Value offset);
  static int64_t bytesOf(mlir::Type elementType);
  struct Expression;
  /// One kernel that computes `fill` of the elements of `inputs` (and of further numbers) for each element of `result`.
  mlir::LogicalResult launchElementwise(
      const Strided &result, llvm::ArrayRef<Strided> inputs, llvm::ArrayRef<mlir::Value> scalars, bool wantsIndices,
      llvm::StringRef kind,
      llvm::function_ref<mlir::FailureOr<mlir::Value>(KernelBuilder &, llvm::ArrayRef<mlir::Value> elements,
                                                      llvm::ArrayRef<mlir::Value> scalars, llvm::ArrayRef<mlir::Value> indices)>
          fill);
  void fillWith(const Strided &result, mlir::TypedAttr value);

  mlir::LogicalResult lowerGeneric(mlir::linalg::GenericOp op); // Generic.cpp

  ModuleState &state;
  mlir::func::FuncOp source;
  mlir::func::FuncOp target;
  mlir::OpBuilder builder;
  mlir::Location loc;
  llvm::DenseMap<mlir::Value, Strided> values;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  llvm::StringMap<mlir::Value> sizeValues;
  llvm::DenseMap<mlir::Attribute, mlir::Value> declaredBuffers;
  mlir::Operation *lastNumber = nullptr;
  int64_t maxTokens = 1;
  llvm::SmallVector<mlir::Attribute> sites;
  llvm::StringMap<int64_t> siteNumbers;
  llvm::SmallVector<int64_t> siteCounts;
  llvm::SmallVector<nn::SetOp> sets;
  mlir::Value null;
};

} // namespace tp::lowering
