// The names are those of transformers. Several stand for one function; "gelu_10" and other clipped or learned ones are not here.
#include "Activation.h"

#include "tp/Support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tp {

Activation activationCalled(const std::string &name, const std::string &key, const std::string &what) {
  static constexpr std::pair<const char *, Activation> known[] = {
      {"silu", Activation::Silu},
      {"swish", Activation::Silu},
      {"gelu", Activation::GeluErf},
      {"gelu_python", Activation::GeluErf},
      {"gelu_new", Activation::GeluTanh},
      {"gelu_pytorch_tanh", Activation::GeluTanh},
      {"gelu_python_tanh", Activation::GeluTanh},
      {"gelu_fast", Activation::GeluTanh},
      {"gelu_accurate", Activation::GeluTanh},
      {"quick_gelu", Activation::GeluQuick},
      {"relu", Activation::Relu},
      {"tanh", Activation::Tanh},
  };
  std::string names;
  for (auto [candidate, activation] : known) {
    if (name == candidate)
      return activation;
    names += (names.empty() ? "" : ", ") + std::string(candidate);
  }
  throw Error(what + ": \"" + key + "\" is \"" + name + "\"; known are " + names);
}

namespace {

// Arithmetic on f32 scalars that reads like arithmetic.
struct Scalars {
  OpBuilder &builder;
  Location loc;

  Value constant(float value) { return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value)); }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value times(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
  // x / (exp(-steepness x) + 1)
  Value timesSigmoid(Value x, Value steeper) {
    Value exponential = math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, steeper));
    return arith::DivFOp::create(builder, loc, x, add(exponential, constant(1)));
  }
  // x (1 + y) / 2
  Value halfOf(Value x, Value y) { return times(times(x, constant(0.5)), add(y, constant(1))); }
};

} // namespace

Value applyActivation(Activation activation, OpBuilder &builder, Location loc, Value x) {
  Scalars s{builder, loc};
  switch (activation) {
  case Activation::Silu:
    return s.timesSigmoid(x, x);
  case Activation::GeluErf:
    return s.halfOf(x, math::ErfOp::create(builder, loc, s.times(x, s.constant(0.70710678f)))); // 1 / sqrt(2)
  case Activation::GeluTanh: {
    Value cubic = s.times(s.constant(0.044715f), s.times(x, s.times(x, x)));
    return s.halfOf(x, math::TanhOp::create(builder, loc, s.times(s.constant(0.79788456f), s.add(x, cubic)))); // sqrt(2 / pi)
  }
  case Activation::GeluQuick:
    return s.timesSigmoid(x, s.times(s.constant(1.702f), x));
  case Activation::Relu:
    return arith::MaximumFOp::create(builder, loc, x, s.constant(0));
  case Activation::Tanh:
    return math::TanhOp::create(builder, loc, x);
  }
  llvm_unreachable("all activations are above");
}

} // namespace tp
