// Emit: calls of the runtime become LLVM, LLVM becomes an object, the object a module (.tpm).
#pragma once
#include "tp/Support/Json.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <string>

namespace tp {

#define GEN_PASS_DECL
#include "tp/Conversion/Emit.h.inc"

#define GEN_PASS_REGISTRATION
#include "tp/Conversion/Emit.h.inc"

/// The instruction set of this machine's processor: "x86-64-v4", "x86-64-v3", or "x86-64" where it has neither.
std::string detectIsa();

/// What the module says about itself, as tprt/Manifest.h reads it. Call it after Memory and before Emit. `folder` is where the
/// module will lie: weights and tokenizer are named relative to it.
Json describeModule(mlir::ModuleOp module, const std::string &isa, const std::string &folder);

/// Machine code of a module that Emit has left, compiled for `isa`, with `manifest` inside.
struct ObjectCode {
  /// LLVM IR after optimisation; only if asked for.
  std::string text;
  std::string object;
};
/// How much LLVM does. Quick, a tenth of the time, is for checks that compile thousands of programs: it optimises nothing.
enum class Optimisation { Full, Quick };
/// Throws Error.
ObjectCode compileObject(mlir::ModuleOp module, const std::string &isa, const std::string &manifest, bool wantsText,
                         Optimisation optimisation = Optimisation::Full);

/// Links `object` into the shared object `path`, whole or not at all, with lld (ld.lld-22, ld.lld or lld in PATH). Throws
/// Error.
void linkModule(const std::string &object, const std::string &path);

} // namespace tp
