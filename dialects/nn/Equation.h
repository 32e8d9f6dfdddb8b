// The equation of nn.contract, "bsh,fh->bsf": one letter per dimension of each tensor.
//
// By where a letter stands it has a role: in both operands and the result it is a batch dimension, in both operands only it
// is summed, in one operand and the result it is free. Everything that is asked about a contraction is asked by role.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <string>

namespace tp::nn {

enum class LetterRole { Batch, Summed, LhsFree, RhsFree };

struct Equation {
  std::string lhs, rhs, result;

  /// Reads "lhs,rhs->result". On failure `problem` says what is wrong; the letters' roles are legal on success.
  static llvm::FailureOr<Equation> parse(llvm::StringRef text, std::string &problem);
  std::string str() const { return lhs + "," + rhs + "->" + result; }
  /// Every letter once, in order of first appearance.
  std::string letters() const;
  LetterRole roleOf(char letter) const;
  /// The letters of a role, in the order of the result (summed: of lhs).
  std::string lettersOf(LetterRole role) const;
};

} // namespace tp::nn
