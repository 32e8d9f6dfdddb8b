// Writes ops of `nn` for models: declares parameters and caches with their wishes, and has a function for each thing that
// layers are made of.
//
// Activations are [batch, sequence, features]. Every op has the name of its Hugging Face module as location: that is where a
// collective says it comes from.
#pragma once
#include "Activation.h"
#include "ModelFamily.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tp {

class GraphBuilder {
public:
  /// How a linear layer's weight is stored: [out, in], or [in, out] (GPT-2's Conv1D).
  enum class Stored { OutIn, InOut };

  GraphBuilder(mlir::ModuleOp module, const ModelPlan &plan, const GraphOptions &options);

protected:
  /// Declares all parameters of the plan.
  void declareParameters();
  void declareState(const std::string &name, mlir::ArrayRef<int64_t> shape);
  /// A function with named arguments and results. Arguments, whose first dimension is the batch, get the plan's batch axes;
  /// results are wished whole. The insertion point is set to its body.
  struct NamedType {
    std::string name;
    mlir::RankedTensorType type;
  };
  mlir::func::FuncOp startFunction(const std::string &name, mlir::ArrayRef<NamedType> arguments,
                                   mlir::ArrayRef<NamedType> results);

  /// Ops that follow belong to the module `name`.
  void enter(const std::string &name) { location = named(name); }
  mlir::Location named(const std::string &name) { return mlir::NameLoc::get(builder.getStringAttr(name)); }
  LayoutAttr layoutAttr(const Layout &layout);
  mlir::RankedTensorType tensor(mlir::ArrayRef<int64_t> shape) { return mlir::RankedTensorType::get(shape, elementType); }
  static mlir::RankedTensorType typeOf(mlir::Value value) { return mlir::cast<mlir::RankedTensorType>(value.getType()); }
  bool has(const std::string &name) const { return types.contains(name); }

  mlir::Value get(const std::string &name) { return nn::GetOp::create(builder, location, types.at(name), name); }
  mlir::Value contract(mlir::StringRef equation, mlir::Value lhs, mlir::Value rhs, mlir::RankedTensorType type);
  mlir::Value add(mlir::Value left, mlir::Value right);
  mlir::Value reshape(mlir::Value x, mlir::ArrayRef<int64_t> shape);
  /// `size` elements of the last dimension, from `offset` on.
  mlir::Value sliceLast(mlir::Value x, int64_t offset, int64_t size);
  mlir::Value embed(const std::string &table, mlir::Value ids);
  /// y = x W' with the weight NAME.weight, plus NAME.bias where there is one.
  mlir::Value linear(const std::string &name, mlir::Value x, Stored stored = Stored::OutIn);
  mlir::Value rmsNorm(const std::string &name, mlir::Value x, double epsilon);
  mlir::Value layerNorm(const std::string &name, mlir::Value x, double epsilon);
  mlir::Value activate(Activation activation, mlir::Value x);
  /// Features as [batch, sequence, heads, width], and back.
  mlir::Value splitHeads(mlir::Value x, int64_t heads);
  mlir::Value mergeHeads(mlir::Value x);
  /// An f32 scalar of `scalar`, and an element of the graph's type of an f32 scalar.
  mlir::Value widened(mlir::OpBuilder &body, mlir::Location at, mlir::Value scalar);
  mlir::Value rounded(mlir::OpBuilder &body, mlir::Location at, mlir::Value scalar);
  /// The values of `x` as f32.
  mlir::Value toF32(mlir::Value x);
  mlir::Value whole(mlir::Value x);

  mlir::ModuleOp module;
  const ModelPlan &plan;
  const GraphOptions &options;
  mlir::OpBuilder builder;
  mlir::Type elementType;
  mlir::Location location;
  llvm::StringMap<mlir::RankedTensorType> types; // of parameters and states
};

} // namespace tp
