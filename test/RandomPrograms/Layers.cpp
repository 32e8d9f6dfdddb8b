// Ops of models, calls, slices of parameters, and state.
#include "Program.h"

#include <algorithm>
#include <cmath>

namespace tp::random_programs {

bool Program::softmax() {
  std::optional<Value> input = pick(1);
  if (!input)
    return false;
  int64_t dim = draw.below(input->shape.size());
  Value value{"", input->shape, input->element, 1};
  if (!upstream()) {
    add("nn.softmax " + input->name + " dim " + std::to_string(dim) + " : " + typeText(*input) + " -> " + typeText(value), value);
    return true;
  }
  Value init = emptyOf(value.shape, value.element);
  add("linalg.softmax dimension(" + std::to_string(dim) + ") ins(" + input->name + " : " + typeText(*input) + ") outs(" +
          init.name + " : " + typeText(init) + ") -> " + typeText(value),
      value);
  return true;
}

bool Program::norm() {
  std::optional<Value> input = pick(1);
  if (!input)
    return false;
  Shape last{input->shape.back()};
  Value weight = ofShape(last, input->element), value{"", input->shape, input->element, 4 * weight.bound};
  if (draw.chance(0.5)) {
    add("nn.rms_norm " + input->name + ", " + weight.name + " epsilon 1.0e-1 : " + typeText(*input) + ", " + typeText(weight) +
            " -> " + typeText(value),
        value);
    return true;
  }
  Value bias = ofShape(last, input->element);
  value.bound += bias.bound;
  add("nn.layer_norm " + input->name + ", " + weight.name + ", " + bias.name + " epsilon 1.0e-1 : " + typeText(*input) + ", " +
          typeText(weight) + ", " + typeText(bias) + " -> " + typeText(value),
      value);
  return true;
}

bool Program::attention() {
  int64_t unit = kind == Kind::Even || kind == Kind::Illegal ? mesh.size() : 1, batch = unit * draw.between(1, unit > 1 ? 1 : 2),
          rows = unit * draw.between(1, unit > 1 ? 1 : 5),
          keys = draw.chance(0.6) ? rows : unit * draw.between(1, unit > 1 ? 1 : 6),
          heads = draw.chance(0.5) ? mesh.size() : unit * draw.between(1, unit > 1 ? 1 : 4), keyHeads = heads;
  for (int64_t divisor = 1; divisor <= heads; ++divisor)
    if (heads % divisor == 0 && draw.chance(0.3))
      keyHeads = divisor;
  // A wish on many query heads may be carried to few key heads only in parts of an axis, where such parts divide.
  if (unit > 1 && (mesh.size() & (mesh.size() - 1)) != 0)
    keyHeads = heads;
  int64_t width = draw.of(std::vector<int64_t>{2, 4}) * (unit > 1 && draw.chance(0.3) ? unit : 1);
  Shape query{batch, rows, heads, width}, key{batch, keys, keyHeads, width};
  if (!fits(query) || !fits(key))
    return false;
  Value q = ofShape(query, element), k = ofShape(key, element), v = ofShape(key, element);
  std::string options, types;
  if (int64_t form = draw.below(4); form == 0) {
    options += " causal";
  } else if (form == 1) {
    Value positions = argument({batch, rows}, "i32");
    options = " positions " + positions.name;
    types += ", " + typeText(positions);
  }
  std::string mask, scale = " scale 0.5";
  if (draw.chance(0.2)) {
    Value flags = argument({batch, keys}, "i1");
    mask = " key_mask " + flags.name;
    types += ", mask " + typeText(flags);
  }
  bool hasPositions = options.find("positions") != std::string::npos;
  std::string text = "nn.attention " + q.name + ", " + k.name + ", " + v.name + (hasPositions ? options : "") + mask + scale +
                     (hasPositions ? (draw.chance(0.3) ? " window 2" : "") : options);
  // With positions, types are listed before the mask's.
  std::string plain, masked = types;
  if (size_t at = types.find(", mask"); at != std::string::npos) {
    plain = types.substr(0, at);
    masked = " " + types.substr(at + 2);
  } else {
    plain = types;
    masked = "";
  }
  add(text + " : " + typeText(q) + ", " + typeText(k) + ", " + typeText(v) + plain + masked + " -> " + typeText(query, element),
      {"", query, element, v.bound});
  return true;
}

bool Program::rope() {
  Shape shape{size(), size(), size(), 2 * size()};
  for (const Value &value : scope.values)
    if (value.shape.size() == 4 && value.element == element && value.shape[3] > 1)
      shape = value.shape;
  if (!fits(shape) || shape[3] < 2)
    return false;
  Value input = ofShape(shape, element), positions = argument({shape[0], shape[1]}, "i32");
  std::string frequencies;
  for (int64_t i = 0, count = draw.between(1, shape[3] / 2); i < count; ++i)
    frequencies += (i ? ", " : "") + std::to_string(std::ldexp(1.0, -std::min<int64_t>(i, 10)));
  add("nn.rope " + input.name + ", " + positions.name + " frequencies [" + frequencies + "] attention_factor " +
          (draw.chance(0.3) ? "1.25" : "1.0") + (draw.chance(0.4) ? " interleaved" : "") + " : " + typeText(input) + ", " +
          typeText(positions) + " -> " + typeText(input),
      {"", shape, element, 2 * input.bound});
  return true;
}

bool Program::call() {
  std::vector<Value> operands{*pick(0, /*onlyFloats=*/false)};
  if (draw.chance(0.5))
    operands.push_back(*pick(0, /*onlyFloats=*/false));
  Scope outer = std::move(scope);
  int64_t outerNames = nameCount;
  scope = Scope();
  scope.isEntry = false;
  for (const Value &operand : operands) {
    Value inner = operand;
    inner.name = "%arg" + std::to_string(scope.arguments.size());
    scope.arguments.push_back(inner.name + ": " + typeText(inner));
    scope.values.push_back(inner);
  }
  for (int64_t i = draw.between(1, 3); i > 0; --i)
    step(/*insideCall=*/true);
  Value result = scope.values.back();
  std::string name = "helper" + std::to_string(functions.size());
  functions.push_back(function(name, /*isPublic=*/false, {result}));
  scope = std::move(outer);
  nameCount = outerNames;
  std::string names, types;
  for (size_t i = 0; i < operands.size(); ++i) {
    names += (i ? ", " : "") + operands[i].name;
    types += (i ? ", " : "") + typeText(operands[i]);
  }
  for (int64_t i = draw.between(1, 2); i > 0; --i)
    add("func.call @" + prefix + "_" + name + "(" + names + ") : (" + types + ") -> " + typeText(result), result);
  return true;
}

bool Program::slicesOfParameter() {
  // A packed weight, contracted at once or cut first; its parts may be unequal.
  std::optional<Value> input = pick(1);
  if (!input)
    return false;
  int64_t depth = input->shape.back(), unit = kind == Kind::Even || kind == Kind::Illegal ? mesh.size() : 1;
  std::vector<int64_t> parts;
  int64_t width = 0;
  for (int64_t i = draw.between(2, 3); i > 0; --i) {
    parts.push_back(unit * draw.between(1, unit > 1 ? 2 : 6));
    width += parts.back();
  }
  std::string letters = std::string("abcde").substr(0, input->shape.size()), others = letters.substr(0, letters.size() - 1) + "z";
  Shape wide = input->shape;
  wide.back() = width;
  if (!fits(wide) || !fits({depth, width}) || countOf(wide) * depth > 100000)
    return false;
  Value weight = draw.chance(0.5) ? argument({depth, width}, input->element) : parameter({depth, width}, input->element);
  double bound = input->bound * weight.bound * std::sqrt(static_cast<double>(std::max<int64_t>(depth, 1)));
  auto cut = [&](const Value &value, int64_t offset, int64_t taken) {
    Shape offsets(value.shape.size(), 0), sizes = value.shape;
    offsets.back() = offset;
    sizes.back() = taken;
    return line("nn.slice " + value.name + " offsets " + listText(offsets) + " sizes " + listText(sizes) + " strides " +
                    listText(Shape(sizes.size(), 1)) + " : " + typeText(value) + " -> " + typeText(sizes, value.element),
                {"", sizes, value.element, value.bound});
  };
  auto product = [&](const Value &right) {
    Shape shape = input->shape;
    shape.back() = right.shape[1];
    return line("nn.contract \"" + letters + "," + letters.back() + "z->" + others + "\" " + input->name + ", " + right.name +
                    " : " + typeText(*input) + ", " + typeText(right) + " -> " + typeText(shape, input->element),
                {"", shape, input->element, bound});
  };
  int64_t offset = 0;
  bool cutsResult = draw.chance(0.6);
  Value whole = cutsResult ? product(weight) : weight;
  for (int64_t part : parts) {
    Value value = cutsResult ? cut(whole, offset, part) : product(cut(weight, offset, part));
    tame(value);
    scope.values.push_back(value);
    offset += part;
  }
  return true;
}

bool Program::state() {
  std::optional<Value> value = pick(1);
  if (!value)
    return false;
  // A state of the type that another entry declared, if there is one.
  std::string name;
  for (const auto &[known, like] : states)
    if (draw.chance(0.7)) {
      name = known;
      value = ofShape(like.shape, like.element);
    }
  if (name.empty()) {
    name = "@" + prefix + "_s" + std::to_string(stateCount++);
    std::string attribute = wishAttribute(value->shape);
    declarations.push_back("nn.state " + name + " : " + typeText(*value) + (attribute.empty() ? "" : " {" + attribute + "}"));
    states.push_back({name, *value});
  }
  Value old = line("nn.get " + name + " : " + typeText(*value), *value), next;
  if (value->shape.size() >= 2 && draw.chance(0.5)) {
    Shape rows = value->shape;
    rows[1] = size();
    if (!fits(rows))
      rows[1] = value->shape[1];
    Value fresh = ofShape(rows, value->element), positions = argument({rows[0], rows[1]}, "i32");
    next = add("nn.cache_update " + old.name + ", " + fresh.name + ", " + positions.name + " : " + typeText(old) + ", " +
                   typeText(fresh) + ", " + typeText(positions) + " -> " + typeText(old),
               old);
  } else {
    std::string type = value->element;
    next = add("nn.map " + old.name + ", " + value->name + " : (" + typeText(old) + ", " + typeText(old) + ") -> " +
                   typeText(old) + " {\n  ^bb0(%x: " + type + ", %z: " + type + "):\n    %c = arith.constant 0.5 : " + type +
                   "\n    %h = arith.mulf %x, %c : " + type + "\n    %y = arith.addf %h, %z : " + type +
                   "\n    nn.yield %y : " + type + "\n  }",
               {"", value->shape, type, 2 * value->bound});
  }
  scope.lines.push_back("nn.set " + name + ", " + next.name + " : " + typeText(next));
  return true;
}

} // namespace tp::random_programs
