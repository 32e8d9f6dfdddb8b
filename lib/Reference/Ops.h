// What upstream ops compute on one rank. (Ops of tp and nn say it themselves, through their interfaces.)
#pragma once
#include "tp/Support/HostTensor.h"

#include "mlir/IR/Operation.h"

#include <functional>

namespace tp::reference {

/// The value of an operand, or of a value from outside that a region uses. Scalars are tensors of rank 0.
using Lookup = std::function<const HostTensor &(mlir::Value)>;
using Results = llvm::SmallVectorImpl<HostTensor>;

/// Structured ops (by their indexing maps and bodies) and linalg.softmax.
llvm::LogicalResult evaluateLinalg(mlir::Operation *op, const Lookup &lookup, Results &results);

/// arith, math and tensor ops on tensors and scalars. Fails with an error on ops that it does not know.
llvm::LogicalResult evaluateTensorOp(mlir::Operation *op, const Lookup &lookup, Results &results);

/// Zeros of a result's element type; fails on `op` if tp has no numbers for that type.
llvm::FailureOr<HostTensor> zerosFor(mlir::Operation *op, mlir::Type type, std::vector<int64_t> shape);

} // namespace tp::reference
