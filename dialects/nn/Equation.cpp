// Reading and asking equations.
#include "dialects/nn/Equation.h"

#include "llvm/ADT/StringExtras.h"

namespace tp::nn {

static bool has(const std::string &letters, char letter) { return letters.find(letter) != std::string::npos; }

llvm::FailureOr<Equation> Equation::parse(llvm::StringRef text, std::string &problem) {
  auto [operands, result] = text.split("->");
  auto [lhs, rhs] = operands.split(",");
  Equation equation{lhs.str(), rhs.str(), result.str()};
  if (!text.contains("->") || !operands.contains(",")) {
    problem = "needs the form \"lhs,rhs->result\"";
    return llvm::failure();
  }
  for (const std::string &tensor : {equation.lhs, equation.rhs, equation.result})
    for (size_t i = 0; i < tensor.size(); ++i) {
      if (!llvm::isAlpha(tensor[i])) {
        problem = std::string("has '") + tensor[i] + "' where a letter was needed";
        return llvm::failure();
      }
      if (tensor.find(tensor[i]) != i) {
        problem = std::string("has '") + tensor[i] + "' twice in \"" + tensor + "\"";
        return llvm::failure();
      }
    }
  for (char letter : equation.result)
    if (!has(equation.lhs, letter) && !has(equation.rhs, letter)) {
      problem = std::string("has '") + letter + "' in the result, but in no operand";
      return llvm::failure();
    }
  for (char letter : equation.letters())
    if (has(equation.lhs, letter) != has(equation.rhs, letter) && !has(equation.result, letter)) {
      problem = std::string("has '") + letter + "' in one operand only, and not in the result; sum it with nn.reduce first";
      return llvm::failure();
    }
  return equation;
}

std::string Equation::letters() const {
  std::string all;
  for (char letter : lhs + rhs + result)
    if (!has(all, letter))
      all += letter;
  return all;
}

LetterRole Equation::roleOf(char letter) const {
  if (has(lhs, letter) && has(rhs, letter))
    return has(result, letter) ? LetterRole::Batch : LetterRole::Summed;
  return has(lhs, letter) ? LetterRole::LhsFree : LetterRole::RhsFree;
}

std::string Equation::lettersOf(LetterRole role) const {
  std::string found;
  for (char letter : role == LetterRole::Summed ? lhs : result)
    if (roleOf(letter) == role)
      found += letter;
  return found;
}

} // namespace tp::nn
