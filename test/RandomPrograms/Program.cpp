// What every op of a random program is drawn with: sizes, wishes, sources, and the functions around them.
#include "Program.h"

#include <algorithm>
#include <cmath>

namespace tp::random_programs {

int64_t countOf(const Shape &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::string typeText(const Shape &shape, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

std::string listText(const std::vector<int64_t> &list) {
  std::string text = "[";
  for (size_t i = 0; i < list.size(); ++i)
    text += (i ? ", " : "") + std::to_string(list[i]);
  return text + "]";
}

std::string str(Kind kind) {
  switch (kind) {
  case Kind::Even:
    return "even sizes";
  case Kind::Odd:
    return "odd sizes";
  case Kind::LaidOut:
    return "laid out";
  case Kind::Illegal:
    return "illegal";
  }
  return "";
}

std::string meshLine(const Mesh &mesh) {
  std::string text;
  for (const MeshAxis &axis : mesh.axes)
    text += (text.empty() ? "" : ", ") + axis.name + " = " + std::to_string(axis.size);
  return "tp.mesh @mesh [" + text + "]\n";
}

std::string ProgramText::text() const { return meshLine(mesh) + body; }

Kind kindOf(uint64_t seed) {
  int64_t drawn = Draw(seed / packSize * 2 + 1).below(20);
  return drawn < 8 ? Kind::Even : drawn < 12 ? Kind::Odd : drawn < 19 ? Kind::LaidOut : Kind::Illegal;
}

static Mesh meshOf(uint64_t seed) {
  static const std::vector<std::string> meshes = {"tp=2",        "tp=3",      "tp=4",      "tp=4",      "tp=6",    "tp=8",
                                                  "dp=2,tp=2",   "dp=2,tp=3", "dp=2,tp=4", "dp=4,tp=2", "a=3,b=2", "a=2,b=2,c=2",
                                                  "a=2,b=1,c=2", "a=1,b=4",   "tp=1",      "tp=5",      "tp=7"};
  return Mesh::parse(Draw(seed / packSize * 2).of(meshes));
}

ProgramText generate(uint64_t seed) { return Program(seed, kindOf(seed), meshOf(seed)).write(); }

Program::Program(uint64_t seed, Kind kind, Mesh mesh)
    : seed(seed), draw(randomBits(seed, 77)), kind(kind), mesh(std::move(mesh)), prefix("p" + std::to_string(seed)) {
  int64_t drawn = draw.below(20);
  element = drawn < 14 ? "f32" : drawn < 17 ? "bf16" : "f16";
}

//===-- Sizes and wishes --------------------------------------------------------------------------------------------===//

int64_t Program::size() {
  int64_t unit = mesh.size();
  if (kind == Kind::Even || kind == Kind::Illegal)
    return unit * (unit > 4 || draw.chance(0.6) ? 1 : 2) * (unit == 1 ? 4 : 1);
  static const std::vector<int64_t> odd = {1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 12, 16};
  if (draw.chance(0.015))
    return 0;
  return draw.chance(0.4) ? unit * draw.between(1, 2) : draw.of(odd);
}

bool Program::fits(const Shape &shape) const { return shape.size() <= 5 && countOf(shape) <= 4096; }

Layout Program::randomWish(const Shape &shape, bool mayBeOpen) {
  Layout layout = Layout::whole(shape.size());
  std::vector<AxisPart> parts;
  for (const MeshAxis &axis : mesh.axes)
    if (axis.size % 2 == 0 && axis.size > 2 && draw.chance(0.3)) {
      parts.push_back({axis.name, 1, 2});
      parts.push_back({axis.name, 2, axis.size / 2});
    } else {
      parts.push_back({axis.name, 1, 0});
    }
  if (draw.chance(0.3))
    draw.shuffle(parts);
  for (const AxisPart &part : parts)
    if (!shape.empty() && draw.chance(0.7)) {
      size_t dim = draw.below(shape.size());
      std::vector<AxisPart> &axes = layout.dims[dim].axes;
      if (shape[dim] % (mesh.sizeOf(axes) * mesh.sizeOf(part)) == 0)
        axes.push_back(part);
    }
  for (DimLayout &dim : layout.dims) {
    dim.axes = mesh.merged(dim.axes);
    dim.open = mayBeOpen && draw.chance(0.15);
  }
  return layout;
}

std::string Program::wishText(const Shape &shape, bool mayBeOpen) {
  return "<@mesh, " + randomWish(shape, mayBeOpen).str() + ">";
}

std::string Program::wishAttribute(const Shape &shape, bool mayBeOpen) {
  if (kind == Kind::LaidOut || !draw.chance(0.4))
    return "";
  return "tp.layout = #tp.layout" + wishText(shape, mayBeOpen);
}

//===-- Values ------------------------------------------------------------------------------------------------------===//

Value Program::line(const std::string &text, Value value) {
  value.name = fresh();
  scope.lines.push_back(value.name + " = " + text);
  return value;
}

Value Program::add(const std::string &text, Value value) {
  value = line(text, std::move(value));
  tame(value);
  if (kind != Kind::LaidOut && scope.isEntry && draw.chance(0.1)) {
    std::string before = value.name;
    value = line("tp.constrain " + before + " to " + wishText(value.shape, true) + " : " + typeText(value), value);
  }
  scope.values.push_back(value);
  return value;
}

void Program::tame(Value &value) {
  if (!value.isFloat() || value.bound <= 64)
    return;
  int exponent = std::ilogb(value.bound) - 2;
  std::string scale = std::to_string(std::ldexp(1.0, -std::min(exponent, 16)));
  std::string type = value.element;
  value = line("nn.map " + value.name + " : (" + typeText(value) + ") -> " + typeText(value) + " {\n  ^bb0(%x: " + type +
                   "):\n    %c = arith.constant " + scale + " : " + type + "\n    %y = arith.mulf %x, %c : " + type +
                   "\n    nn.yield %y : " + type + "\n  }",
               value);
  value.bound = 8;
}

Value Program::argument(const Shape &shape, const std::string &type) {
  std::string name = "%arg" + std::to_string(scope.arguments.size());
  std::string attribute = wishAttribute(shape);
  if (draw.chance(0.1))
    attribute += (attribute.empty() ? "" : ", ") + std::string("tp.parameter");
  // Inputs are given by name, to programs that stand side by side.
  attribute += (attribute.empty() ? "" : ", ") + std::string("nn.name = \"") + prefix + "." + std::to_string(functions.size()) +
               "." + name.substr(1) + "\"";
  scope.arguments.push_back(name + ": " + typeText(shape, type) + " {" + attribute + "}");
  return {name, shape, type, 4};
}

Value Program::parameter(const Shape &shape, const std::string &type) {
  std::string name = "@" + prefix + "_w" + std::to_string(symbolCount++), attribute = wishAttribute(shape);
  declarations.push_back("nn.parameter " + name + " : " + typeText(shape, type) +
                         (attribute.empty() ? "" : " {" + attribute + "}"));
  return line("nn.get " + name + " : " + typeText(shape, type), {"", shape, type, 3});
}

Value Program::source(const Shape &shape, const std::string &type) {
  return !scope.isEntry || draw.chance(0.5) ? parameter(shape, type) : argument(shape, type);
}

Value Program::ofShape(const Shape &shape, const std::string &type) {
  std::vector<Value> alike;
  for (const Value &value : scope.values)
    if (value.shape == shape && value.element == type)
      alike.push_back(value);
  return !alike.empty() && draw.chance(0.75) ? draw.of(alike) : source(shape, type);
}

std::optional<Value> Program::pick(size_t leastRank, bool onlyFloats) {
  std::vector<Value> candidates;
  for (const Value &value : scope.values)
    if (value.shape.size() >= leastRank && (!onlyFloats || value.isFloat()))
      candidates.push_back(value);
  if (candidates.empty())
    return std::nullopt;
  // Late values more often: the program grows long and not only wide.
  int64_t last = candidates.size() - 1;
  return candidates[draw.chance(0.6) ? last - std::min<int64_t>(last, draw.below(3)) : draw.below(last + 1)];
}

Value Program::emptyOf(const Shape &shape, const std::string &type) {
  return line("tensor.empty() : " + typeText(shape, type), {"", shape, type, 0});
}

Value Program::filled(const Shape &shape, const std::string &type, const std::string &number) {
  Value target = emptyOf(shape, type);
  std::string scalar = fresh();
  scope.lines.push_back(scalar + " = arith.constant " + number + " : " + type);
  return line("linalg.fill ins(" + scalar + " : " + type + ") outs(" + target.name + " : " + typeText(target) + ") -> " +
                  typeText(target),
              target);
}

std::string Program::linalgGeneric(const std::vector<std::string> &maps, const std::vector<std::string> &iterators,
                                   const std::vector<Value> &inputs, const Value &init, const std::string &body) {
  std::string text = "linalg.generic {indexing_maps = [", names, types, arguments;
  for (size_t i = 0; i < maps.size(); ++i)
    text += (i ? ", affine_map<" : "affine_map<") + maps[i] + ">";
  text += "], iterator_types = [";
  for (size_t i = 0; i < iterators.size(); ++i)
    text += (i ? ", \"" : "\"") + iterators[i] + "\"";
  text += "]} ";
  for (size_t i = 0; i < inputs.size(); ++i) {
    names += (i ? ", " : "") + inputs[i].name;
    types += (i ? ", " : "") + typeText(inputs[i]);
    arguments += "%e" + std::to_string(i) + ": " + inputs[i].element + ", ";
  }
  if (!inputs.empty())
    text += "ins(" + names + " : " + types + ") ";
  return text + "outs(" + init.name + " : " + typeText(init) + ") {\n  ^bb0(" + arguments + "%acc: " + init.element + "):\n" +
         body + "  } -> " + typeText(init);
}

//===-- Functions ---------------------------------------------------------------------------------------------------===//

void Program::step(bool insideCall) {
  struct Choice {
    const char *name;
    bool (Program::*draw)();
    int64_t weight;
    bool inCall;
  };
  static const std::vector<Choice> choices = {{"elementwise", &Program::elementwise, 12, true},
                                              {"contract", &Program::contract, 9, true},
                                              {"reduce", &Program::reduce, 4, true},
                                              {"broadcast", &Program::broadcast, 3, true},
                                              {"transpose", &Program::transpose, 3, true},
                                              {"reshape", &Program::reshape, 5, true},
                                              {"slice", &Program::slice, 3, true},
                                              {"concat", &Program::concat, 3, true},
                                              {"pad", &Program::pad, 2, true},
                                              {"gather", &Program::gather, 2, false},
                                              {"embedding", &Program::embedding, 2, false},
                                              {"scatter", &Program::scatter, 2, false},
                                              {"constant", &Program::constant, 2, true},
                                              {"iota", &Program::iota, 2, true},
                                              {"softmax", &Program::softmax, 2, true},
                                              {"norm", &Program::norm, 2, true},
                                              {"attention", &Program::attention, 2, false},
                                              {"rotary", &Program::rope, 1, false},
                                              {"call", &Program::call, 2, false},
                                              {"slices of a parameter", &Program::slicesOfParameter, 2, false},
                                              {"state", &Program::state, 1, false}};
  int64_t all = 0;
  for (const Choice &choice : choices)
    all += choice.weight;
  int64_t drawn = draw.below(all);
  for (const Choice &choice : choices) {
    if ((drawn -= choice.weight) >= 0)
      continue;
    if ((!insideCall || choice.inCall) && (this->*choice.draw)())
      ++ops[choice.name];
    return;
  }
}

std::string Program::function(const std::string &name, bool isPublic, const std::vector<Value> &results) {
  std::string text = "func.func " + std::string(isPublic ? "" : "private ") + "@" + prefix + "_" + name + "(", names, types;
  for (size_t i = 0; i < scope.arguments.size(); ++i)
    text += (i ? ", " : "") + scope.arguments[i];
  text += ") -> (";
  for (size_t i = 0; i < results.size(); ++i) {
    std::string attribute = isPublic ? wishAttribute(results[i].shape) : "";
    text += (i ? ", " : "") + typeText(results[i]) + (attribute.empty() ? "" : " {" + attribute + "}");
    names += (i ? ", " : "") + results[i].name;
    types += (i ? ", " : "") + typeText(results[i]);
  }
  text += ") {\n";
  for (const std::string &each : scope.lines)
    text += "  " + each + "\n";
  return text + "  return " + names + " : " + types + "\n}\n";
}

void Program::entry(const std::string &name) {
  scope = Scope();
  nameCount = 0;
  for (int64_t i = 0, count = draw.between(1, 2); i < count; ++i) {
    Shape shape;
    do {
      shape.clear();
      for (int64_t d = 0, rank = draw.of(std::vector<int64_t>{1, 2, 2, 2, 3, 3}); d < rank; ++d)
        shape.push_back(size());
    } while (!fits(shape));
    scope.values.push_back(argument(shape, element));
  }
  if (draw.chance(0.2)) {
    Shape shape = scope.values[0].shape;
    scope.values.push_back(argument(shape, draw.of(std::vector<std::string>{"i32", "i64", "i1"})));
  }
  for (int64_t i = 0, count = draw.between(2, 12); i < count; ++i)
    step(/*insideCall=*/false);
  // What no other op uses is a result, up to three.
  std::vector<Value> results;
  for (size_t i = scope.values.size(); i-- > 0 && results.size() < 3;) {
    bool used = false;
    for (const std::string &each : scope.lines)
      for (size_t at = each.find(scope.values[i].name, 3); at != std::string::npos && !used;
           at = each.find(scope.values[i].name, at + 1))
        used = !std::isdigit(static_cast<unsigned char>(each[at + scope.values[i].name.size()]));
    if (!used || results.empty() || draw.chance(0.1))
      results.push_back(scope.values[i]);
  }
  if (wantsMistake)
    mistake(results);
  functions.push_back(function(name, /*isPublic=*/true, results));
}

ProgramText Program::write() {
  wantsMistake = kind == Kind::Illegal;
  entry("main");
  // What is kept from one execution to the next shows in the next one.
  if (!states.empty() && !wantsMistake)
    entry("next");
  ProgramText result;
  result.seed = seed;
  result.kind = kind;
  result.mesh = mesh;
  result.ops = ops;
  result.mistake = mistakeText;
  for (const std::string &each : declarations)
    result.body += each + "\n";
  for (const std::string &each : functions)
    result.body += each;
  return result;
}

// One wish that cannot be, of a new argument that the last result depends on.
void Program::mistake(std::vector<Value> &results) {
  Shape shape{mesh.size() * 2, mesh.size() * 3 + 1};
  std::string axis = mesh.axes[draw.below(mesh.axes.size())].name, layout;
  switch (draw.below(mesh.size() > 1 ? 5 : 3)) {
  case 0:
    layout = "[{nowhere}, {}]";
    mistakeText = "nowhere";
    break;
  case 1:
    layout = "[{" + axis + "}, {" + axis + "}]";
    mistakeText = "twice";
    break;
  case 2:
    layout = "[{}, {}, {}]";
    mistakeText = "dimensions";
    break;
  case 3:
    for (const MeshAxis &each : mesh.axes)
      axis = each.size > 1 ? each.name : axis;
    layout = "[{}, {" + axis + "}]";
    mistakeText = "does not divide";
    break;
  default:
    layout = "[{" + axis + "(1)97}, {}]";
    mistakeText = "97";
    break;
  }
  std::string name = "%arg" + std::to_string(scope.arguments.size());
  scope.arguments.push_back(name + ": " + typeText(shape, "f32") + " {tp.layout = #tp.layout<@mesh, " + layout + ">}");
  results.push_back({name, shape, "f32", 4});
}

} // namespace tp::random_programs
