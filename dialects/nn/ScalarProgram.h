// Scalar arith and math ops as a small register program: what the body of nn.map and of linalg.generic computes.
//
// Each value of the body is a register of `laneCount` lanes, and each op one loop over them: the ops are looked up once per body,
// not once per element. Floats are computed in double and rounded only where the body says so (truncf) and where the result is
// stored; integers wrap to their width.
#pragma once
#include "mlir/IR/Operation.h"
#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <memory>
#include <vector>

namespace tp::nn {

class ScalarProgram {
public:
  static constexpr int64_t laneCount = 256;

  /// The lanes of one register: doubles for float types, else integers (sign-extended; i1 is 0 or 1).
  union Register {
    double floats[laneCount];
    int64_t ints[laneCount];
  };
  /// Evaluates an op that is not scalar arithmetic (linalg.index, tensor.extract): reads and writes registers by value.
  using ExternalOp = std::function<llvm::LogicalResult(mlir::Operation *op, ScalarProgram &program, int64_t lanes)>;

  /// Reads the ops of `block` but its terminator. An op that it does not know is an error on that op, unless `takesExternals`.
  static llvm::FailureOr<ScalarProgram> compile(mlir::Block &block, bool takesExternals);
  /// Evaluates one op on its operands' first lanes, outside of any body.
  static llvm::FailureOr<ScalarProgram> compileOp(mlir::Operation *op);

  /// Runs all ops on the first `lanes` lanes.
  llvm::LogicalResult run(int64_t lanes, const ExternalOp &external = {});

  Register &operator[](mlir::Value value) { return registers[registerOf.lookup(value)]; }
  bool has(mlir::Value value) const { return registerOf.count(value); }
  /// Scalars from outside of the block that its ops use; whoever runs the program fills their registers first.
  llvm::ArrayRef<mlir::Value> captures() const { return captured; }
  static bool isFloat(mlir::Value value) { return llvm::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(value.getType())); }

  struct Instruction {
    using Kernel = void (*)(const Instruction &instruction, Register *registers, int64_t lanes);
    Kernel kernel = nullptr;
    mlir::Operation *op = nullptr;
    int64_t operands[3] = {0, 0, 0};
    int64_t result = 0;
    /// Bits of the result's (first operand's, for a comparison) integer type.
    int64_t width = 64;
    int64_t operandWidth = 64;
    /// A comparison's predicate, the bits of a truncf's type, ...
    int64_t detail = 0;
  };

private:
  int64_t addRegister(mlir::Value value);
  llvm::LogicalResult add(mlir::Operation *op, bool takesExternals);

  std::vector<Instruction> instructions;
  std::vector<Register> registers;
  llvm::DenseMap<mlir::Value, int64_t> registerOf;
  std::vector<mlir::Value> captured;
};

} // namespace tp::nn
