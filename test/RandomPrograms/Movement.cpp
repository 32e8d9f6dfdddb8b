// Ops that put elements elsewhere, and those that make or follow indices.
#include "Program.h"

#include <algorithm>
#include <cmath>

namespace tp::random_programs {

bool Program::broadcast() {
  std::optional<Value> input = pick(0, /*onlyFloats=*/false);
  if (!input || input->shape.size() > 3)
    return false;
  std::vector<int64_t> dims, added;
  Shape shape;
  int64_t rank = input->shape.size() + draw.between(1, 2);
  std::vector<int64_t> places;
  for (int64_t d = 0; d < rank; ++d)
    places.push_back(d);
  draw.shuffle(places);
  places.resize(input->shape.size());
  std::sort(places.begin(), places.end());
  for (int64_t d = 0, next = 0; d < rank; ++d)
    if (next < static_cast<int64_t>(places.size()) && places[next] == d) {
      dims.push_back(d);
      shape.push_back(input->shape[next++]);
    } else {
      added.push_back(d);
      shape.push_back(size());
    }
  if (!fits(shape))
    return false;
  Value value{"", shape, input->element, input->bound};
  if (!upstream()) {
    add("nn.broadcast " + input->name + " dims " + listText(dims) + " : " + typeText(*input) + " -> " + typeText(value), value);
    return true;
  }
  Value init = emptyOf(shape, input->element);
  add("linalg.broadcast ins(" + input->name + " : " + typeText(*input) + ") outs(" + init.name + " : " + typeText(init) +
          ") dimensions = " + listText(added),
      value);
  return true;
}

bool Program::transpose() {
  std::optional<Value> input = pick(2, /*onlyFloats=*/false);
  if (!input)
    return false;
  std::vector<int64_t> order;
  for (size_t d = 0; d < input->shape.size(); ++d)
    order.push_back(d);
  draw.shuffle(order);
  Shape shape;
  for (int64_t d : order)
    shape.push_back(input->shape[d]);
  Value value{"", shape, input->element, input->bound};
  if (!upstream()) {
    add("nn.transpose " + input->name + " perm " + listText(order) + " : " + typeText(*input) + " -> " + typeText(value), value);
    return true;
  }
  Value init = emptyOf(shape, input->element);
  add("linalg.transpose ins(" + input->name + " : " + typeText(*input) + ") outs(" + init.name + " : " + typeText(init) +
          ") permutation = " + listText(order),
      value);
  return true;
}

bool Program::reshape() {
  std::optional<Value> input = pick(1, /*onlyFloats=*/false);
  if (!input)
    return false;
  const Shape &from = input->shape;
  Shape to;
  std::vector<std::vector<int64_t>> groups; // of the dimensions of the longer side
  bool isMerge = from.size() > 1 && draw.chance(0.5), isEven = kind == Kind::Even || kind == Kind::Illegal;
  if (isMerge) {
    size_t at = draw.below(from.size() - 1);
    for (size_t d = 0; d < from.size(); ++d)
      if (d == at + 1) {
        to.back() *= from[d];
        groups.back().push_back(d);
      } else {
        to.push_back(from[d]);
        groups.push_back({static_cast<int64_t>(d)});
      }
  } else {
    size_t at = draw.below(from.size());
    std::vector<int64_t> factors;
    int64_t unit = mesh.size();
    for (int64_t f = 1; f <= from[at]; ++f)
      if (from[at] % f == 0 && (!isEven || (f % unit == 0 && from[at] / f % unit == 0)))
        factors.push_back(f);
    if (factors.empty())
      return false;
    int64_t major = draw.of(factors);
    for (size_t d = 0; d < from.size(); ++d) {
      groups.push_back({static_cast<int64_t>(to.size())});
      to.push_back(d == at ? major : from[d]);
      if (d == at) {
        groups.back().push_back(to.size());
        to.push_back(from[at] / major);
      }
    }
  }
  if (!fits(to))
    return false;
  Value value{"", to, input->element, input->bound};
  if (!upstream()) {
    // Any order of the same elements: now and then dimensions that do not refine one another.
    if (!isEven && draw.chance(0.2))
      draw.shuffle(value.shape);
    add("nn.reshape " + input->name + " : " + typeText(*input) + " -> " + typeText(value), value);
    return true;
  }
  std::string text = "[";
  for (size_t i = 0; i < groups.size(); ++i)
    text += (i ? ", " : "") + listText(groups[i]);
  text += "]";
  if (isMerge)
    add("tensor.collapse_shape " + input->name + " " + text + " : " + typeText(*input) + " into " + typeText(value), value);
  else
    add("tensor.expand_shape " + input->name + " " + text + " output_shape " + listText(to) + " : " + typeText(*input) +
            " into " + typeText(value),
        value);
  return true;
}

bool Program::slice() {
  std::optional<Value> input = pick(1, /*onlyFloats=*/false);
  if (!input)
    return false;
  Shape offsets, sizes, strides;
  bool isEven = kind == Kind::Even || kind == Kind::Illegal;
  int64_t unit = isEven ? mesh.size() : 1;
  for (int64_t size : input->shape) {
    bool whole = draw.chance(0.6) || size < unit;
    int64_t stride = !isEven && draw.chance(0.2) ? 2 : 1;
    int64_t most = size / unit;
    // A part of a dimension is not empty.
    int64_t taken = whole || most == 0 ? size : unit * draw.between(1, most);
    while (stride > 1 && (taken == size || (taken - 1) * stride + 1 > size))
      --stride;
    sizes.push_back(taken);
    strides.push_back(stride);
    offsets.push_back(taken == size ? 0 : draw.below(size - (taken - 1) * stride));
  }
  Value value{"", sizes, input->element, input->bound};
  if (!upstream() || countOf(sizes) == 0) {
    add("nn.slice " + input->name + " offsets " + listText(offsets) + " sizes " + listText(sizes) + " strides " +
            listText(strides) + " : " + typeText(*input) + " -> " + typeText(value),
        value);
    return true;
  }
  add("tensor.extract_slice " + input->name + listText(offsets) + " " + listText(sizes) + " " + listText(strides) + " : " +
          typeText(*input) + " to " + typeText(value),
      value);
  return true;
}

bool Program::concat() {
  std::optional<Value> first = pick(1, /*onlyFloats=*/false);
  if (!first)
    return false;
  size_t dim = draw.below(first->shape.size());
  std::vector<Value> parts{*first};
  Shape shape = first->shape;
  for (int64_t more = draw.between(1, 2); more > 0; --more) {
    Shape other = first->shape;
    if (draw.chance(0.5))
      other[dim] = size();
    parts.push_back(ofShape(other, first->element));
    shape[dim] += other[dim];
  }
  if (!fits(shape))
    return false;
  std::string names, types;
  double bound = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    names += (i ? ", " : "") + parts[i].name;
    types += (i ? ", " : "") + typeText(parts[i]);
    bound = std::max(bound, parts[i].bound);
  }
  Value value{"", shape, first->element, bound};
  if (!upstream())
    add("nn.concat " + names + " dim " + std::to_string(dim) + " : (" + types + ") -> " + typeText(value), value);
  else
    add("tensor.concat dim(" + std::to_string(dim) + ") " + names + " : (" + types + ") -> " + typeText(value), value);
  return true;
}

bool Program::pad() {
  std::optional<Value> input = pick(1, /*onlyFloats=*/false);
  if (!input || input->element == "i1")
    return false;
  int64_t unit = kind == Kind::Even || kind == Kind::Illegal ? mesh.size() : 1;
  Shape low, high, shape;
  for (int64_t size : input->shape) {
    low.push_back(draw.chance(0.4) ? unit * draw.below(3) : 0);
    high.push_back(draw.chance(0.4) ? unit * draw.below(3) : 0);
    shape.push_back(size + low.back() + high.back());
  }
  if (!fits(shape))
    return false;
  Value value{"", shape, input->element, std::max(input->bound, 2.0)};
  bool isZero = draw.chance(0.6);
  if (!upstream()) {
    add("nn.pad " + input->name + " low " + listText(low) + " high " + listText(high) + " value " + (isZero ? "0.0" : "2.0") +
            " : " + typeText(*input) + " -> " + typeText(value),
        value);
    return true;
  }
  std::string number = fresh(), arguments;
  scope.lines.push_back(number + " = arith.constant " + (input->isFloat() ? (isZero ? "0.0" : "2.0") : (isZero ? "0" : "2")) +
                        " : " + input->element);
  for (size_t d = 0; d < shape.size(); ++d)
    arguments += (d ? ", %i" : "%i") + std::to_string(d) + ": index";
  add("tensor.pad " + input->name + " low" + listText(low) + " high" + listText(high) + " {\n  ^bb0(" + arguments +
          "):\n    tensor.yield " + number + " : " + input->element + "\n  } : " + typeText(*input) + " to " + typeText(value),
      value);
  return true;
}

bool Program::gather() {
  std::optional<Value> input = pick(1);
  if (!input)
    return false;
  const Shape &from = input->shape;
  int64_t axis = draw.below(from.size());
  if (from[axis] == 0)
    return false;
  std::string type = draw.of(std::vector<std::string>{"i32", "i64"});
  if (upstream()) {
    Shape chosen{size()}, shape(from);
    shape[axis] = chosen[0];
    if (!fits(shape))
      return false;
    // tensor.gather: indices [n, 1], the gathered dimension stays with size 1 behind them.
    Shape kept{chosen[0]}, indexShape{chosen[0], 1};
    for (size_t d = 0; d < from.size(); ++d)
      kept.push_back(static_cast<int64_t>(d) == axis ? 1 : from[d]);
    if (!fits(kept))
      return false;
    Value indices = argument(indexShape, type);
    add("tensor.gather " + input->name + "[" + indices.name + "] gather_dims(" + listText({axis}) + ") : (" + typeText(*input) +
            ", " + typeText(indices) + ") -> " + typeText(kept, input->element),
        {"", kept, input->element, input->bound});
    return true;
  }
  int64_t batch = draw.below(axis + 1);
  Shape chosen(from.begin(), from.begin() + batch), shape(from.begin(), from.begin() + axis);
  for (int64_t more = draw.below(3); more > 0; --more)
    chosen.push_back(size());
  shape.insert(shape.end(), chosen.begin() + batch, chosen.end());
  shape.insert(shape.end(), from.begin() + axis + 1, from.end());
  if (!fits(shape) || chosen.empty())
    return false;
  Value indices = argument(chosen, type);
  add("nn.gather " + input->name + ", " + indices.name + " axis " + std::to_string(axis) + " batch " + std::to_string(batch) +
          " : " + typeText(*input) + ", " + typeText(indices) + " -> " + typeText(shape, input->element),
      {"", shape, input->element, input->bound});
  return true;
}

bool Program::embedding() {
  Shape ids{size()};
  if (draw.chance(0.6))
    ids.push_back(size());
  Shape table{std::max<int64_t>(1, size() * draw.between(1, 2)), size()}, shape = ids;
  shape.push_back(table[1]);
  if (!fits(shape) || !fits(table))
    return false;
  Value indices = argument(ids, draw.of(std::vector<std::string>{"i32", "i64"}));
  Value rows = ofShape(table, element);
  add("nn.embedding " + indices.name + ", " + rows.name + " : " + typeText(indices) + ", " + typeText(rows) + " -> " +
          typeText(shape, element),
      {"", shape, element, rows.bound});
  return true;
}

bool Program::scatter() {
  std::optional<Value> target = pick(2);
  if (!target)
    return false;
  if (upstream() && countOf(target->shape) > 0) {
    Shape offsets, sizes;
    int64_t unit = kind == Kind::Even || kind == Kind::Illegal ? mesh.size() : 1;
    for (int64_t size : target->shape) {
      int64_t taken = draw.chance(0.5) || size < unit ? size : unit * draw.between(1, size / unit);
      sizes.push_back(taken);
      offsets.push_back(unit * draw.below((size - taken) / unit + 1));
    }
    Value part = ofShape(sizes, target->element);
    std::string ones = listText(Shape(sizes.size(), 1));
    add("tensor.insert_slice " + part.name + " into " + target->name + listText(offsets) + " " + listText(sizes) + " " + ones +
            " : " + typeText(part) + " into " + typeText(*target),
        {"", target->shape, target->element, std::max(part.bound, target->bound)});
    return true;
  }
  Shape fresh = target->shape, places;
  fresh[1] = size();
  if (!fits(fresh))
    return false;
  places = {fresh[0], fresh[1]};
  Value rows = ofShape(fresh, target->element), positions = argument(places, "i32");
  add("nn.cache_update " + target->name + ", " + rows.name + ", " + positions.name + " : " + typeText(*target) + ", " +
          typeText(rows) + ", " + typeText(positions) + " -> " + typeText(*target),
      {"", target->shape, target->element, std::max(rows.bound, target->bound)});
  return true;
}

bool Program::constant() {
  Shape shape;
  for (int64_t d = draw.below(3); d >= 0; --d)
    shape.push_back(size());
  if (!fits(shape))
    return false;
  std::string type = draw.chance(0.8) ? element : "i32", dense;
  auto number = [&] {
    return type == "i32" ? std::to_string(draw.between(-9, 9)) : std::to_string(draw.between(-16, 16) * 0.125);
  };
  if (draw.chance(0.6) || countOf(shape) > 64 || countOf(shape) == 0) {
    dense = draw.chance(0.2) ? (type == "i32" ? "0" : "0.0") : number();
  } else {
    // Nested brackets, row-major.
    std::vector<std::string> items;
    for (int64_t i = 0, count = countOf(shape); i < count; ++i)
      items.push_back(number());
    for (size_t d = shape.size(); d-- > 0;) {
      std::vector<std::string> rows;
      for (size_t i = 0; i < items.size(); i += shape[d]) {
        std::string row = "[";
        for (int64_t k = 0; k < shape[d]; ++k)
          row += (k ? ", " : "") + items[i + k];
        rows.push_back(row + "]");
      }
      items = rows;
    }
    dense = items[0];
  }
  Value value{"", shape, type, 2};
  std::string text = "arith.constant dense<" + dense + "> : " + typeText(value);
  scope.values.push_back(line(text, value));
  return true;
}

bool Program::iota() {
  Shape shape;
  for (int64_t d = draw.below(3); d >= 0; --d)
    shape.push_back(size());
  if (!fits(shape))
    return false;
  Value value{"", shape, "i32", 64};
  int64_t dim = draw.below(shape.size());
  if (!upstream()) {
    if (draw.chance(0.3))
      value.element = element;
    add("nn.iota dim " + std::to_string(dim) + " : " + typeText(value), value);
    return true;
  }
  std::string dims;
  for (size_t d = 0; d < shape.size(); ++d)
    dims += (d ? ", d" : "d") + std::to_string(d);
  Value init = emptyOf(shape, value.element);
  add(linalgGeneric({"(" + dims + ") -> (" + dims + ")"}, std::vector<std::string>(shape.size(), "parallel"), {}, init,
                    "    %i = linalg.index " + std::to_string(dim) + " : index\n    %c = arith.index_cast %i : index to i32\n" +
                        "    linalg.yield %c : i32\n"),
      value);
  return true;
}

} // namespace tp::random_programs
