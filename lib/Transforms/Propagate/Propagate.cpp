// Propagation in four steps: read the program as a graph of tensors and factors, carry the wishes through it, decide where they
// exclude one another, write the layouts. Each step is a file of its own.
#include "tp/Transforms/Propagate.h"

#include "Rewrite.h"
#include "tp/Analysis/VerifyLayouts.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tp {

#define GEN_PASS_DEF_PROPAGATE
#include "tp/Transforms/Propagate.h.inc"

namespace {

using namespace propagate;

std::string divisorsOf(int64_t size) {
  std::string text;
  for (int64_t d = 1; d <= size && d <= 4096; ++d)
    if (size % d == 0)
      text += (text.empty() ? "" : ", ") + std::to_string(d);
  return text;
}

// A wish that was carried to a factor it does not divide, over an axis that the op then does not use at all, is a mistake of the
// wish: going on would gather the value without a word.
LogicalResult refuseIndivisible(const Graph &graph, const Claims &claims, const Choice &choice) {
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (const Blocked &blocked : claims.blocked[n]) {
      const Option &option = claims.ofNode[n][choice.ofNode[n]];
      bool used = false;
      for (const auto &axes : option.axes)
        for (const AxisPart &part : blocked.parts)
          used |= graph.mesh.overlap(axes, part);
      if (used || blocked.origin < 0)
        continue;
      InFlightDiagnostic diagnostic = graph.nodes[n].op->emitOpError()
                                      << "has a dimension of " << blocked.size << " that does not divide over \""
                                      << tp::str(blocked.parts) << "\"=" << graph.mesh.sizeOf(blocked.parts)
                                      << "; sizes that do: " << divisorsOf(blocked.size);
      diagnostic.attachNote(graph.origins[blocked.origin].loc) << "the split comes from " << graph.origins[blocked.origin].text;
      return diagnostic;
    }
  return success();
}

void remarkOnDecisions(ModuleOp module, const Graph &graph, const Claims &claims, const Choice &choice) {
  auto options = [](StringRef name) { return remark::RemarkOpts::name(name).category("tp-propagate"); };
  bool anySplit = false;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    const Tensor &tensor = graph.tensors[t];
    if (tensor.isSource || choice.tensor[t].isWhole())
      continue;
    anySplit = true;
    const Claim *claim = claims.onTensor[t].empty() ? nullptr : &claims.onTensor[t].front();
    remark::passed(tensor.loc, options("layout"))
        << tensor.name + " has layout " + choice.tensor[t].str() +
               (claim && claim->origin >= 0 ? " by " + graph.origins[claim->origin].text : std::string());
  }
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    if (!graph.nodes[n].hasRule)
      remark::missed(graph.nodes[n].op->getLoc(), options("no-rule"))
          << graph.nodes[n].op->getName().getStringRef().str() + " has no sharding rule: its tensors are whole";
  if (!anySplit)
    remark::missed(module.getLoc(), options("nothing-sharded"))
        << "no wish: nothing is sharded, every rank computes the whole program";
  if (choice.contested > 0)
    remark::analysis(module.getLoc(), options("search")) << std::to_string(choice.contested) +
                                                                " ops had more than one way; chosen " +
                                                                (choice.exact ? "exactly" : "greedily (above max-table)");
}

struct Propagate : impl::PropagateBase<Propagate> {
  using PropagateBase::PropagateBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(refuseLaidOut(module)))
      return signalPassFailure();
    FailureOr<Graph> graph = buildGraph(module);
    if (failed(graph))
      return signalPassFailure();
    Claims claims = carryClaims(*graph);
    Choice choice = choose(*graph, claims, maxTable);
    if (failed(refuseIndivisible(*graph, claims, choice)))
      return signalPassFailure();
    remarkOnDecisions(module, *graph, claims, choice);
    rewrite(module, *graph, claims, choice, explain);
    if (failed(verifyLayouts(module)))
      return signalPassFailure();
  }

  LogicalResult refuseLaidOut(ModuleOp module) {
    WalkResult result = module.walk([](Operation *op) {
      for (Type type : op->getResultTypes())
        if (layoutOf(type)) {
          op->emitOpError("has a layout in its type already: tp-propagate needs the global form");
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
} // namespace tp
