// The facts that every compute op states beside itself, and what every collective states.

#ifndef TP_INTERFACES_TD
#define TP_INTERFACES_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/Interfaces.td"

def TP_ShardingRuleInterface : OpInterface<"ShardingRule"> {
  let cppNamespace = "::tp";
  let description = [{
    How the dimensions of operands and results hang together: an einsum-like factor map (see FactorMap.h), what the op
    is linear in, and how it looks on one rank. Only facts; which factor is split is decided by propagation.
  }];
  let methods = [
    InterfaceMethod<"The factor map of this op at its present (global or local) shapes.",
      "::tp::FactorMap", "getFactorMap">,
    InterfaceMethod<[{
        Whether op(.., reduce(x_i), ..) = reduce(op(.., x_i, ..)) when exactly the operands marked true are partial of
        `kind` over the same axes and all others are whole over them. For sum: linear and homogeneous in the marked
        operands together.
      }], "bool", "preservesPartial", (ins "::tp::Reduction":$kind, "::llvm::ArrayRef<bool>":$partialOperands),
      "", "return false;">,
    InterfaceMethod<[{
        Builds this op on one rank: local operands in, local result types out. The default clones it; an op whose
        meaning depends on where its shard lies (iota, embedding) asks `context` for offsets.
      }], "::mlir::Operation *", "buildLocal",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands, "::mlir::TypeRange":$resultTypes,
           "::tp::LocalContext &":$context),
      "", "return ::tp::cloneLocal($_op, builder, operands, resultTypes);">,
  ];
}

def TP_EvaluateInterface : OpInterface<"Evaluate"> {
  let cppNamespace = "::tp";
  let description = [{
    What the op computes, slowly and obviously: the oracle that everything else is tested against. Dynamic extents are
    taken from the operands. Results are rounded to their element type.
  }];
  let methods = [
    InterfaceMethod<"Computes the results; a failure (say, an index out of range) is reported on the op.",
      "::llvm::LogicalResult", "evaluate",
      (ins "::llvm::ArrayRef<::tp::HostTensor>":$operands, "::llvm::SmallVectorImpl<::tp::HostTensor> &":$results)>,
  ];
}

def TP_WorkInterface : OpInterface<"Work"> {
  let cppNamespace = "::tp";
  let description = "How much an op computes at its present shapes; dynamic extents count as `dynamicExtent`.";
  let methods = [
    InterfaceMethod<"Floating-point operations (a multiply-add is 2).", "int64_t", "getFlops",
      (ins "int64_t":$dynamicExtent)>,
  ];
}

def TP_CollectiveInterface : OpInterface<"Collective"> {
  let cppNamespace = "::tp";
  let description = [{
    An op of the local form that takes a value from one state to another over some mesh axes: the collectives that move
    bytes, and f, slice and keep, which move none. Each knows its conjugate, the op of the backward pass.
  }];
  let methods = [
    InterfaceMethod<"The mesh.", "::mlir::FlatSymbolRefAttr", "getMeshAttr">,
    InterfaceMethod<"The axis parts the collective runs over, major to minor.", "::tp::AxesAttr", "getAxesAttr">,
    InterfaceMethod<"State of the operand over the axes.", "::tp::State", "getFrom">,
    InterfaceMethod<"State of the result over the axes.", "::tp::State", "getTo">,
    InterfaceMethod<"What is moved; nothing for f, slice and keep.", "std::optional<::tp::CollectiveKind>",
      "getCollectiveKind">,
    InterfaceMethod<"The reduction, sum where there is none.", "::tp::Reduction", "getReductionKind", (ins), "",
      "return ::tp::Reduction::Sum;">,
    InterfaceMethod<[{
        The result of every rank, given the operand of every rank (rank order): the meaning of the collective.
      }], "::std::vector<::tp::HostTensor>", "evaluateOnRanks",
      (ins "const ::tp::Mesh &":$mesh, "const ::std::vector<::tp::HostTensor> &":$operands)>,
    InterfaceMethod<[{
        Builds the backward half for `cotangent`, which has the result's type; its result has the operand's type.
        Null where the table has none (max and min).
      }], "::mlir::Value", "buildConjugate",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::Value":$cotangent)>,
  ];
}

#endif // TP_INTERFACES_TD
