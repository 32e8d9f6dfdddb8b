// The table of scalar ops, and the reading of a block into a program.
#include "dialects/nn/ScalarProgram.h"

#include "dialects/tp/Tp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/ADT/StringMap.h"

#include <bit>
#include <cmath>

using namespace mlir;

namespace tp::nn {

namespace {
using Instruction = ScalarProgram::Instruction;
using Register = ScalarProgram::Register;

int64_t wrapped(int64_t value, int64_t width) {
  if (width >= 64)
    return value;
  if (width == 1)
    return value & 1;
  int64_t shift = 64 - width;
  return static_cast<int64_t>(static_cast<uint64_t>(value) << shift) >> shift;
}

uint64_t unsignedOf(int64_t value, int64_t width) {
  return width >= 64 ? static_cast<uint64_t>(value) : static_cast<uint64_t>(value) & ((uint64_t(1) << width) - 1);
}

template <auto Function> void floatUnary(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = Function(x[i]);
}

template <auto Function> void floatBinary(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats, *y = registers[in.operands[1]].floats;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = Function(x[i], y[i]);
}

/// Tests of a float: bool(double).
template <auto Function> void floatTest(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = Function(x[i]);
}

template <auto Function> void intUnary(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = wrapped(Function(x[i]), in.width);
}

/// Wraps around in unsigned arithmetic, which is defined.
template <auto Function> void intBinary(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints, *y = registers[in.operands[1]].ints;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = wrapped(static_cast<int64_t>(Function(x[i], y[i])), in.width);
}

template <auto Function> void unsignedBinary(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints, *y = registers[in.operands[1]].ints;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = wrapped(static_cast<int64_t>(Function(unsignedOf(x[i], in.width), unsignedOf(y[i], in.width))), in.width);
}

void select(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *condition = registers[in.operands[0]].ints;
  // Bits are bits: one loop serves floats and integers.
  const int64_t *x = registers[in.operands[1]].ints, *y = registers[in.operands[2]].ints;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = condition[i] ? x[i] : y[i];
}

void fusedMultiplyAdd(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats, *y = registers[in.operands[1]].floats;
  const double *z = registers[in.operands[2]].floats;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = x[i] * y[i] + z[i];
}

bool compare(arith::CmpFPredicate predicate, double x, double y) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(x) || std::isnan(y);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::OEQ:
    return x == y;
  case P::OGT:
    return x > y;
  case P::OGE:
    return x >= y;
  case P::OLT:
    return x < y;
  case P::OLE:
    return x <= y;
  case P::ONE:
    return !unordered && x != y;
  case P::ORD:
    return !unordered;
  case P::UEQ:
    return unordered || x == y;
  case P::UGT:
    return unordered || x > y;
  case P::UGE:
    return unordered || x >= y;
  case P::ULT:
    return unordered || x < y;
  case P::ULE:
    return unordered || x <= y;
  case P::UNE:
    return x != y;
  case P::UNO:
    return unordered;
  case P::AlwaysTrue:
    return true;
  }
  return false;
}

void compareFloats(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats, *y = registers[in.operands[1]].floats;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = compare(static_cast<arith::CmpFPredicate>(in.detail), x[i], y[i]);
}

void compareInts(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints, *y = registers[in.operands[1]].ints;
  int64_t *result = registers[in.result].ints;
  auto predicate = static_cast<arith::CmpIPredicate>(in.detail);
  for (int64_t i = 0; i < lanes; ++i) {
    // As one-bit numbers 0 and 1 are 0 and -1 when signed.
    int64_t a = in.width == 1 ? -x[i] : x[i], b = in.width == 1 ? -y[i] : y[i];
    result[i] = arith::applyCmpPredicate(predicate, APInt(64, static_cast<uint64_t>(a)), APInt(64, static_cast<uint64_t>(b)));
  }
}

DType floatTypeOf(const Instruction &in) { return static_cast<DType>(in.detail); }

void truncateFloat(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = roundTo(floatTypeOf(in), x[i]);
}

void copyBits(const Instruction &in, Register *registers, int64_t lanes) { registers[in.result] = registers[in.operands[0]]; }

void signExtend(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = wrapped(in.operandWidth == 1 ? -x[i] : x[i], in.width);
}

void zeroExtend(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = wrapped(static_cast<int64_t>(unsignedOf(x[i], in.operandWidth)), in.width);
}

void signedToFloat(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = roundTo(floatTypeOf(in), static_cast<double>(in.operandWidth == 1 ? -x[i] : x[i]));
}

void unsignedToFloat(const Instruction &in, Register *registers, int64_t lanes) {
  const int64_t *x = registers[in.operands[0]].ints;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = roundTo(floatTypeOf(in), static_cast<double>(unsignedOf(x[i], in.operandWidth)));
}

void floatToInt(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats;
  int64_t *result = registers[in.result].ints;
  for (int64_t i = 0; i < lanes; ++i) // outside of i64 the result is undefined in arith; here it is the nearest
    result[i] = wrapped(std::isnan(x[i]) ? 0 : static_cast<int64_t>(std::clamp(x[i], -0x1p63, 0x1.fffffffffffffp62)), in.width);
}

/// Integers to floats or back, as the bits of memory.
void bitcast(const Instruction &in, Register *registers, int64_t lanes) {
  Register &from = registers[in.operands[0]], &to = registers[in.result];
  DType type = floatTypeOf(in);
  bool toFloat = ScalarProgram::isFloat(in.op->getResult(0));
  for (int64_t i = 0; i < lanes; ++i) {
    if (toFloat) {
      to.floats[i] = fromBytes(type, {}, &from.ints[i]).floats[0];
    } else {
      std::vector<char> bytes = toBytes(HostTensor{type, {}, {from.floats[i]}, {}});
      uint64_t bits = 0;
      std::memcpy(&bits, bytes.data(), bytes.size());
      to.ints[i] = wrapped(static_cast<int64_t>(bits), in.width);
    }
  }
}

void floatToIntPower(const Instruction &in, Register *registers, int64_t lanes) {
  const double *x = registers[in.operands[0]].floats;
  const int64_t *y = registers[in.operands[1]].ints;
  double *result = registers[in.result].floats;
  for (int64_t i = 0; i < lanes; ++i)
    result[i] = std::pow(x[i], static_cast<double>(y[i]));
}

// NaN wins (maximumf) or loses (maxnumf); a zero of either sign is a zero here.
double maximum(double x, double y) { return std::isnan(x) || std::isnan(y) ? std::nan("") : std::max(x, y); }
double minimum(double x, double y) { return std::isnan(x) || std::isnan(y) ? std::nan("") : std::min(x, y); }
double roundHalfAway(double x) { return std::round(x); }
double roundHalfEven(double x) { return std::nearbyint(x); }
int64_t divideSigned(int64_t x, int64_t y) {
  return y == 0 ? 0 : y == -1 ? static_cast<int64_t>(-static_cast<uint64_t>(x)) : x / y;
}
int64_t remainderSigned(int64_t x, int64_t y) { return y == 0 || y == -1 ? 0 : x % y; }
int64_t floorDivide(int64_t x, int64_t y) {
  int64_t quotient = divideSigned(x, y);
  return y != 0 && remainderSigned(x, y) != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}
int64_t ceilDivide(int64_t x, int64_t y) {
  int64_t quotient = divideSigned(x, y);
  return y != 0 && remainderSigned(x, y) != 0 && (x < 0) == (y < 0) ? quotient + 1 : quotient;
}

using F = double;
using I = int64_t;
using U = uint64_t;

const llvm::StringMap<Instruction::Kernel> &kernels() {
  static const llvm::StringMap<Instruction::Kernel> table = {
      {"arith.addf", floatBinary<[](F x, F y) { return x + y; }>},
      {"arith.subf", floatBinary<[](F x, F y) { return x - y; }>},
      {"arith.mulf", floatBinary<[](F x, F y) { return x * y; }>},
      {"arith.divf", floatBinary<[](F x, F y) { return x / y; }>},
      {"arith.remf", floatBinary<[](F x, F y) { return std::fmod(x, y); }>},
      {"arith.negf", floatUnary<[](F x) { return -x; }>},
      {"arith.maximumf", floatBinary<maximum>},
      {"arith.minimumf", floatBinary<minimum>},
      {"arith.maxnumf", floatBinary<[](F x, F y) { return std::fmax(x, y); }>},
      {"arith.minnumf", floatBinary<[](F x, F y) { return std::fmin(x, y); }>},
      {"arith.addi", intBinary<[](I x, I y) { return U(x) + U(y); }>},
      {"arith.subi", intBinary<[](I x, I y) { return U(x) - U(y); }>},
      {"arith.muli", intBinary<[](I x, I y) { return U(x) * U(y); }>},
      {"arith.divsi", intBinary<divideSigned>},
      {"arith.remsi", intBinary<remainderSigned>},
      {"arith.floordivsi", intBinary<floorDivide>},
      {"arith.ceildivsi", intBinary<ceilDivide>},
      {"arith.divui", unsignedBinary<[](U x, U y) { return y ? x / y : 0; }>},
      {"arith.remui", unsignedBinary<[](U x, U y) { return y ? x % y : 0; }>},
      {"arith.andi", intBinary<[](I x, I y) { return x & y; }>},
      {"arith.ori", intBinary<[](I x, I y) { return x | y; }>},
      {"arith.xori", intBinary<[](I x, I y) { return x ^ y; }>},
      {"arith.shli", unsignedBinary<[](U x, U y) { return y < 64 ? x << y : 0; }>},
      {"arith.shrui", unsignedBinary<[](U x, U y) { return y < 64 ? x >> y : 0; }>},
      {"arith.shrsi", intBinary<[](I x, I y) { return U(y) < 64 ? x >> y : x >> 63; }>},
      {"arith.maxsi", intBinary<[](I x, I y) { return std::max(x, y); }>},
      {"arith.minsi", intBinary<[](I x, I y) { return std::min(x, y); }>},
      {"arith.maxui", unsignedBinary<[](U x, U y) { return std::max(x, y); }>},
      {"arith.minui", unsignedBinary<[](U x, U y) { return std::min(x, y); }>},
      {"arith.cmpf", compareFloats},
      {"arith.cmpi", compareInts},
      {"arith.select", select},
      {"arith.extf", copyBits},
      {"arith.truncf", truncateFloat},
      {"arith.extsi", signExtend},
      {"arith.trunci", signExtend},
      {"arith.index_cast", signExtend},
      {"arith.extui", zeroExtend},
      {"arith.index_castui", zeroExtend},
      {"arith.sitofp", signedToFloat},
      {"arith.uitofp", unsignedToFloat},
      {"arith.fptosi", floatToInt},
      {"arith.fptoui", floatToInt},
      {"arith.bitcast", bitcast},
      {"math.exp", floatUnary<[](F x) { return std::exp(x); }>},
      {"math.exp2", floatUnary<[](F x) { return std::exp2(x); }>},
      {"math.expm1", floatUnary<[](F x) { return std::expm1(x); }>},
      {"math.log", floatUnary<[](F x) { return std::log(x); }>},
      {"math.log2", floatUnary<[](F x) { return std::log2(x); }>},
      {"math.log10", floatUnary<[](F x) { return std::log10(x); }>},
      {"math.log1p", floatUnary<[](F x) { return std::log1p(x); }>},
      {"math.sqrt", floatUnary<[](F x) { return std::sqrt(x); }>},
      {"math.rsqrt", floatUnary<[](F x) { return 1 / std::sqrt(x); }>},
      {"math.cbrt", floatUnary<[](F x) { return std::cbrt(x); }>},
      {"math.sin", floatUnary<[](F x) { return std::sin(x); }>},
      {"math.cos", floatUnary<[](F x) { return std::cos(x); }>},
      {"math.tan", floatUnary<[](F x) { return std::tan(x); }>},
      {"math.sinh", floatUnary<[](F x) { return std::sinh(x); }>},
      {"math.cosh", floatUnary<[](F x) { return std::cosh(x); }>},
      {"math.tanh", floatUnary<[](F x) { return std::tanh(x); }>},
      {"math.asin", floatUnary<[](F x) { return std::asin(x); }>},
      {"math.acos", floatUnary<[](F x) { return std::acos(x); }>},
      {"math.atan", floatUnary<[](F x) { return std::atan(x); }>},
      {"math.asinh", floatUnary<[](F x) { return std::asinh(x); }>},
      {"math.acosh", floatUnary<[](F x) { return std::acosh(x); }>},
      {"math.atanh", floatUnary<[](F x) { return std::atanh(x); }>},
      {"math.erf", floatUnary<[](F x) { return std::erf(x); }>},
      {"math.erfc", floatUnary<[](F x) { return std::erfc(x); }>},
      {"math.absf", floatUnary<[](F x) { return std::fabs(x); }>},
      {"math.ceil", floatUnary<[](F x) { return std::ceil(x); }>},
      {"math.floor", floatUnary<[](F x) { return std::floor(x); }>},
      {"math.trunc", floatUnary<[](F x) { return std::trunc(x); }>},
      {"math.round", floatUnary<roundHalfAway>},
      {"math.roundeven", floatUnary<roundHalfEven>},
      {"math.powf", floatBinary<[](F x, F y) { return std::pow(x, y); }>},
      {"math.atan2", floatBinary<[](F x, F y) { return std::atan2(x, y); }>},
      {"math.copysign", floatBinary<[](F x, F y) { return std::copysign(x, y); }>},
      {"math.fpowi", floatToIntPower},
      {"math.fma", fusedMultiplyAdd},
      {"math.absi", intUnary<[](I x) { return x < 0 ? I(-U(x)) : x; }>},
      {"math.isnan", floatTest<[](F x) { return std::isnan(x); }>},
      {"math.isinf", floatTest<[](F x) { return std::isinf(x); }>},
      {"math.isfinite", floatTest<[](F x) { return std::isfinite(x); }>},
  };
  return table;
}

int64_t widthOf(Type type) { return isa<IntegerType>(type) ? type.getIntOrFloatBitWidth() : 64; }
} // namespace

int64_t ScalarProgram::addRegister(Value value) {
  auto [entry, isNew] = registerOf.try_emplace(value, registers.size());
  if (isNew)
    registers.emplace_back();
  return entry->second;
}

LogicalResult ScalarProgram::add(Operation *op, bool takesExternals) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && !isa<ShapedType>(constant.getType())) {
    Register &lanes = registers[addRegister(constant)];
    if (auto value = dyn_cast<FloatAttr>(constant.getValue()))
      std::fill_n(lanes.floats, laneCount, value.getValueAsDouble());
    else if (auto value = dyn_cast<IntegerAttr>(constant.getValue()))
      std::fill_n(lanes.ints, laneCount, wrapped(value.getValue().getSExtValue(), widthOf(constant.getType())));
    else
      return op->emitOpError() << "holds a constant that is no number";
    return success();
  }
  for (Value operand : op->getOperands())
    if (!has(operand) && !isa<ShapedType>(operand.getType())) {
      addRegister(operand);
      captured.push_back(operand);
    }
  Instruction instruction;
  instruction.op = op;
  auto found = kernels().find(op->getName().getStringRef());
  if (found == kernels().end()) {
    if (!takesExternals)
      return op->emitOpError() << "is no scalar op that can be evaluated";
    for (Value result : op->getResults())
      addRegister(result);
    instructions.push_back(instruction);
    return success();
  }
  instruction.kernel = found->second;
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    instruction.operands[i] = registerOf.lookup(operand);
  instruction.result = addRegister(op->getResult(0));
  Type from = getElementTypeOrSelf(op->getOperand(0).getType()), to = getElementTypeOrSelf(op->getResult(0).getType());
  instruction.operandWidth = widthOf(from);
  instruction.width = isa<arith::CmpIOp>(op) ? widthOf(from) : widthOf(to);
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    instruction.detail = static_cast<int64_t>(compare.getPredicate());
  else if (auto compare = dyn_cast<arith::CmpIOp>(op))
    instruction.detail = static_cast<int64_t>(compare.getPredicate());
  else if (isa<arith::TruncFOp, arith::SIToFPOp, arith::UIToFPOp, arith::BitcastOp>(op)) {
    bool sameKind = isa<arith::BitcastOp>(op) && isa<FloatType>(from) == isa<FloatType>(to);
    std::optional<DType> type = dtypeOf(isa<FloatType>(to) ? to : from);
    if (!type)
      return op->emitOpError() << "has a type that cannot be evaluated, " << to;
    instruction.detail = static_cast<int64_t>(*type);
    if (sameKind)
      instruction.kernel = copyBits;
  }
  instructions.push_back(instruction);
  return success();
}

FailureOr<ScalarProgram> ScalarProgram::compile(Block &block, bool takesExternals) {
  ScalarProgram program;
  for (BlockArgument argument : block.getArguments())
    program.addRegister(argument);
  for (Operation &op : block.without_terminator())
    if (failed(program.add(&op, takesExternals)))
      return failure();
  for (Value yielded : block.getTerminator()->getOperands())
    if (!program.has(yielded)) {
      program.addRegister(yielded);
      program.captured.push_back(yielded);
    }
  return program;
}

FailureOr<ScalarProgram> ScalarProgram::compileOp(Operation *op) {
  ScalarProgram program;
  for (Value operand : op->getOperands())
    program.addRegister(operand);
  if (failed(program.add(op, /*takesExternals=*/false)))
    return failure();
  return program;
}

LogicalResult ScalarProgram::run(int64_t lanes, const ExternalOp &external) {
  for (const Instruction &instruction : instructions) {
    if (instruction.kernel)
      instruction.kernel(instruction, registers.data(), lanes);
    else if (failed(external(instruction.op, *this, lanes)))
      return failure();
  }
  return success();
}

} // namespace tp::nn
