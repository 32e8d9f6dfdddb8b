// Parses the parameter lists of functions.def, which the macro gives as text.
#include "Abi.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ErrorHandling.h"

namespace tp::emit {

static AbiParameter parseParameter(llvm::StringRef text) {
  text = text.trim();
  if (text.contains("(*"))
    return {AbiType::Kernel, "body"};
  llvm::StringRef name = text;
  while (!name.empty() && (llvm::isAlnum(name.back()) || name.back() == '_'))
    name = name.drop_back();
  AbiParameter parameter{AbiType::Integer, text.drop_front(name.size()).str()};
  llvm::StringRef type = name.rtrim();
  if (type == "tprt_context *")
    parameter.type = AbiType::Context;
  else if (type == "double")
    parameter.type = AbiType::Double;
  else if (type == "const void *" || type == "void *")
    parameter.type = AbiType::Buffer;
  else if (type == "const int64_t *")
    parameter.type = AbiType::Integers;
  else if (type == "void *const *")
    parameter.type = AbiType::Pointers;
  else if (type != "int64_t")
    llvm::report_fatal_error("runtime/functions.def has a parameter of an unknown type: " + text);
  return parameter;
}

static AbiFunction parseFunction(llvm::StringRef name, llvm::StringRef result, llvm::StringRef parameters) {
  AbiFunction function{name.str(), result == "int64_t", {}};
  parameters.consume_front("(");
  parameters.consume_back(")");
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= parameters.size(); ++i) {
    bool isEnd = i == parameters.size();
    if (!isEnd)
      depth += (parameters[i] == '(') - (parameters[i] == ')');
    if (isEnd || (parameters[i] == ',' && depth == 0)) {
      function.parameters.push_back(parseParameter(parameters.slice(begin, i)));
      begin = i + 1;
    }
  }
  return function;
}

const AbiFunction *findAbiFunction(llvm::StringRef name) {
  static const llvm::StringMap<AbiFunction> functions = [] {
    llvm::StringMap<AbiFunction> all;
#define TPRT_FUNCTION(name, result, parameters) all[#name] = parseFunction(#name, #result, #parameters);
#include "runtime/functions.def"
    return all;
  }();
  auto found = functions.find(name);
  return found == functions.end() ? nullptr : &found->second;
}

} // namespace tp::emit
