// The runtime's functions, as the compiler sees them: read from runtime/functions.def, which the runtime is made of too.
#pragma once
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace tp::emit {

enum class AbiType { Context, Integer, Double, Buffer, Integers, Pointers, Kernel };

struct AbiParameter {
  AbiType type;
  std::string name;
};

struct AbiFunction {
  std::string name;
  bool returnsInteger;
  std::vector<AbiParameter> parameters;
};

/// The function called `name`, or null.
const AbiFunction *findAbiFunction(llvm::StringRef name);

} // namespace tp::emit
