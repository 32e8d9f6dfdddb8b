// Hard rules first (filters on options), then min-sum variable elimination over what is left.
#include "Choice.h"

#include "tp/Support/ReshardCost.h"

#include <map>
#include <set>

using namespace mlir;

namespace tp::propagate {

namespace {

// Compared from left to right; sums member by member.
struct Cost {
  int64_t bytes = 0, collectives = 0, memory = 0, order = 0;
  auto operator<=>(const Cost &) const = default;
  Cost &operator+=(const Cost &o) {
    bytes += o.bytes;
    collectives += o.collectives;
    memory += o.memory;
    order += o.order;
    return *this;
  }
};

// A function of a few variables, row-major over their domains.
struct Table {
  std::vector<int> scope;
  std::vector<Cost> entries;
};

class Chooser {
public:
  Chooser(const Graph &graph, const Claims &claims, int64_t maxTable)
      : graph(graph), claims(claims), mesh(graph.mesh), maxTable(maxTable) {}

  Choice run() {
    allowed.resize(graph.nodes.size());
    for (size_t n = 0; n < graph.nodes.size(); ++n)
      allowed[n] = filtered(n);
    addVariables();
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      addTables(t);
    for (size_t v = 0; v < domain.size(); ++v)
      addUnary(v);
    solve();
    return result();
  }

private:
  //===-- Hard rules ----------------------------------------------------------------------------------------------===//

  // The one way a tensor can be split, from its wish or because only one way reaches it; null if there is a choice or nothing.
  const Option *settled(int tensor) const {
    const std::vector<Option> &options = claims.ofTensor[tensor];
    return options.size() == 1 ? &options[0] : nullptr;
  }

  // Whether the option uses the tensor at `slot` split exactly as `kept` says (at least that much).
  bool uses(const Node &node, const Option &option, int slot, const Option &kept) const {
    for (size_t d = 0; d < kept.axes.size(); ++d) {
      Parts used = axesOfDim(mesh, node.map.operands[slot][d], option.axes);
      for (const AxisPart &part : kept.axes[d])
        if (!mesh.overlap(used, part))
          return false;
    }
    return true;
  }

  std::vector<int> filtered(int index) const {
    const Node &node = graph.nodes[index];
    const std::vector<Option> &options = claims.ofNode[index];
    std::vector<int> rest(options.size());
    for (size_t i = 0; i < rest.size(); ++i)
      rest[i] = i;
    // Wished parameters, then parameters that one split reached, then activations wished split.
    for (int strength = 0; strength < 3; ++strength)
      for (auto [slot, tensor] : llvm::enumerate(node.operands)) {
        if (tensor < 0 || rest.size() < 2)
          continue;
        const Tensor &operand = graph.tensors[tensor];
        const Option *kept = settled(tensor);
        bool applies = strength == 0   ? operand.isParameter && operand.wish
                       : strength == 1 ? operand.isParameter && !operand.wish
                                       : !operand.isParameter && operand.wish.has_value();
        if (!applies || !kept)
          continue;
        std::vector<int> keeping;
        for (int option : rest)
          if (uses(node, options[option], slot, *kept))
            keeping.push_back(option);
        if (!keeping.empty())
          rest = keeping;
      }
    return rest;
  }

  //===-- Variables -----------------------------------------------------------------------------------------------===//

  void addVariables() {
    nodeVariable.assign(graph.nodes.size(), -1);
    tensorVariable.assign(graph.tensors.size(), -1);
    for (size_t n = 0; n < graph.nodes.size(); ++n)
      if (allowed[n].size() > 1) {
        nodeVariable[n] = domain.size();
        domain.push_back(allowed[n].size());
        nodeOfVariable.push_back(n);
        tensorOfVariable.push_back(-1);
      }
    contestedNodes = domain.size();
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      if (claims.ofTensor[t].size() > 1) {
        tensorVariable[t] = domain.size();
        domain.push_back(claims.ofTensor[t].size());
        nodeOfVariable.push_back(-1);
        tensorOfVariable.push_back(t);
      }
    value.assign(domain.size(), 0);
  }

  const Option &optionOf(int node) const {
    int variable = nodeVariable[node];
    return claims.ofNode[node][allowed[node][variable < 0 ? 0 : value[variable]]];
  }

  // The layout that a tensor without producer, or with a wish, is kept in.
  Layout keptLayout(int tensor) const {
    const std::vector<Option> &options = claims.ofTensor[tensor];
    const Option &option = options[tensorVariable[tensor] < 0 ? 0 : value[tensorVariable[tensor]]];
    Layout layout;
    for (const Parts &axes : option.axes)
      layout.dims.push_back({axes, false});
    return layout;
  }

  static Layout withoutPartial(Layout layout) {
    layout.partial.clear();
    layout.reduction = Reduction::Sum;
    return layout;
  }

  // What a use needs, given what the tensor is kept as.
  Layout needed(const Use &use, const Layout &kept) const {
    const Node &node = graph.nodes[use.node];
    if (node.kind == Node::Return)
      return node.resultWish ? closedWish(mesh, *node.resultWish, kept) : withoutPartial(kept);
    if (node.kind == Node::SetState)
      return keptLayout(node.results[0]);
    return operandLayout(graph, node, optionOf(use.node), use.slot);
  }

  //===-- Cost of one tensor --------------------------------------------------------------------------------------===//

  Cost costOf(const Layout &from, const Layout &to, const Tensor &tensor) const {
    ReshardCost cost = reshardCost(from, to, tensor.bytes, mesh);
    return {cost.bytes, cost.collectives, 0, 0};
  }

  struct Plan {
    Layout home;
    Cost cost;
  };

  Plan planOf(int index) const {
    const Tensor &tensor = graph.tensors[index];
    Plan plan;
    if (tensor.producer >= 0) {
      const Node &node = graph.nodes[tensor.producer];
      Layout produced = resultLayout(graph, node, optionOf(tensor.producer), tensor.producerSlot);
      if (tensor.wish) {
        plan.home = keptLayout(index);
        plan.cost = costOf(produced, plan.home, tensor);
      } else if (produced.isPartial()) {
        return bestHome(tensor, produced);
      } else {
        plan.home = produced;
      }
    } else {
      plan.home = keptLayout(index);
    }
    plan.cost += usesCost(tensor, plan.home);
    return plan;
  }

  Cost usesCost(const Tensor &tensor, const Layout &home) const {
    Cost cost;
    std::vector<Layout> distinct;
    for (const Use &use : tensor.uses) {
      if (use.slot < 0)
        continue;
      Layout layout = needed(use, home);
      if (layout == home || llvm::is_contained(distinct, layout))
        continue;
      distinct.push_back(layout);
      cost += costOf(home, layout, tensor);
    }
    return cost;
  }

  // A partial value is reduced once, to the layout from which all uses together are cheapest to serve.
  Plan bestHome(const Tensor &tensor, const Layout &produced) const {
    std::vector<Layout> candidates = {withoutPartial(produced)};
    for (const Use &use : tensor.uses)
      if (use.slot >= 0) {
        Layout layout = needed(use, withoutPartial(produced));
        if (!layout.isPartial() && !llvm::is_contained(candidates, layout))
          candidates.push_back(layout);
      }
    std::optional<Plan> best;
    for (const Layout &candidate : candidates) {
      Plan plan{candidate, costOf(produced, candidate, tensor)};
      plan.cost += usesCost(tensor, candidate);
      if (!best || plan.cost < best->cost)
        best = plan;
    }
    return *best;
  }

  //===-- Tables --------------------------------------------------------------------------------------------------===//

  void addTables(int index) {
    const Tensor &tensor = graph.tensors[index];
    if (tensor.isSource)
      return;
    std::set<int> scope;
    auto add = [&](int variable) {
      if (variable >= 0)
        scope.insert(variable);
    };
    add(tensorVariable[index]);
    if (tensor.producer >= 0)
      add(nodeVariable[tensor.producer]);
    for (const Use &use : tensor.uses) {
      add(nodeVariable[use.node]);
      if (graph.nodes[use.node].kind == Node::SetState)
        add(tensorVariable[graph.nodes[use.node].results[0]]);
    }
    if (scope.empty())
      return;
    Table table{{scope.begin(), scope.end()}, {}};
    int64_t entries = sizeOf(table.scope);
    if (entries > maxTable) {
      exact = false;
      return;
    }
    for (int64_t i = 0; i < entries; ++i) {
      setValues(table.scope, i);
      table.entries.push_back(planOf(index).cost);
    }
    tables.push_back(std::move(table));
  }

  // Memory of what the op makes, and the order of its options, decide what bytes and collectives leave open.
  void addUnary(int variable) {
    Table table{{variable}, {}};
    for (int i = 0; i < domain[variable]; ++i) {
      value[variable] = i;
      Cost cost{0, 0, 0, i};
      if (int node = nodeOfVariable[variable]; node >= 0)
        for (auto [slot, tensor] : llvm::enumerate(graph.nodes[node].results))
          if (tensor >= 0 && !graph.nodes[node].map.results.empty())
            cost.memory += localBytes(graph.tensors[tensor], resultLayout(graph, graph.nodes[node], optionOf(node), slot));
      if (int tensor = tensorOfVariable[variable]; tensor >= 0)
        cost.memory += localBytes(graph.tensors[tensor], keptLayout(tensor));
      table.entries.push_back(cost);
    }
    value[variable] = 0;
    tables.push_back(std::move(table));
  }

  int64_t localBytes(const Tensor &tensor, const Layout &layout) const {
    int64_t pieces = 1;
    for (const DimLayout &dim : layout.dims)
      pieces *= mesh.sizeOf(dim.axes);
    return tensor.bytes / pieces;
  }

  int64_t sizeOf(const std::vector<int> &scope) const {
    int64_t size = 1;
    for (int variable : scope) {
      size *= domain[variable];
      if (size > maxTable)
        break;
    }
    return size;
  }

  void setValues(const std::vector<int> &scope, int64_t index) {
    for (size_t i = scope.size(); i-- > 0;) {
      value[scope[i]] = index % domain[scope[i]];
      index /= domain[scope[i]];
    }
  }

  int64_t indexIn(const std::vector<int> &scope) const {
    int64_t index = 0;
    for (int variable : scope)
      index = index * domain[variable] + value[variable];
    return index;
  }

  //===-- Elimination ---------------------------------------------------------------------------------------------===//

  // Removes the variable whose tables join into the smallest one, remembers its best value for each setting of its neighbours,
  // and reads the values off backwards. Ties: the lower number, so never the order of visit.
  void solve() {
    int count = domain.size();
    std::vector<std::vector<int>> tablesOf(count);
    for (size_t t = 0; t < tables.size(); ++t)
      for (int variable : tables[t].scope)
        tablesOf[variable].push_back(t);
    std::vector<bool> done(count, false), dead(tables.size(), false);
    struct Step {
      int variable;
      std::vector<int> scope;
      std::vector<int> best;
    };
    std::vector<Step> steps;
    auto neighbours = [&](int variable) {
      std::set<int> scope;
      for (int t : tablesOf[variable])
        if (!dead[t])
          scope.insert(tables[t].scope.begin(), tables[t].scope.end());
      scope.erase(variable);
      return std::vector<int>(scope.begin(), scope.end());
    };
    std::set<std::pair<int64_t, int>> order;
    std::vector<int64_t> weight(count);
    for (int v = 0; v < count; ++v)
      order.insert({weight[v] = sizeOf(neighbours(v)), v});
    while (!order.empty()) {
      int variable = order.begin()->second;
      order.erase(order.begin());
      std::vector<int> scope = neighbours(variable);
      done[variable] = true;
      Step step{variable, scope, {}};
      if (sizeOf(scope) * domain[variable] > maxTable) {
        exact = false;
        fixGreedily(variable, tablesOf[variable], dead);
        step.scope.clear();
        step.best = {value[variable]};
      } else {
        Table joined{scope, {}};
        int64_t entries = sizeOf(scope);
        for (int64_t i = 0; i < entries; ++i) {
          setValues(scope, i);
          std::optional<Cost> best;
          int bestValue = 0;
          for (int x = 0; x < domain[variable]; ++x) {
            value[variable] = x;
            Cost cost;
            for (int t : tablesOf[variable])
              if (!dead[t])
                cost += tables[t].entries[indexIn(tables[t].scope)];
            if (!best || cost < *best) {
              best = cost;
              bestValue = x;
            }
          }
          joined.entries.push_back(*best);
          step.best.push_back(bestValue);
        }
        for (int t : tablesOf[variable])
          dead[t] = true;
        if (!scope.empty()) {
          tables.push_back(joined);
          dead.push_back(false);
          for (int other : scope)
            tablesOf[other].push_back(tables.size() - 1);
        }
      }
      steps.push_back(std::move(step));
      for (int other : scope)
        if (!done[other]) {
          order.erase({weight[other], other});
          order.insert({weight[other] = sizeOf(neighbours(other)), other});
        }
    }
    for (size_t i = steps.size(); i-- > 0;)
      value[steps[i].variable] = steps[i].best[steps[i].scope.empty() ? 0 : indexIn(steps[i].scope)];
  }

  // Takes the value that is best if every neighbour could still be chosen freely, and puts it into the tables.
  void fixGreedily(int variable, std::vector<int> &mine, std::vector<bool> &dead) {
    std::optional<Cost> best;
    int bestValue = 0;
    for (int x = 0; x < domain[variable]; ++x) {
      Cost cost;
      for (int t : mine) {
        if (dead[t])
          continue;
        std::optional<Cost> least;
        for (size_t i = 0; i < tables[t].entries.size(); ++i) {
          setValues(tables[t].scope, i);
          if (value[variable] == x && (!least || tables[t].entries[i] < *least))
            least = tables[t].entries[i];
        }
        cost += *least;
      }
      if (!best || cost < *best) {
        best = cost;
        bestValue = x;
      }
    }
    for (int t : mine) {
      if (dead[t])
        continue;
      Table rest;
      for (int other : tables[t].scope)
        if (other != variable)
          rest.scope.push_back(other);
      for (size_t i = 0; i < tables[t].entries.size(); ++i) {
        setValues(tables[t].scope, i);
        if (value[variable] == bestValue)
          rest.entries.push_back(tables[t].entries[i]);
      }
      tables[t] = rest;
    }
    value[variable] = bestValue;
  }

  Choice result() {
    Choice choice;
    choice.exact = exact;
    choice.contested = contestedNodes;
    for (size_t n = 0; n < graph.nodes.size(); ++n)
      choice.ofNode.push_back(allowed[n].empty() ? 0 : allowed[n][nodeVariable[n] < 0 ? 0 : value[nodeVariable[n]]]);
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      choice.tensor.push_back(graph.tensors[t].isSource ? Layout() : planOf(t).home);
    return choice;
  }

  const Graph &graph;
  const Claims &claims;
  const Mesh &mesh;
  int64_t maxTable;
  std::vector<std::vector<int>> allowed; // per node, options that pass the hard rules
  std::vector<int> nodeVariable, tensorVariable, nodeOfVariable, tensorOfVariable, domain, value;
  std::vector<Table> tables;
  int contestedNodes = 0;
  bool exact = true;
};

} // namespace

Choice choose(const Graph &graph, const Claims &claims, int64_t maxTable) { return Chooser(graph, claims, maxTable).run(); }

} // namespace tp::propagate
