// Meshes of devices, and parts of their axes.
//
// A mesh is a list of named axes, major to minor; a rank is the row-major index of its coordinates. An axis may be used
// in parts: of an axis of size 8, `a(2)2` is the part of size 2 that has 2 before it (and so 8/(2*2) = 2 after it).
// A coordinate c of the axis has index (c / after) mod size along the part. A whole axis is the part with pre = 1 and
// size = 0 ("all of it"), so that texts and attributes need not know the mesh; `Mesh::sizeOf` resolves it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tp {

struct AxisPart {
  std::string axis;
  int64_t pre = 1;
  /// 0: the whole axis.
  int64_t size = 0;

  bool isWholeAxis() const { return size == 0; }
  bool operator==(const AxisPart &) const = default;
  auto operator<=>(const AxisPart &) const = default;
};

struct MeshAxis {
  std::string name;
  int64_t size;
  bool operator==(const MeshAxis &) const = default;
};

struct Mesh {
  std::vector<MeshAxis> axes;

  bool operator==(const Mesh &) const = default;
  /// Number of ranks: the product of the axis sizes (1 for a mesh without axes).
  int64_t size() const;
  /// Index of the axis called `name`, or -1.
  int64_t find(std::string_view name) const;
  /// Number of pieces that `part` splits into. The axis must exist.
  int64_t sizeOf(const AxisPart &part) const;
  /// Product of `sizeOf` over `parts`; 1 for none.
  int64_t sizeOf(const std::vector<AxisPart> &parts) const;
  /// Coordinates of `rank`, one per axis.
  std::vector<int64_t> coordinates(int64_t rank) const;
  int64_t rankOf(const std::vector<int64_t> &coordinates) const;
  /// Index of `rank` along `parts` taken together, major to minor: in [0, sizeOf(parts)).
  int64_t indexAlong(const std::vector<AxisPart> &parts, int64_t rank) const;
  /// The ranks that differ from `rank` only along `parts`, ordered by their index along `parts`. Contains `rank`.
  std::vector<int64_t> groupOf(const std::vector<AxisPart> &parts, int64_t rank) const;

  /// The parts written with as few terms as possible: neighbours that continue one another become one part, and a part
  /// that covers its axis becomes the whole axis. Order is kept.
  std::vector<AxisPart> merged(std::vector<AxisPart> parts) const;
  /// Whether two parts share any of the axis.
  bool overlap(const AxisPart &a, const AxisPart &b) const;
  /// Whether `part` shares any of an axis with one of `parts`.
  bool overlap(const std::vector<AxisPart> &parts, const AxisPart &part) const;
  /// All parts of `lists`, cut at one another's borders, so that two results overlap only if they are equal; sorted by axis
  /// (mesh order) and from major to minor, without repeats.
  std::vector<AxisPart> atoms(const std::vector<std::vector<AxisPart>> &lists) const;
  /// First `pieces` (major) and the rest (minor) of `parts`; false if no cut of the parts gives exactly `pieces`.
  bool splitMajor(const std::vector<AxisPart> &parts, int64_t pieces, std::vector<AxisPart> &major,
                  std::vector<AxisPart> &minor) const;
  /// What is wrong with `part` on this mesh ("" if nothing): an unknown axis, a size that does not divide, ...
  std::string problemWith(const AxisPart &part) const;

  /// "dp=2,tp=4". Throws Error (a malformed entry, a size below 1, an axis named twice).
  static Mesh parse(std::string_view text);
  std::string str() const;
};

/// "tp", or "tp(2)4" for a part.
std::string str(const AxisPart &part);
/// "tp, dp(1)2"
std::string str(const std::vector<AxisPart> &parts);

} // namespace tp
