// A mutant is caught by --tp-verify-local, or by numbers on pretend ranks. What survives is named after the state of its operand, because
// that is what explains it: a collective over a value whose elements are all alike, or that is neutral, changes nothing.
#include "Mutations.h"

#include "Children.h"
#include "tp/Analysis/StateAnalysis.h"
#include "tp/Analysis/VerifyLocal.h"
#include "tp/Support/Error.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace tp::random_programs {

namespace {

bool isCaughtByVerifier(ModuleOp module) {
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
  return failed(verify(module)) || failed(verifyLocal(module));
}

bool isCaughtByNumbers(ModuleOp module, const Checked &checked) {
  try {
    return differenceIn(checked.expected, reference::runProgram(module, checked.drawn), checked.limits).has_value();
  } catch (const Error &) {
    return true; // ranks disagree about a result
  }
}

/// Whether any result or state of the function depends on `value`.
bool isUsed(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<func::ReturnOp, nn::SetOp>(user) || llvm::any_of(user->getResults(), isUsed);
  });
}

/// What the operand of a collective is that nobody misses.
std::string describe(Collective op) {
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  std::string text = op->getName().stripDialect().str() + " " + std::string(stringifyState(op.getFrom())) + " -> " +
                     std::string(stringifyState(op.getTo()));
  if (type.getNumElements() == 0)
    return text + " of no elements";
  if (!isUsed(op->getResult(0)))
    return text + " whose result nothing uses";
  StateAnalysis states(op->getParentOfType<func::FuncOp>());
  const LocalState &state = states.of(op->getOperand(0));
  if (!state.uniform.empty() && llvm::all_of(state.uniform, [](bool each) { return each; }))
    return text + " of equal elements";
  if (llvm::is_contained(state.uniform, true))
    return text + " of elements equal along a dimension";
  return text + " of " + (state.hasCotangent ? "floats" : "what has no cotangent");
}

void mutate(Checked &checked, const Say &say) {
  SmallVector<Collective> collectives;
  checked.local->walk([&](Collective op) { collectives.push_back(op); });
  for (size_t i = 0; i < collectives.size(); ++i)
    for (bool twice : {false, true}) {
      OwningOpRef<ModuleOp> mutant = checked.local->clone();
      if (failed(mutateCollective(*mutant, i, twice)))
        continue;
      if (isCaughtByVerifier(*mutant))
        say("V");
      else if (isCaughtByNumbers(*mutant, checked))
        say("N");
      else
        say("S" + describe(collectives[i]) + (twice ? ", twice" : ", taken out"));
    }
}

} // namespace

Mutations mutatePrograms(uint64_t first, uint64_t count) {
  Mutations result;
  constexpr uint64_t perChild = 64;
  for (uint64_t begin = first; begin < first + count; begin += perChild) {
    uint64_t seed = begin;
    inChild(
        [&](const Say &say) {
          for (uint64_t each = begin; each < std::min(first + count, begin + perChild); ++each) {
            stillAlive(60);
            say("P" + std::to_string(each));
            auto context = makeContext();
            try {
              if (Checked checked = checkUpToLocal(*context, subjectOf(generate(each))); !checked.refused)
                mutate(checked, say);
            } catch (const Failure &) {
              continue; // not this program's test
            }
          }
        },
        [&](const std::string &line) {
          if (line[0] == 'P') {
            seed = std::stoull(line.substr(1));
            ++result.programs;
            return;
          }
          ++result.all;
          result.byVerifier += line[0] == 'V';
          result.byNumbers += line[0] == 'N';
          if (line[0] == 'S') {
            ++result.survivors[line.substr(1)];
            result.example.try_emplace(line.substr(1), seed);
          }
        },
        60);
  }
  return result;
}

} // namespace tp::random_programs
