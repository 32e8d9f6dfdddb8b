// The elementwise functions that configs name ("hidden_act"), as scalar ops in f32.
#pragma once
#include "mlir/IR/Builders.h"

#include <string>

namespace tp {

enum class Activation {
  Silu,
  /// x P(X <= x) of a normal X (Hendrycks and Gimpel 2016), by the error function.
  GeluErf,
  /// Its approximation by tanh.
  GeluTanh,
  /// Its approximation x sigmoid(1.702 x).
  GeluQuick,
  Relu,
  Tanh
};

/// Throws Error for a name that is not known; `key` and `what` say where it stands.
Activation activationCalled(const std::string &name, const std::string &key, const std::string &what);

/// The function's value at the f32 scalar `x`.
mlir::Value applyActivation(Activation activation, mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

} // namespace tp
