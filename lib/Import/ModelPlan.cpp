// The known plan as wishes: what each weight's entry says of its split, tables by vocabulary, the batch over "dp".
//
// With fewer key heads than ranks, keys and values are split over the major part of the axis, as many ways as there are heads,
// and each head is held by the ranks of the minor part, whose query heads use it. Everything that must divide is looked at before
// the first error is raised, so one run says all of it.
#include "ModelWeights.h"

#include "tp/Support/Error.h"

#include <algorithm>

namespace tp {

namespace {

bool isDataAxis(const std::string &name) { return name == "dp" || name == "data"; }

// The axis that layers are split over: "tp", or the only one.
std::optional<MeshAxis> tensorParallelAxis(const Mesh &mesh) {
  if (int64_t index = mesh.find("tp"); index >= 0)
    return mesh.axes[index];
  if (mesh.axes.size() == 1 && !isDataAxis(mesh.axes[0].name))
    return mesh.axes[0];
  return std::nullopt;
}

std::string listed(const std::vector<int64_t> &sizes) {
  std::string text;
  for (size_t i = 0; i < sizes.size() && i < 16; ++i)
    text += (i ? ", " : "") + std::to_string(sizes[i]);
  return text + (sizes.size() > 16 ? ", ... " + std::to_string(sizes.back()) : "");
}

// What each weight demands of the axis's size, once for each thing that is counted.
class Divisibility {
public:
  explicit Divisibility(const MeshAxis &axis) : axis(axis) {}

  void need(const ModelWeight &weight) {
    if (weight.units == 0 || std::any_of(demands.begin(), demands.end(), [&](auto &known) { return known.unit == weight.unit; }))
      return;
    demands.push_back({weight.unit, weight.units, weight.split == Split::KeyHeads});
  }

  /// Throws Error if some demand is not met: the first as the error, the others as notes.
  void check() const {
    std::vector<std::string> problems;
    for (const Demand &demand : demands)
      if (!demand.allows(axis.size))
        problems.push_back(std::to_string(demand.units) + " " + demand.unit + " do not divide over \"" + axis.name +
                           "\"=" + std::to_string(axis.size) + "; sizes that do: " + listed(sizes({demand})));
    if (problems.empty())
      return;
    std::vector<std::string> notes(problems.begin() + 1, problems.end());
    notes.push_back("sizes that suit all that is split: " + listed(sizes(demands)));
    throw Error(problems[0], notes);
  }

private:
  struct Demand {
    std::string unit;
    int64_t units;
    bool mayRepeat; // a rank count that is a multiple is fine too
    bool allows(int64_t size) const { return units % size == 0 || (mayRepeat && size % units == 0); }
  };

  // Multiples of the key heads go on for ever; what else is split bounds them.
  std::vector<int64_t> sizes(const std::vector<Demand> &wanted) const {
    int64_t most = 0;
    for (const Demand &demand : wanted.size() == 1 && !wanted[0].mayRepeat ? wanted : demands)
      if (!demand.mayRepeat)
        most = most == 0 ? demand.units : std::min(most, demand.units);
    most = std::max(most, wanted[0].mayRepeat ? wanted[0].units : 1);
    std::vector<int64_t> result;
    for (int64_t size = 1; size <= most; ++size)
      if (std::all_of(wanted.begin(), wanted.end(), [&](const Demand &demand) { return demand.allows(size); }))
        result.push_back(size);
    return result;
  }

  MeshAxis axis;
  std::vector<Demand> demands;
};

Layout plannedLayout(const ModelWeight &weight, const MeshAxis &axis) {
  Layout layout = Layout::whole(weight.shape.size());
  AxisPart part{axis.name, 1, 0};
  if (weight.split == Split::KeyHeads && weight.units < axis.size)
    part.size = weight.units;
  if (weight.split == Split::KeyHeads && weight.units == 1)
    return layout;
  layout.dims[weight.dim].axes = {part};
  return layout;
}

void checkBatch(const MeshAxis &axis, int64_t batch) {
  if (batch % axis.size == 0)
    return;
  std::vector<int64_t> sizes;
  for (int64_t size = 1; size <= batch; ++size)
    if (batch % size == 0)
      sizes.push_back(size);
  throw Error("a batch of " + std::to_string(batch) + " does not divide over \"" + axis.name + "\"=" + std::to_string(axis.size) +
                  "; sizes that do: " + listed(sizes),
              {"or take a batch that is a multiple of " + std::to_string(axis.size) + ": --batch " +
               std::to_string((batch / axis.size + 1) * axis.size)});
}

} // namespace

ModelPlan planModel(const std::vector<ModelWeight> &weights, const ImportOptions &options) {
  ModelPlan plan;
  std::optional<MeshAxis> axis = options.plan ? tensorParallelAxis(options.mesh) : std::nullopt;
  std::optional<Divisibility> divisibility;
  if (axis)
    divisibility.emplace(*axis);
  for (const ModelWeight &weight : weights) {
    ModelParameter parameter{weight, std::nullopt, weight.shape};
    if (const ShardWish *wish = lastMatch(options.shards, weight.name)) {
      parameter.wish = wish->layout;
    } else if (axis && weight.split != Split::Whole) {
      divisibility->need(weight);
      parameter.wish = plannedLayout(weight, *axis);
    }
    plan.parameters.push_back(parameter);
  }
  if (divisibility)
    divisibility->check();
  for (ModelParameter &parameter : plan.parameters) {
    if (!parameter.wish || parameter.weight.split != Split::Vocabulary || parameter.wish->dims.empty())
      continue;
    const std::vector<AxisPart> &axes = parameter.wish->dims[0].axes;
    if (axes.empty() ||
        std::any_of(axes.begin(), axes.end(), [&](const AxisPart &part) { return !options.mesh.problemWith(part).empty(); }))
      continue; // what is wrong with it is said below
    int64_t multiple = options.mesh.sizeOf(axes) * options.vocabularyMultiple;
    parameter.paddedShape[0] = (parameter.paddedShape[0] + multiple - 1) / multiple * multiple;
  }
  for (const ModelParameter &parameter : plan.parameters)
    if (const ShardWish *wish = lastMatch(options.shards, parameter.weight.name))
      if (std::string problem = problemWith(wish->layout, parameter.paddedShape, options.mesh); !problem.empty())
        throw Error("--shard \"" + wish->text + "\" does not fit \"" + parameter.weight.name + "\": " + problem);
  if (options.plan)
    for (const MeshAxis &candidate : options.mesh.axes)
      if (isDataAxis(candidate.name)) {
        checkBatch(candidate, options.batch);
        plan.batchAxes.push_back({candidate.name, 1, 0});
      }
  return plan;
}

} // namespace tp
