// Parsing and running the programs of the tests.
#include "Programs.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace tp {

HostTensor floats(std::vector<int64_t> shape, std::vector<double> values, DType type) {
  HostTensor tensor{type, std::move(shape), std::move(values), {}};
  EXPECT_EQ(tensor.count(), static_cast<int64_t>(tensor.floats.size()));
  return tensor;
}

HostTensor ints(std::vector<int64_t> shape, std::vector<int64_t> values, DType type) {
  HostTensor tensor{type, std::move(shape), {}, std::move(values)};
  EXPECT_EQ(tensor.count(), static_cast<int64_t>(tensor.ints.size()));
  return tensor;
}

HostTensor varied(std::vector<int64_t> shape, int64_t seed) {
  HostTensor tensor = HostTensor::zeros(DType::F32, std::move(shape));
  for (size_t i = 0; i < tensor.floats.size(); ++i)
    tensor.floats[i] = static_cast<double>((i * 7 + i / 5 * 3 + seed * 11) % 17) / 8 - 1;
  return tensor;
}

Program::Program(const std::string &text) {
  DialectRegistry registry;
  registry.insert<TPDialect, nn::NNDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect, linalg::LinalgDialect,
                  tensor::TensorDialect, cf::ControlFlowDialect>();
  context.appendDialectRegistry(registry);
  module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    ADD_FAILURE() << "does not parse:\n" << text;
}

func::FuncOp Program::function(StringRef name) { return module->lookupSymbol<func::FuncOp>(name); }

reference::PerRank Program::runOnRanks(reference::PerRank inputs) {
  if (!module)
    return {};
  stores.resize(inputs.size());
  FailureOr<reference::PerRank> results = reference::evaluate(function(), std::move(inputs), stores);
  EXPECT_TRUE(succeeded(results));
  return succeeded(results) ? *results : reference::PerRank();
}

std::vector<HostTensor> Program::run(std::vector<HostTensor> inputs) {
  reference::PerRank results = runOnRanks({std::move(inputs)});
  return results.empty() ? std::vector<HostTensor>() : results[0];
}

std::string Program::errorOf(std::vector<HostTensor> inputs) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  stores.resize(1);
  EXPECT_TRUE(failed(reference::evaluate(function(), {std::move(inputs)}, stores)));
  return message;
}

HostTensor evaluated(const std::string &arguments, const std::string &result, const std::string &body,
                     std::vector<HostTensor> inputs) {
  std::string list;
  size_t number = 0;
  // Commas inside of <...> belong to a type.
  int depth = 0;
  std::string type;
  auto flush = [&] {
    if (!type.empty())
      list += (number ? ", %a" : "%a") + std::to_string(number) + ": " + type;
    ++number;
    type.clear();
  };
  for (char c : arguments) {
    depth += c == '<' ? 1 : c == '>' ? -1 : 0;
    if (c == ',' && depth == 0)
      flush();
    else
      type += c;
  }
  flush();
  Program program("func.func @main(" + list + ") -> " + result + " {\n" + body + "\nreturn %r : " + result + "\n}");
  std::vector<HostTensor> results = program.run(std::move(inputs));
  return results.empty() ? HostTensor() : results[0];
}

void expectNear(const HostTensor &tensor, std::vector<int64_t> shape, std::vector<double> values, double tolerance) {
  EXPECT_EQ(tensor.shape, shape);
  ASSERT_EQ(tensor.count(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(tensor.at(i), values[i], tolerance) << "element " << i;
}

} // namespace tp
