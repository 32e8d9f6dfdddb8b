// How one tensor lies on a mesh: per dimension the axis parts that split it, and the parts over which it is a partial
// sum (max, min) that is still to be reduced. A part that is named nowhere replicates. This is the arithmetic behind the
// attribute #tp.layout and behind what a rank loads from a weight file; it knows neither MLIR nor files.
#pragma once
#include "tp/Support/Mesh.h"

#include <functional>

namespace tp {

enum class Reduction { Sum, Max, Min };
std::string str(Reduction kind); // "sum", "max", "min"

struct DimLayout {
  /// Major to minor.
  std::vector<AxisPart> axes;
  /// A wish may leave the dimension open: propagation may add axes. Never in a type.
  bool open = false;
  bool operator==(const DimLayout &) const = default;
};

struct Layout {
  std::vector<DimLayout> dims;
  std::vector<AxisPart> partial;
  Reduction reduction = Reduction::Sum;

  bool operator==(const Layout &) const = default;
  static Layout whole(int64_t rank) { return Layout{std::vector<DimLayout>(rank), {}, Reduction::Sum}; }
  bool isPartial() const { return !partial.empty(); }
  /// No dimension is split and nothing is partial.
  bool isWhole() const;
  bool hasOpenDim() const;
  /// "[{dp}, {tp, ?}], partial = sum<tp>": the text inside #tp.layout<@mesh, ...>.
  std::string str() const;
  /// Reads what `str` writes. Throws Error.
  static Layout parse(std::string_view text);
};

/// Where one rank's shard lies in the whole tensor.
struct Shard {
  std::vector<int64_t> offsets;
  std::vector<int64_t> sizes;
};

/// Size of one rank's part of a dimension of `size` split over `axes`; -1 (dynamic) stays -1. Requires that it divides.
int64_t localSize(int64_t size, const std::vector<AxisPart> &axes, const Mesh &mesh);
std::vector<int64_t> localShape(const std::vector<int64_t> &shape, const Layout &layout, const Mesh &mesh);
Shard shardOf(const std::vector<int64_t> &shape, const Layout &layout, const Mesh &mesh, int64_t rank);

/// What is wrong with `layout` for a tensor of `shape` (-1: dynamic) on `mesh`: "" if nothing. Says in this order: rank,
/// unknown axes or bad parts, an axis used twice, sizes that do not divide (with the sizes that do).
std::string problemWith(const Layout &layout, const std::vector<int64_t> &shape, const Mesh &mesh);

} // namespace tp

template <> struct std::hash<tp::Layout> {
  size_t operator()(const tp::Layout &layout) const noexcept;
};
