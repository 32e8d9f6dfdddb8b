// Program texts and small tensors for tests of what ops compute.
#pragma once
#include "tp/Reference/Interpreter.h"

#include <gtest/gtest.h>

namespace tp {

HostTensor floats(std::vector<int64_t> shape, std::vector<double> values, DType type = DType::F32);
HostTensor ints(std::vector<int64_t> shape, std::vector<int64_t> values, DType type = DType::I32);
/// Values that differ from place to place and fit a few bits: -1 to 1 in steps of 1/8.
HostTensor varied(std::vector<int64_t> shape, int64_t seed = 0);

/// A parsed module. A text that does not parse or verify fails the test.
class Program {
public:
  explicit Program(const std::string &text);
  mlir::ModuleOp parsed() { return *module; }
  mlir::func::FuncOp function(llvm::StringRef name = "main");
  /// The results of @main on one rank.
  std::vector<HostTensor> run(std::vector<HostTensor> inputs);
  /// The results of @main per rank.
  reference::PerRank runOnRanks(reference::PerRank inputs);
  /// The error of a run that is to fail.
  std::string errorOf(std::vector<HostTensor> inputs);
  std::vector<reference::Store> stores;

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// The one result of a module whose @main has the body `body`, whose arguments are %0, %1, ... of the given types.
HostTensor evaluated(const std::string &arguments, const std::string &result, const std::string &body,
                     std::vector<HostTensor> inputs);

void expectNear(const HostTensor &tensor, std::vector<int64_t> shape, std::vector<double> values, double tolerance = 1e-6);

} // namespace tp
