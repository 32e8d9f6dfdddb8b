// Contractions and reductions: what makes partial values.
#include "Program.h"

#include <algorithm>
#include <cmath>

namespace tp::random_programs {

static std::string affine(const std::string &all, const std::string &letters) {
  std::string text = "(";
  for (size_t i = 0; i < all.size(); ++i)
    text += (i ? ", " : "") + all.substr(i, 1);
  text += ") -> (";
  for (size_t i = 0; i < letters.size(); ++i)
    text += (i ? ", " : "") + letters.substr(i, 1);
  return text + ")";
}

bool Program::contract() {
  std::optional<Value> lhs = pick(1);
  if (!lhs)
    return false;
  const std::string type = lhs->element;
  std::string left = std::string("abcde").substr(0, lhs->shape.size()), right;
  std::map<char, int64_t> sizes;
  for (size_t d = 0; d < left.size(); ++d)
    sizes[left[d]] = lhs->shape[d];
  Value rhs;
  if (draw.chance(0.35)) {
    // Another value: dimensions of one size may be one dimension.
    std::vector<Value> others;
    for (const Value &value : scope.values)
      if (value.element == type && !value.shape.empty())
        others.push_back(value);
    rhs = draw.of(others);
    for (size_t d = 0; d < rhs.shape.size(); ++d) {
      std::vector<char> same;
      for (char letter : left)
        if (sizes[letter] == rhs.shape[d] && right.find(letter) == std::string::npos)
          same.push_back(letter);
      char letter = !same.empty() && draw.chance(0.7) ? draw.of(same) : static_cast<char>('v' + d);
      sizes[letter] = rhs.shape[d];
      right += letter;
    }
  } else {
    for (char letter : left)
      if (draw.chance(right.empty() ? 0.7 : 0.25))
        right += letter;
    if (draw.chance(0.85)) {
      right += 'z';
      sizes['z'] = size();
    }
    std::vector<char> order(right.begin(), right.end());
    draw.shuffle(order);
    right.assign(order.begin(), order.end());
    if (right.empty())
      return false;
    Shape shape;
    for (char letter : right)
      shape.push_back(sizes[letter]);
    if (!fits(shape))
      return false;
    rhs = source(shape, type);
  }
  std::string result, summed;
  for (char letter : left + right) {
    if (result.find(letter) != std::string::npos || summed.find(letter) != std::string::npos)
      continue;
    bool shared = left.find(letter) != std::string::npos && right.find(letter) != std::string::npos;
    (shared && draw.chance(0.7) ? summed : result) += letter;
  }
  if (draw.chance(0.3)) {
    std::vector<char> order(result.begin(), result.end());
    draw.shuffle(order);
    result.assign(order.begin(), order.end());
  }
  Shape shape;
  int64_t depth = 1;
  for (char letter : result)
    shape.push_back(sizes[letter]);
  for (char letter : summed)
    depth *= sizes[letter];
  if (!fits(shape) || countOf(shape) * depth > 100000)
    return false;
  Value value{"", shape, type, lhs->bound * rhs.bound * std::sqrt(static_cast<double>(std::max<int64_t>(depth, 1)))};
  if (!upstream()) {
    add("nn.contract \"" + left + "," + right + "->" + result + "\" " + lhs->name + ", " + rhs.name + " : " + typeText(*lhs) +
            ", " + typeText(rhs) + " -> " + typeText(value),
        value);
    return true;
  }
  Value init = draw.chance(0.8) ? filled(shape, type, "0.0") : ofShape(shape, type);
  std::string ins = " ins(" + lhs->name + ", " + rhs.name + " : " + typeText(*lhs) + ", " + typeText(rhs) + ") outs(" +
                    init.name + " : " + typeText(init) + ") -> " + typeText(value);
  std::string equation = left + "," + right + "->" + result;
  auto matches = [&](const std::string &pattern) {
    std::map<char, char> names;
    if (pattern.size() != equation.size())
      return false;
    for (size_t i = 0; i < pattern.size(); ++i)
      if (!names.try_emplace(equation[i], pattern[i]).second ? names[equation[i]] != pattern[i] : false)
        return false;
    return true;
  };
  value.bound += init.bound;
  if (matches("mk,kn->mn"))
    add("linalg.matmul" + ins, value);
  else if (matches("bmk,bkn->bmn"))
    add("linalg.batch_matmul" + ins, value);
  else if (matches("mk,k->m"))
    add("linalg.matvec" + ins, value);
  else {
    std::vector<std::string> iterators;
    std::string all = result + summed;
    for (char letter : all)
      iterators.push_back(summed.find(letter) == std::string::npos ? "parallel" : "reduction");
    add(linalgGeneric({affine(all, left), affine(all, right), affine(all, result)}, iterators, {*lhs, rhs}, init,
                      "    %p = arith.mulf %e0, %e1 : " + type + "\n    %s = arith.addf %acc, %p : " + type +
                          "\n    linalg.yield %s : " + type + "\n"),
        value);
  }
  return true;
}

bool Program::reduce() {
  std::optional<Value> input = pick(1, /*onlyFloats=*/draw.chance(0.8));
  if (!input || input->element == "i1")
    return false;
  std::vector<int64_t> dims;
  Shape shape;
  int64_t depth = 1;
  for (size_t d = 0; d < input->shape.size(); ++d)
    if (draw.chance(0.5)) {
      dims.push_back(d);
      depth *= input->shape[d];
    } else {
      shape.push_back(input->shape[d]);
    }
  if (dims.empty())
    return false;
  bool isFloat = input->isFloat(), isMean = isFloat && draw.chance(0.15);
  // The largest of nothing is an infinity, which later ops would make NaN of: allowed, but it says little.
  std::string reduction = isMean || depth == 0 ? "sum" : draw.of(std::vector<std::string>{"sum", "sum", "max", "min"});
  Value value{"", shape, input->element,
              reduction == "sum" ? input->bound * std::sqrt(static_cast<double>(depth)) + 1 : input->bound};
  if (!upstream()) {
    value = add("nn.reduce " + reduction + " " + input->name + " dims " + listText(dims) + " : " + typeText(*input) + " -> " +
                    typeText(value),
                value);
  } else {
    std::string type = input->element, start = "0.0", op = "arith.addf";
    bool isHalf = type == "f16", isBrain = type == "bf16";
    if (reduction == "max")
      start = isHalf ? "0xFC00" : isBrain ? "0xFF80" : "0xFF800000", op = "arith.maximumf";
    if (reduction == "min")
      start = isHalf ? "0x7C00" : isBrain ? "0x7F80" : "0x7F800000", op = "arith.minimumf";
    if (!isFloat) {
      bool isLong = type == "i64";
      start = reduction == "sum"   ? "0"
              : reduction == "max" ? (isLong ? "-9223372036854775808" : "-2147483648")
                                   : (isLong ? "9223372036854775807" : "2147483647");
      op = reduction == "sum" ? "arith.addi" : reduction == "max" ? "arith.maxsi" : "arith.minsi";
    }
    Value init = draw.chance(0.85) ? filled(shape, type, start) : ofShape(shape, type);
    value.bound += init.bound;
    if (draw.chance(0.5)) {
      std::string list = listText(dims);
      value = add("linalg.reduce ins(" + input->name + " : " + typeText(*input) + ") outs(" + init.name + " : " + typeText(init) +
                      ") dimensions = " + list + "\n    (%in: " + type + ", %acc: " + type + ") {\n    %s = " + op +
                      " %in, %acc : " + type + "\n    linalg.yield %s : " + type + "\n  }",
                  value);
    } else {
      std::string all = std::string("abcde").substr(0, input->shape.size()), kept;
      std::vector<std::string> iterators;
      for (size_t d = 0; d < all.size(); ++d) {
        bool reduced = std::find(dims.begin(), dims.end(), static_cast<int64_t>(d)) != dims.end();
        iterators.push_back(reduced ? "reduction" : "parallel");
        if (!reduced)
          kept += all[d];
      }
      value = add(linalgGeneric({affine(all, all), affine(all, kept)}, iterators, {*input}, init,
                                "    %s = " + op + " %acc, %e0 : " + type + "\n    linalg.yield %s : " + type + "\n"),
                  value);
    }
  }
  if (isMean && depth > 0) {
    std::string type = value.element;
    add("nn.map " + value.name + " : (" + typeText(value) + ") -> " + typeText(value) + " {\n  ^bb0(%x: " + type +
            "):\n    %c = arith.constant " + std::to_string(static_cast<double>(depth)) + " : " + type +
            "\n    %y = arith.divf %x, %c : " + type + "\n    nn.yield %y : " + type + "\n  }",
        value);
  }
  return true;
}

} // namespace tp::random_programs
