// Layout texts, shards and the checks that every place that accepts a layout shares.
#include "tp/Support/Layout.h"

#include "tp/Support/Error.h"

#include <charconv>

namespace tp {

std::string str(Reduction kind) { return kind == Reduction::Sum ? "sum" : kind == Reduction::Max ? "max" : "min"; }

bool Layout::isWhole() const {
  for (const DimLayout &dim : dims)
    if (!dim.axes.empty())
      return false;
  return partial.empty();
}

bool Layout::hasOpenDim() const {
  for (const DimLayout &dim : dims)
    if (dim.open)
      return true;
  return false;
}

std::string Layout::str() const {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    text += (i ? ", {" : "{") + tp::str(dims[i].axes);
    if (dims[i].open)
      text += dims[i].axes.empty() ? "?" : ", ?";
    text += "}";
  }
  text += "]";
  if (isPartial())
    text += ", partial = " + tp::str(reduction) + "<" + tp::str(partial) + ">";
  return text;
}

namespace {
// A recursive-descent reader of the text that Layout::str writes.
struct LayoutReader {
  std::string_view text;
  size_t at = 0;

  [[noreturn]] void fail(const std::string &needed) const {
    throw Error("layout \"" + std::string(text) + "\": needed " + needed + " at character " + std::to_string(at + 1));
  }
  void skipSpace() {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
      ++at;
  }
  bool accept(std::string_view token) {
    skipSpace();
    if (text.substr(at, token.size()) != token)
      return false;
    at += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token))
      fail("\"" + std::string(token) + "\"");
  }
  std::string word() {
    skipSpace();
    size_t begin = at;
    while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_'))
      ++at;
    if (at == begin)
      fail("an axis name");
    return std::string(text.substr(begin, at - begin));
  }
  int64_t number() {
    skipSpace();
    int64_t value = 0;
    auto [rest, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error != std::errc() || value < 1)
      fail("a positive number");
    at = rest - text.data();
    return value;
  }
  AxisPart part() {
    AxisPart result;
    result.axis = word();
    if (accept("(")) {
      result.pre = number();
      expect(")");
      result.size = number();
    }
    return result;
  }
};
} // namespace

Layout Layout::parse(std::string_view text) {
  LayoutReader reader{text};
  Layout layout;
  reader.expect("[");
  if (!reader.accept("]")) {
    do {
      DimLayout dim;
      reader.expect("{");
      if (!reader.accept("}")) {
        do {
          if (reader.accept("?")) {
            dim.open = true;
            break;
          }
          dim.axes.push_back(reader.part());
        } while (reader.accept(","));
        reader.expect("}");
      }
      layout.dims.push_back(dim);
    } while (reader.accept(","));
    reader.expect("]");
  }
  if (reader.accept(",")) {
    reader.expect("partial");
    reader.expect("=");
    if (reader.accept("sum"))
      layout.reduction = Reduction::Sum;
    else if (reader.accept("max"))
      layout.reduction = Reduction::Max;
    else if (reader.accept("min"))
      layout.reduction = Reduction::Min;
    else
      reader.fail("sum, max or min");
    reader.expect("<");
    do
      layout.partial.push_back(reader.part());
    while (reader.accept(","));
    reader.expect(">");
  }
  reader.skipSpace();
  if (reader.at != text.size())
    reader.fail("the end");
  return layout;
}

int64_t localSize(int64_t size, const std::vector<AxisPart> &axes, const Mesh &mesh) {
  return size < 0 ? size : size / mesh.sizeOf(axes);
}

std::vector<int64_t> localShape(const std::vector<int64_t> &shape, const Layout &layout, const Mesh &mesh) {
  std::vector<int64_t> result = shape;
  for (size_t i = 0; i < shape.size(); ++i)
    result[i] = localSize(shape[i], layout.dims[i].axes, mesh);
  return result;
}

Shard shardOf(const std::vector<int64_t> &shape, const Layout &layout, const Mesh &mesh, int64_t rank) {
  Shard shard;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t size = localSize(shape[i], layout.dims[i].axes, mesh);
    shard.sizes.push_back(size);
    shard.offsets.push_back(size * mesh.indexAlong(layout.dims[i].axes, rank));
  }
  return shard;
}

// Up to 12 numbers, and none that no mesh has: a size near 2^63 with few divisors would take years.
static std::string divisors(int64_t size) {
  std::string text;
  int count = 0;
  for (int64_t d = 1; d <= std::min<int64_t>(size, 4096) && count < 12; ++d)
    if (size % d == 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(d);
      ++count;
    }
  return text;
}

std::string problemWith(const Layout &layout, const std::vector<int64_t> &shape, const Mesh &mesh) {
  if (layout.dims.size() != shape.size())
    return "layout has " + std::to_string(layout.dims.size()) + " dimensions, the tensor has " + std::to_string(shape.size());
  std::vector<AxisPart> used;
  auto use = [&](const AxisPart &part) -> std::string {
    if (std::string problem = mesh.problemWith(part); !problem.empty())
      return problem;
    for (const AxisPart &other : used)
      if (mesh.overlap(part, other))
        return "axis \"" + str(part) + "\" is used twice";
    used.push_back(part);
    return "";
  };
  for (const DimLayout &dim : layout.dims)
    for (const AxisPart &part : dim.axes)
      if (std::string problem = use(part); !problem.empty())
        return problem;
  for (const AxisPart &part : layout.partial)
    if (std::string problem = use(part); !problem.empty())
      return problem;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t pieces = mesh.sizeOf(layout.dims[i].axes);
    if (shape[i] >= 0 && shape[i] % pieces != 0)
      return "dimension " + std::to_string(i) + " of size " + std::to_string(shape[i]) + " does not divide over \"" +
             str(layout.dims[i].axes) + "\"=" + std::to_string(pieces) + "; sizes that do: " + divisors(shape[i]);
  }
  return "";
}

} // namespace tp

size_t std::hash<tp::Layout>::operator()(const tp::Layout &layout) const noexcept {
  // Every type of a laid-out program is looked up by it: a few multiplications, and no text.
  uint64_t hash = layout.dims.size();
  auto mix = [&](uint64_t word) { hash = (hash ^ word) * 0x9E3779B97F4A7C15u + (hash >> 29); };
  auto mixParts = [&](const std::vector<tp::AxisPart> &parts) {
    mix(parts.size());
    for (const tp::AxisPart &part : parts) {
      mix(std::hash<std::string_view>()(part.axis));
      mix(part.pre);
      mix(part.size);
    }
  };
  for (const tp::DimLayout &dim : layout.dims) {
    mix(dim.open);
    mixParts(dim.axes);
  }
  mixParts(layout.partial);
  mix(layout.partial.empty() ? 0 : uint64_t(layout.reduction) + 1);
  return hash;
}
