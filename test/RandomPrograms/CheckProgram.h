// Checks of one program: unsharded interpreter = local form on pretend ranks = compiled module on threads; bytes counted = bytes
// planned; no phase refuses it, or exactly one error where it must.
#pragma once
#include "Generate.h"
#include "Roundings.h"

#include "tp/Conversion/Emit.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>

namespace tp::random_programs {

struct Failure {
  /// Where: "parse", "propagate", "ranks", "compiled", ... The same mistake has the same stage and nearly the same message.
  std::string stage;
  std::string message;
};

/// A program that has passed all checks but that of the compiled module.
struct Checked {
  mlir::OwningOpRef<mlir::ModuleOp> local;
  reference::CheckCase drawn;
  reference::Outputs expected;
  Limits limits;
  /// What differs by more than `limits`, but by roundings only.
  std::string roundings;
  /// One error of a kind that may be; then there is nothing else here.
  bool refused = false;
};

/// What is checked, and how it is asked for on the command line.
struct Subject {
  std::string text;
  /// Of even sizes: no refusal. Of odd ones: sizes may be refused. Illegal: must be.
  Kind kind = Kind::Even;
  std::string mistake;
  /// Of the layouts of a program of kind LaidOut that has none yet.
  uint64_t layoutSeed = 0;
  uint64_t inputSeed = 0;
};

/// Runs all phases up to Partition and the interpreter before and after. Throws Failure.
Checked checkUpToLocal(mlir::MLIRContext &context, const Subject &subject);

/// Compiles the programs as one module, runs it and compares. Throws Failure.
void checkCompiled(std::vector<Checked> &programs, Optimisation optimisation);

/// The laid-out form of a subject of kind LaidOut, as text.
std::string laidOutText(mlir::MLIRContext &context, const Subject &subject);

/// A context with tp's dialects and one thread.
std::unique_ptr<mlir::MLIRContext> makeContext();

} // namespace tp::random_programs
