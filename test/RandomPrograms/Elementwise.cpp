// Elementwise ops: a random expression of scalar ops, written as nn.map, as linalg.generic, or op by op on tensors.
//
// An expression is kept where it can be compared: logarithms and roots of what is surely positive, quotients by what is surely not
// small. What jumps (rounding, comparing, converting to integers) jumps away from the numbers that programs are full of (0, 1,
// x - x), because there two right computations may stand on different sides.
#include "Program.h"

namespace tp::random_programs {

namespace {
struct Term {
  std::string name, element;
  double bound;
  bool isFloat() const { return element[0] != 'i'; }
};
} // namespace

class ScalarBody {
public:
  ScalarBody(Program &program, bool onTensors, Shape shape) : program(program), onTensors(onTensors), shape(std::move(shape)) {}

  std::vector<std::string> lines;

  std::string type(const std::string &element) const { return onTensors ? typeText(shape, element) : element; }

  std::string write(const std::string &text) {
    std::string name = onTensors ? program.fresh() : "%t" + std::to_string(count++);
    lines.push_back(name + " = " + text);
    return name;
  }

  Term number(const std::string &text, const std::string &element, double bound) {
    return {write("arith.constant " + (onTensors ? "dense<" + text + "> : " : text + " : ") + type(element)), element, bound};
  }

  Term one(const std::string &op, const Term &x, double bound) {
    return {write(op + " " + x.name + " : " + type(x.element)), x.element, bound};
  }

  Term two(const std::string &op, const Term &x, const Term &y, double bound) {
    return {write(op + " " + x.name + ", " + y.name + " : " + type(x.element)), x.element, bound};
  }

  Term convert(const std::string &op, const Term &x, const std::string &element, double bound) {
    return {write(op + " " + x.name + " : " + type(x.element) + " to " + type(element)), element, bound};
  }

  Term choose(const Term &condition, const Term &x, const Term &y) {
    std::string types = onTensors ? type("i1") + ", " + type(x.element) : x.element;
    return {write("arith.select " + condition.name + ", " + x.name + ", " + y.name + " : " + types), x.element,
            std::max(x.bound, y.bound)};
  }

  Term compare(const Term &x, const Term &y) {
    static const std::vector<std::string> floats = {"olt", "ole", "ogt", "oge", "ult", "ugt", "one", "une", "ord", "uno"};
    static const std::vector<std::string> ints = {"eq", "ne", "slt", "sle", "sgt", "sge", "ult", "uge"};
    std::string op = x.isFloat() ? "arith.cmpf " + program.draw.of(floats) : "arith.cmpi " + program.draw.of(ints);
    return {write(op + ", " + x.name + ", " + y.name + " : " + type(x.element)), "i1", 1};
  }

  Term away(const Term &x) { return two("arith.addf", x, number("0.3137", x.element, 1), x.bound + 1); }
  Term positive(const Term &x) {
    return two("arith.addf", one("math.absf", x, x.bound), number("0.75", x.element, 1), x.bound + 1);
  }
  Term small(const Term &x) { return one("math.tanh", x, 1); }

private:
  Program &program;
  bool onTensors;
  Shape shape;
  int64_t count = 0;
};

namespace {

/// One or a few ops on `x`, a float; `y` has the same type.
Term floatStep(Draw &draw, ScalarBody &body, const Term &x, const Term &y) {
  bool isNarrow = x.element != "f32";
  switch (draw.below(isNarrow ? 34 : 44)) {
  case 0:
    return body.one("arith.negf", x, x.bound);
  case 1:
    return body.one("math.absf", x, x.bound);
  case 2:
    return body.small(x);
  case 3:
    return body.one("math.sin", x, 1);
  case 4:
    return body.one("math.cos", x, 1);
  case 5:
    return body.one("math.erf", x, 1);
  case 6:
    return body.one("math.sqrt", body.positive(x), x.bound + 1);
  case 7:
    return body.one("math.rsqrt", body.positive(x), 2);
  case 8:
    return body.one("math.exp", body.small(x), 3);
  case 9:
    return body.one("math.exp2", body.small(x), 2);
  case 10:
    return body.one("math.expm1", body.small(x), 2);
  case 11:
    return body.one(draw.of(std::vector<std::string>{"math.log", "math.log2", "math.log10", "math.log1p"}), body.positive(x), 10);
  case 12:
    return body.one("math.atan", x, 2);
  case 13:
    return body.one(draw.of(std::vector<std::string>{"math.sinh", "math.cosh", "math.tan"}), body.small(x), 2);
  case 14:
    return body.two("arith.mulf", x, body.number("0.5", x.element, 1), x.bound);
  case 15:
    return body.two("arith.addf", x, body.number("-1.25", x.element, 1), x.bound + 2);
  case 16:
  case 17:
  case 18:
    return body.two("arith.addf", x, y, x.bound + y.bound);
  case 19:
  case 20:
    return body.two("arith.subf", x, y, x.bound + y.bound);
  case 21:
  case 22:
  case 23:
    return body.two("arith.mulf", x, y, x.bound * y.bound);
  case 24:
    return body.two("arith.divf", x, body.positive(y), x.bound * 2);
  case 25:
    return body.two(draw.of(std::vector<std::string>{"arith.maximumf", "arith.maxnumf"}), x, y, std::max(x.bound, y.bound));
  case 26:
    return body.two(draw.of(std::vector<std::string>{"arith.minimumf", "arith.minnumf"}), x, y, std::max(x.bound, y.bound));
  case 27:
    return body.two("math.powf", body.positive(x), body.small(y), x.bound + 1);
  case 28:
    return body.two("math.atan2", x, body.positive(y), 2);
  case 29:
    return {body.write("math.fma " + x.name + ", " + y.name + ", " + x.name + " : " + body.type(x.element)), x.element,
            x.bound * y.bound + x.bound};
  case 30:
    return body.one("math.asinh", x, 5);
  case 31:
    return body.one("math.atanh", body.two("arith.mulf", body.small(x), body.number("0.5", x.element, 1), 1), 1);
  case 32:
    return body.one("math.erfc", x, 2);
  case 33:
    return body.one("math.cbrt", body.positive(x), x.bound);
  case 34:
    return body.one(draw.of(std::vector<std::string>{"math.floor", "math.ceil", "math.round", "math.trunc", "math.roundeven"}),
                    body.away(x), x.bound + 2);
  case 35:
    return body.two("math.copysign", x, body.away(y), x.bound);
  case 36:
  case 37:
    return body.choose(body.compare(x, body.away(y)), x, y);
  case 38:
    return body.compare(x, body.away(y));
  case 39:
    return x.bound < 1000 ? body.convert("arith.fptosi", body.away(x), "i32", x.bound + 1) : body.small(x);
  case 40:
    return body.convert("arith.extf", body.convert("arith.truncf", x, draw.of(std::vector<std::string>{"bf16", "f16"}), x.bound),
                        "f32", x.bound);
  case 41:
    return body.one("math.asin", body.two("arith.mulf", body.small(x), body.number("0.5", x.element, 1), 1), 1);
  case 42:
    return body.one("math.acosh", body.two("arith.addf", body.positive(x), body.number("1.5", x.element, 2), x.bound + 3), 5);
  default:
    return body.convert("arith.truncf", x, draw.of(std::vector<std::string>{"bf16", "f16"}), x.bound);
  }
}

Term flagStep(Draw &draw, ScalarBody &body, const Term &x, const Term &y) {
  switch (draw.below(5)) {
  case 0:
    return body.two("arith.andi", x, y, 1);
  case 1:
    return body.two("arith.ori", x, y, 1);
  case 2:
    return body.two("arith.xori", x, y, 1);
  case 3:
    return body.convert("arith.extui", x, "i32", 1);
  default:
    return body.convert("arith.uitofp", x, "f32", 1);
  }
}

Term intStep(Draw &draw, ScalarBody &body, const Term &x, const Term &y) {
  auto number = [&](const char *text) { return body.number(text, x.element, 64); };
  switch (draw.below(16)) {
  case 0:
    return body.two("arith.addi", x, y, x.bound + y.bound);
  case 1:
    return body.two("arith.subi", x, y, x.bound + y.bound);
  case 2:
    return body.two("arith.muli", x, y, x.bound * y.bound);
  case 3:
    return body.two(draw.of(std::vector<std::string>{"arith.andi", "arith.ori", "arith.xori"}), x, y, x.bound + y.bound);
  case 4:
    return body.two("arith.shli", x, number("3"), x.bound * 8);
  case 5:
    return body.two(draw.of(std::vector<std::string>{"arith.shrsi", "arith.shrui"}), x, number("2"), 0x1p31);
  case 6:
    return body.two(draw.of(std::vector<std::string>{"arith.maxsi", "arith.minsi"}), x, y, x.bound + y.bound);
  case 7:
    return body.two(draw.of(std::vector<std::string>{"arith.maxui", "arith.minui"}), x, y, 0x1p31);
  case 8:
    return body.two(draw.of(std::vector<std::string>{"arith.divsi", "arith.remsi", "arith.floordivsi", "arith.ceildivsi"}), x,
                    number(draw.of(std::vector<const char *>{"3", "-3", "7"})), x.bound);
  case 9:
    return body.two(draw.of(std::vector<std::string>{"arith.divui", "arith.remui"}), x, number("5"), 0x1p31);
  case 10:
    return body.compare(x, y);
  case 11:
    return body.choose(body.compare(x, y), y, x);
  case 12:
    return body.one("math.absi", x, x.bound);
  case 13:
    return x.element == "i32" ? body.convert(draw.of(std::vector<std::string>{"arith.extsi", "arith.extui"}), x, "i64", 0x1p33)
                              : body.convert("arith.trunci", x, "i32", 0x1p31);
  default:
    return body.two(
        "arith.mulf",
        body.convert(draw.of(std::vector<std::string>{"arith.sitofp", "arith.sitofp", "arith.uitofp"}), x, "f32", 0x1p33),
        body.number("0.001953125", "f32", 1), x.bound / 512);
  }
}

Term anyStep(Draw &draw, ScalarBody &body, const Term &x, const std::vector<Term> &terms) {
  Term y = x;
  for (const Term &term : terms)
    if (term.element == x.element && draw.chance(0.6))
      y = term;
  if (x.isFloat())
    return floatStep(draw, body, x, y);
  return x.element == "i1" ? flagStep(draw, body, x, y) : intStep(draw, body, x, y);
}

} // namespace

bool Program::elementwise() {
  std::optional<Value> first = pick(0, /*onlyFloats=*/false);
  std::vector<Value> inputs{*first};
  for (int64_t more = draw.below(3); more > 0; --more) {
    std::vector<Value> alike;
    for (const Value &value : scope.values)
      if (value.shape == first->shape)
        alike.push_back(value);
    inputs.push_back(draw.chance(0.6) ? draw.of(alike) : source(first->shape, first->element));
  }
  return elementwiseOf(inputs);
}

bool Program::elementwiseOf(std::vector<Value> inputs) {
  const Shape shape = inputs[0].shape;
  int64_t form = upstream() ? draw.between(1, 2) : 0;
  ScalarBody body(*this, /*onTensors=*/form == 2, shape);
  std::vector<Term> terms;
  for (size_t i = 0; i < inputs.size(); ++i)
    terms.push_back({form == 2 ? inputs[i].name : "%e" + std::to_string(i), inputs[i].element, inputs[i].bound});
  for (int64_t i = 0, count = draw.between(1, 3) + inputs.size() - 1; i < count; ++i)
    terms.push_back(anyStep(draw, body, draw.chance(0.7) ? terms.back() : draw.of(terms), terms));
  Term last = terms.back();
  // Numbers that have grown large go no further.
  if (last.isFloat() && last.bound > 4096)
    last = body.small(last);
  if (body.lines.empty())
    return false;
  Value result{"", shape, last.element, last.bound};
  if (form == 2) {
    for (const std::string &each : body.lines)
      scope.lines.push_back(each);
    result.name = last.name;
    tame(result);
    scope.values.push_back(result);
    return true;
  }
  std::string lines, names, types, arguments;
  for (const std::string &each : body.lines)
    lines += "    " + each + "\n";
  for (size_t i = 0; i < inputs.size(); ++i) {
    names += (i ? ", " : "") + inputs[i].name;
    types += (i ? ", " : "") + typeText(inputs[i]);
    arguments += (i ? ", %e" : "%e") + std::to_string(i) + ": " + inputs[i].element;
  }
  if (form == 0) {
    add("nn.map " + names + " : (" + types + ") -> " + typeText(result) + " {\n  ^bb0(" + arguments + "):\n" + lines +
            "    nn.yield " + last.name + " : " + last.element + "\n  }",
        result);
    return true;
  }
  std::string dims, map;
  for (size_t d = 0; d < shape.size(); ++d)
    dims += (d ? ", d" : "d") + std::to_string(d);
  map = "(" + dims + ") -> (" + dims + ")";
  Value init = emptyOf(shape, last.element);
  add(linalgGeneric(std::vector<std::string>(inputs.size() + 1, map), std::vector<std::string>(shape.size(), "parallel"), inputs,
                    init, lines + "    linalg.yield " + last.name + " : " + last.element + "\n"),
      result);
  return true;
}

} // namespace tp::random_programs
