// Finds by trying: a wish is given another layout, the program is planned again, and the bytes of the two plans are compared.
//
// A plan is exact and costs little (propagate and partition only), so there is no rule here about what might help. What is tried
// is bounded: a wish may move to another dimension of its value, and the wishes that a collective's ways begin with may be
// dropped one after the other. Wishes of equal layers change together.
#include "tp/Pipelines/Suggest.h"

#include "dialects/nn/Nn.h"
#include "tp/Analysis/Parameters.h"
#include "tp/Analysis/Where.h"
#include "tp/Planning/PlanReport.h"
#include "tp/Transforms/Partition.h"
#include "tp/Transforms/Propagate.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"

#include <map>

using namespace mlir;

namespace tp {

namespace {

/// Plans cost time in proportion to the ops: at most so many ops are planned anew in all, and four plans in any case.
constexpr int64_t mostOps = 150000, fewestPlans = 4, mostPlans = 96;

/// A value on which wishes are, or could be; in all equal layers.
struct Place {
  /// As propagation names it in its reasons, without layer numbers: "argument 1", "@layers.*.wq", "result 0".
  std::string name;
  /// As a person would say it.
  std::string text;
  std::optional<Layout> wish;
  SmallVector<int64_t> shape;
  /// Sets the wish in `module`, a clone of the annotated program; none: drops it.
  std::function<void(ModuleOp, std::optional<Layout>)> set;
};

class Suggester {
public:
  Suggester(ModuleOp annotated, Json &report)
      : annotated(annotated), report(report), meshName(FlatSymbolRefAttr::get(findMesh(annotated).getSymNameAttr())),
        mesh(findMesh(annotated).getMesh()) {}

  void run() {
    collectPlaces();
    int64_t ops = 1;
    annotated.walk([&](Operation *) { ++ops; });
    plansAllowed = std::clamp(mostOps / ops, fewestPlans, mostPlans);
    // Measured as for the other plans: what happens to weights after Partition is in none of them.
    const Plan *asIs = planWith({});
    for (size_t e = 0; e < report["entries"].size(); ++e) {
      Json &entry = report["entries"][e];
      entry["held_bytes"] = asIs && !asIs->report.is_null() ? asIs->entries[e].held : heldBytes(entry);
    }
    for (size_t e = 0; e < report["entries"].size(); ++e)
      for (const std::vector<size_t> &group : alikeCollectives(report["entries"][e]["collectives"])) {
        Json &collective = report["entries"][e]["collectives"][group[0]];
        tryOtherLayouts(e, collective);
        tryWithout(e, collective);
      }
  }

private:
  using Wishes = std::map<const Place *, std::optional<Layout>>;

  //===-- Places --------------------------------------------------------------------------------------------------===//

  LayoutAttr attribute(const Layout &layout) const { return LayoutAttr::get(meshName.getContext(), meshName, layout); }

  static std::optional<Layout> layoutIn(Attribute attribute) {
    auto wish = dyn_cast_or_null<LayoutAttr>(attribute);
    return wish ? std::optional(wish.getLayout()) : std::nullopt;
  }

  void collectPlaces() {
    std::map<std::string, size_t> known;
    for (Operation &op : *annotated.getBody())
      if (isa<nn::ParameterOp, nn::StateOp>(op))
        addSymbol(&op, known);
    for (auto function : annotated.getOps<func::FuncOp>())
      if (!function.isExternal()) {
        for (unsigned i = 0; i < function.getNumArguments(); ++i)
          addSlot(function, i, /*isResult=*/false);
        for (unsigned i = 0; i < function.getNumResults(); ++i)
          addSlot(function, i, /*isResult=*/true);
        function.walk([&](ConstrainOp op) { addConstrain(op, known); });
      }
  }

  void addSymbol(Operation *op, std::map<std::string, size_t> &known) {
    std::string name = "@" + withoutLayerNumbers(SymbolTable::getSymbolName(op).getValue());
    if (!known.try_emplace(name, places.size()).second)
      return;
    auto type = cast<RankedTensorType>(cast<TypeAttr>(op->getAttr("type")).getValue());
    places.push_back({name, name.substr(1), layoutIn(op->getAttr(layoutAttrName)), SmallVector<int64_t>(type.getShape()),
                      [this, name](ModuleOp module, std::optional<Layout> wish) {
                        for (Operation &op : *module.getBody())
                          if (isa<nn::ParameterOp, nn::StateOp>(op) &&
                              "@" + withoutLayerNumbers(SymbolTable::getSymbolName(&op).getValue()) == name)
                            wish ? op.setAttr(layoutAttrName, attribute(*wish)) : (void)op.removeAttr(layoutAttrName);
                      }});
  }

  void addSlot(func::FuncOp function, unsigned index, bool isResult) {
    auto type = dyn_cast<RankedTensorType>(isResult ? function.getResultTypes()[index] : function.getArgumentTypes()[index]);
    if (!type)
      return;
    std::string name = (isResult ? "result " : "argument ") + std::to_string(index);
    Attribute given = isResult ? function.getResultAttr(index, nameAttrName) : function.getArgAttr(index, nameAttrName);
    Attribute wish = isResult ? function.getResultAttr(index, layoutAttrName) : function.getArgAttr(index, layoutAttrName);
    auto named = dyn_cast_or_null<StringAttr>(given);
    places.push_back({name, named && !isResult ? named.str() : name, layoutIn(wish), SmallVector<int64_t>(type.getShape()),
                      [this, symbol = function.getName().str(), index, isResult](ModuleOp module, std::optional<Layout> wish) {
                        auto function = module.lookupSymbol<func::FuncOp>(symbol);
                        auto key = StringAttr::get(module.getContext(), layoutAttrName);
                        if (wish)
                          isResult ? function.setResultAttr(index, key, attribute(*wish))
                                   : function.setArgAttr(index, key, attribute(*wish));
                        else
                          isResult ? (void)function.removeResultAttr(index, key) : (void)function.removeArgAttr(index, key);
                      }});
    functions.push_back({places.size() - 1, function.getName().str()});
  }

  // A wish in the middle: propagation names it after the op that makes the value.
  void addConstrain(ConstrainOp op, std::map<std::string, size_t> &known) {
    Operation *producer = op.getInput().getDefiningOp();
    if (!producer)
      return;
    std::string name = withoutLayerNumbers(describe(producer));
    if (!known.try_emplace(name, places.size()).second)
      return;
    // Values of one module of the model have one name, and may have different ranks: a wish fits those of its own.
    places.push_back({name, "the result of " + name, op.getLayout().getLayout(), SmallVector<int64_t>(op.getType().getShape()),
                      [this, name, rank = op.getType().getRank()](ModuleOp module, std::optional<Layout> wish) {
                        module.walk([&](ConstrainOp op) {
                          Operation *producer = op.getInput().getDefiningOp();
                          if (!producer || op.getType().getRank() != rank || withoutLayerNumbers(describe(producer)) != name)
                            return;
                          if (wish)
                            return op.setLayoutAttr(attribute(*wish));
                          op.getResult().replaceAllUsesWith(op.getInput());
                          op.erase();
                        });
                      }});
  }

  //===-- Plans ---------------------------------------------------------------------------------------------------===//

  struct Bytes {
    int64_t moved, held; // on the wire, and by a rank
  };
  struct Plan {
    Json report; // null: there is no plan with these wishes
    std::vector<Bytes> entries;
  };

  // The plan with other wishes; null where it is not made because enough were.
  const Plan *planWith(const Wishes &wishes) {
    std::string key;
    for (auto &[place, wish] : wishes)
      key += std::to_string(place - places.data()) + "=" + (wish ? wish->str() : "none") + ";";
    if (auto known = plans.find(key); known != plans.end())
      return &known->second;
    if (int64_t(plans.size()) >= plansAllowed)
      return nullptr;
    Plan &plan = plans[key];
    OwningOpRef<ModuleOp> clone = annotated.clone();
    for (auto &[place, wish] : wishes)
      place->set(*clone, wish);
    // What does not go is not worth a word.
    ScopedDiagnosticHandler quiet(annotated.getContext(), [](Diagnostic &) { return success(); });
    PassManager passes(annotated.getContext(), ModuleOp::getOperationName());
    PropagateOptions options;
    options.explain = true;
    passes.addPass(createPropagate(options));
    passes.addPass(createPartition());
    if (failed(passes.run(*clone)))
      return &plan;
    PlanReportOptions withoutPeak;
    withoutPeak.peakBytes = [](func::FuncOp) { return 0; };
    plan.report = planReport(*clone, withoutPeak);
    for (const Json &entry : plan.report["entries"])
      plan.entries.push_back({movedBytes(entry), heldBytes(entry)});
    return &plan;
  }

  static int64_t movedBytes(const Json &entry) {
    int64_t bytes = 0;
    for (const Json &collective : entry["collectives"])
      bytes += collective["wire_bytes_per_rank"].get<int64_t>();
    return bytes;
  }

  // Parameters, states and inputs of one rank.
  static int64_t heldBytes(const Json &entry) {
    int64_t bytes = 0;
    for (const Json &tensor : entry["tensors"])
      if (tensor["kind"] == "parameter" || tensor["kind"] == "input")
        bytes += tensor["bytes_per_rank"].get<int64_t>();
    return bytes;
  }

  // The collective of another plan that is `collective` of this one, or null.
  static const Json *sameIn(const Json &entry, const Json &collective) {
    for (const Json &other : entry["collectives"])
      if (other["kind"] == collective["kind"] && other["where"] == collective["where"] && other["axes"] == collective["axes"])
        return &other;
    return nullptr;
  }

  bool movesMore(const Plan &plan) const {
    for (size_t e = 0; e < plan.entries.size(); ++e)
      if (plan.entries[e].moved > movedBytes(report["entries"][e]))
        return true;
    return false;
  }

  //===-- Other layouts -------------------------------------------------------------------------------------------===//

  // The axes of `collective` on another dimension of the place, where they divide it.
  std::vector<Layout> othersAt(const Place &place, const Json &collective) const {
    Parts axes;
    for (const Json &axis : collective["axes"])
      axes.push_back({axis.get<std::string>(), 1, 0});
    Layout without = place.wish ? *place.wish : Layout::whole(place.shape.size());
    for (DimLayout &dim : without.dims)
      llvm::erase_if(dim.axes, [&](const AxisPart &part) { return mesh.overlap(axes, part); });
    without.partial.clear();
    std::vector<Layout> others;
    for (size_t d = 0; d < place.shape.size(); ++d) {
      Layout layout = without;
      Parts &here = layout.dims[d].axes;
      here.insert(here.end(), axes.begin(), axes.end());
      here = mesh.merged(here);
      bool divides = ShapedType::isDynamic(place.shape[d]) || place.shape[d] % mesh.sizeOf(here) == 0;
      if (divides && (!place.wish || !(*place.wish == layout)))
        others.push_back(layout);
    }
    return others;
  }

  bool isInEntry(size_t place, const Json &entry) const {
    for (auto &[index, function] : functions)
      if (index == place)
        return entry["name"] == function;
    return true;
  }

  // Results that the collective is for may be declared split; everything that has a wish may have another one.
  bool isWorthTrying(size_t index, const Json &entry, const Json &collective) const {
    const Place &place = places[index];
    if (!isInEntry(index, entry))
      return false;
    if (place.wish)
      return true;
    for (const Json &user : collective["required_by"]) {
      std::string text = user.get<std::string>();
      if (text == place.name || text.starts_with(place.name + " "))
        return true;
    }
    return false;
  }

  void tryOtherLayouts(size_t e, Json &collective) {
    const Json &entry = report["entries"][e];
    int64_t tried = 0, leftOut = 0, before = movedBytes(entry);
    std::tuple<int64_t, int64_t> best;
    collective["change"] = nullptr;
    for (size_t p = 0; p < places.size(); ++p) {
      if (!isWorthTrying(p, entry, collective))
        continue;
      for (const Layout &layout : othersAt(places[p], collective)) {
        const Plan *plan = planWith({{&places[p], layout}});
        leftOut += !plan;
        if (!plan || plan->report.is_null())
          continue;
        ++tried;
        const Json *same = sameIn(plan->report["entries"][e], collective);
        bool fewer = !same || (*same)["wire_bytes_per_rank"] < collective["wire_bytes_per_rank"];
        int64_t moved = plan->entries[e].moved, held = plan->entries[e].held;
        std::tuple rank{moved, held};
        if (!fewer || moved >= before || movesMore(*plan) || (!collective["change"].is_null() && rank >= best))
          continue;
        best = rank;
        std::string text = (places[p].name.starts_with("result") ? "declare " : "wish ") + places[p].text + " as " + layout.str();
        if (places[p].wish)
          text += " instead of " + places[p].wish->str();
        collective["change"] = {{"text", text},
                                {"entry_bytes", moved},
                                {"held_bytes", held},
                                {"removes", !same && moved <= before - collective["wire_bytes_per_rank"].get<int64_t>()}};
      }
    }
    collective["tried"] = tried;
    collective["left_out"] = leftOut;
  }

  //===-- Without -------------------------------------------------------------------------------------------------===//

  // The wishes that the ways of a collective begin with, except those dropped already.
  void addWished(const Json &entry, const Json &collective, Wishes &dropped) const {
    for (const Json &way : collective.value("ways", Json::array())) {
      std::string wish = way.empty() ? "" : way[0].get<std::string>();
      for (size_t p = 0; p < places.size(); ++p)
        if (places[p].wish && isInEntry(p, entry) && StringRef(wish).ends_with(" on " + places[p].name))
          dropped[&places[p]] = std::nullopt;
    }
  }

  void tryWithout(size_t e, Json &collective) {
    collective["without"] = nullptr;
    Wishes dropped;
    addWished(report["entries"][e], collective, dropped);
    for (size_t before = 0; dropped.size() > before;) {
      before = dropped.size();
      const Plan *plan = planWith(dropped);
      if (!plan || plan->report.is_null())
        return;
      const Json &other = plan->report["entries"][e];
      if (const Json *same = sameIn(other, collective)) {
        addWished(other, *same, dropped);
        continue;
      }
      std::string text;
      for (auto &[place, wish] : dropped)
        text += (text.empty() ? "" : ", ") + place->text;
      collective["without"] = {{"text", text}, {"entry_bytes", plan->entries[e].moved}, {"held_bytes", plan->entries[e].held}};
      return;
    }
  }

  using Parts = std::vector<AxisPart>;
  ModuleOp annotated;
  Json &report;
  FlatSymbolRefAttr meshName;
  Mesh mesh;
  std::vector<Place> places;
  /// Places that belong to one entry.
  std::vector<std::pair<size_t, std::string>> functions;
  std::map<std::string, Plan> plans;
  int64_t plansAllowed = 0;
};

} // namespace

void suggestChanges(ModuleOp annotated, Json &report) { Suggester(annotated, report).run(); }

} // namespace tp
