// Mesh and axis-part arithmetic. Everything reduces to one fact: along a part with `pre` before it and `size` pieces, an
// axis of size n has n/(pre*size) after it, and a coordinate c has index (c / after) mod size.
#include "tp/Support/Mesh.h"

#include "tp/Support/Error.h"

#include <algorithm>
#include <charconv>

namespace tp {

static int64_t sizeIn(const Mesh &mesh, const AxisPart &part) {
  return part.isWholeAxis() ? mesh.axes[mesh.find(part.axis)].size : part.size;
}

int64_t Mesh::size() const {
  int64_t product = 1;
  for (const MeshAxis &axis : axes)
    product *= axis.size;
  return product;
}

int64_t Mesh::find(std::string_view name) const {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i].name == name)
      return i;
  return -1;
}

int64_t Mesh::sizeOf(const AxisPart &part) const { return sizeIn(*this, part); }

int64_t Mesh::sizeOf(const std::vector<AxisPart> &parts) const {
  int64_t product = 1;
  for (const AxisPart &part : parts)
    product *= sizeOf(part);
  return product;
}

std::vector<int64_t> Mesh::coordinates(int64_t rank) const {
  std::vector<int64_t> result(axes.size());
  for (size_t i = axes.size(); i-- > 0;) {
    result[i] = rank % axes[i].size;
    rank /= axes[i].size;
  }
  return result;
}

int64_t Mesh::rankOf(const std::vector<int64_t> &coordinates) const {
  int64_t rank = 0;
  for (size_t i = 0; i < axes.size(); ++i)
    rank = rank * axes[i].size + coordinates[i];
  return rank;
}

int64_t Mesh::indexAlong(const std::vector<AxisPart> &parts, int64_t rank) const {
  std::vector<int64_t> coordinate = coordinates(rank);
  int64_t index = 0;
  for (const AxisPart &part : parts) {
    int64_t axis = find(part.axis), size = sizeOf(part);
    int64_t after = axes[axis].size / (part.pre * size);
    index = index * size + coordinate[axis] / after % size;
  }
  return index;
}

std::vector<int64_t> Mesh::groupOf(const std::vector<AxisPart> &parts, int64_t rank) const {
  std::vector<int64_t> base = coordinates(rank);
  int64_t count = sizeOf(parts);
  std::vector<int64_t> group(count);
  for (int64_t index = 0; index < count; ++index) {
    std::vector<int64_t> coordinate = base;
    int64_t rest = index;
    for (size_t i = parts.size(); i-- > 0;) {
      int64_t axis = find(parts[i].axis), size = sizeOf(parts[i]);
      int64_t after = axes[axis].size / (parts[i].pre * size);
      int64_t old = coordinate[axis] / after % size;
      coordinate[axis] += (rest % size - old) * after;
      rest /= size;
    }
    group[index] = rankOf(coordinate);
  }
  return group;
}

std::vector<AxisPart> Mesh::merged(std::vector<AxisPart> parts) const {
  std::vector<AxisPart> result;
  for (AxisPart part : parts) {
    part.size = sizeOf(part);
    if (part.size == 1 && axes[find(part.axis)].size != 1)
      continue;
    if (!result.empty() && result.back().axis == part.axis && result.back().pre * result.back().size == part.pre)
      result.back().size *= part.size;
    else
      result.push_back(part);
  }
  for (AxisPart &part : result)
    if (part.pre == 1 && part.size == axes[find(part.axis)].size)
      part.size = 0;
  return result;
}

bool Mesh::overlap(const AxisPart &a, const AxisPart &b) const {
  if (a.axis != b.axis)
    return false;
  if (axes[find(a.axis)].size == 1)
    return true;
  return a.pre < b.pre * sizeOf(b) && b.pre < a.pre * sizeOf(a);
}

bool Mesh::overlap(const std::vector<AxisPart> &parts, const AxisPart &part) const {
  for (const AxisPart &each : parts)
    if (overlap(each, part))
      return true;
  return false;
}

std::vector<AxisPart> Mesh::atoms(const std::vector<std::vector<AxisPart>> &lists) const {
  std::vector<AxisPart> result;
  for (const MeshAxis &axis : axes) {
    std::vector<int64_t> borders;
    for (const auto &list : lists)
      for (const AxisPart &part : list)
        if (part.axis == axis.name) {
          borders.push_back(part.pre);
          borders.push_back(part.pre * sizeOf(part));
        }
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    if (borders.size() == 2 && borders[0] == 1 && borders[1] == axis.size) { // nothing but the whole axis, as nearly always
      result.push_back({axis.name, 1, 0});
      continue;
    }
    if (borders.size() == 1)
      result.push_back({axis.name, 1, 0}); // an axis of size 1
    for (size_t i = 0; i + 1 < borders.size(); ++i) {
      AxisPart atom{axis.name, borders[i], borders[i + 1] / borders[i]};
      bool used = false;
      for (const auto &list : lists)
        used |= overlap(list, atom);
      if (used)
        result.push_back(merged({atom}).front());
    }
  }
  return result;
}

bool Mesh::splitMajor(const std::vector<AxisPart> &parts, int64_t pieces, std::vector<AxisPart> &major,
                      std::vector<AxisPart> &minor) const {
  major.clear();
  minor.clear();
  int64_t left = pieces;
  for (const AxisPart &part : parts) {
    int64_t size = sizeOf(part);
    if (left % size == 0) {
      major.push_back(part);
      left /= size;
      continue;
    }
    if (left == 1) {
      minor.push_back(part);
      continue;
    }
    if (size % left != 0)
      return false;
    major.push_back({part.axis, part.pre, left});
    minor.push_back({part.axis, part.pre * left, size / left});
    left = 1;
  }
  major = merged(major);
  minor = merged(minor);
  return left == 1;
}

std::string Mesh::problemWith(const AxisPart &part) const {
  int64_t axis = find(part.axis);
  if (axis < 0) {
    std::string known;
    for (const MeshAxis &each : axes)
      known += (known.empty() ? "\"" : ", \"") + each.name + "\"";
    return "unknown axis \"" + part.axis + "\"; the mesh has " + (known.empty() ? "no axes" : known);
  }
  if (part.isWholeAxis())
    return part.pre == 1 ? "" : "all of axis \"" + part.axis + "\" has nothing before it, not " + std::to_string(part.pre);
  int64_t size = axes[axis].size;
  if (part.pre < 1 || part.size < 2 || size % part.pre != 0 || (size / part.pre) % part.size != 0)
    return "\"" + tp::str(part) + "\" is not a part of axis \"" + part.axis + "\" of size " + std::to_string(size);
  if (part.pre == 1 && part.size == size)
    return "\"" + tp::str(part) + "\" is all of axis \"" + part.axis + "\": write \"" + part.axis + "\"";
  return "";
}

Mesh Mesh::parse(std::string_view text) {
  Mesh mesh;
  for (size_t begin = 0; begin <= text.size() && !text.empty();) {
    size_t end = text.find(',', begin);
    if (end == std::string_view::npos)
      end = text.size();
    std::string_view entry = text.substr(begin, end - begin);
    size_t equals = entry.find('=');
    int64_t size = 0;
    bool good = equals != std::string_view::npos && equals > 0;
    if (good) {
      std::string_view digits = entry.substr(equals + 1);
      auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
      good = error == std::errc() && rest == digits.data() + digits.size();
      for (char c : entry.substr(0, equals))
        good &= std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    }
    if (!good)
      throw Error("mesh \"" + std::string(text) + "\": \"" + std::string(entry) +
                  "\" is not of the form NAME=SIZE; an example is dp=2,tp=4");
    if (size < 1)
      throw Error("mesh \"" + std::string(text) + "\": axis \"" + std::string(entry.substr(0, equals)) + "\" has size " +
                  std::to_string(size) + ", needs at least 1");
    std::string name(entry.substr(0, equals));
    if (mesh.find(name) >= 0)
      throw Error("mesh \"" + std::string(text) + "\" names axis \"" + name + "\" twice");
    if (size > (int64_t(1) << 31) / std::max<int64_t>(mesh.size(), 1))
      throw Error("mesh \"" + std::string(text) + "\" has more than 2^31 ranks");
    mesh.axes.push_back({name, size});
    begin = end + 1;
  }
  return mesh;
}

std::string Mesh::str() const {
  std::string text;
  for (const MeshAxis &axis : axes)
    text += (text.empty() ? "" : ",") + axis.name + "=" + std::to_string(axis.size);
  return text;
}

std::string str(const AxisPart &part) {
  if (part.isWholeAxis())
    return part.axis;
  return part.axis + "(" + std::to_string(part.pre) + ")" + std::to_string(part.size);
}

std::string str(const std::vector<AxisPart> &parts) {
  std::string text;
  for (const AxisPart &part : parts)
    text += (text.empty() ? "" : ", ") + str(part);
  return text;
}

} // namespace tp
