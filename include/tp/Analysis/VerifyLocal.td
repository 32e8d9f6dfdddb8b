// The check of local programs, and the mutation that shows that it notices.

#ifndef TP_ANALYSIS_VERIFYLOCAL_TD
#define TP_ANALYSIS_VERIFYLOCAL_TD

include "mlir/Pass/PassBase.td"

def VerifyLocal : Pass<"tp-verify-local", "::mlir::ModuleOp"> {
  let summary = "refuses a local program whose states do not fit its ops";
  let description = [{
    *Needs* the local form. *Leaves* it as it is, or fails with one error per mistake.

    Infers for every value and mesh axis whether it is replicated, invariant, sharded or partial (see StateAnalysis.h), and
    refuses: an op that is not linear over a partial value, a product of two partial values, a partial value added to a whole
    one, values that are sharded along different factors, an invariant value beside replicated, sharded or partial ones,
    a collective whose operand is not in the state it names, results and states that are not what `tp.global` declares, and
    local sizes that do not follow from `tp.global`.
  }];
}

def TestDropCollective : Pass<"tp-test-drop-collective", "::mlir::ModuleOp"> {
  let summary = "takes one collective out of a local program, to see whether that is noticed";
  let description = [{
    *Needs* the local form. *Leaves* a wrong one: collective number `index` (in the order of the text) is replaced by its
    operand, cut or repeated where the shapes differ, or with `twice` applied to its own result. Fails if there are fewer
    collectives.
  }];
  let options = [Option<"index", "index", "int64_t", "0", "Which collective to take out">,
                 Option<"twice", "twice", "bool", "false", "Applies it twice instead of not at all">];
}

#endif // TP_ANALYSIS_VERIFYLOCAL_TD
