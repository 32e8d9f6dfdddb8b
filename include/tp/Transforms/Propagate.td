// The pass that gives every value a layout.

#ifndef TP_TRANSFORMS_PROPAGATE_TD
#define TP_TRANSFORMS_PROPAGATE_TD

include "mlir/Pass/PassBase.td"

def Propagate : Pass<"tp-propagate", "::mlir::ModuleOp"> {
  let summary = "gives every value a layout, from few wishes";
  let description = [{
    *Needs* the global form with wishes: a `tp.mesh`, flat functions, compute ops with sharding rules (others are whole).
    *Leaves* the laid-out form: a layout in every tensor type, `tp.reshard` where a use needs another one, no wishes.

    A split that a wish starts is carried along its factor through every value that has the factor, both ways, until a contraction
    ends it, an op needs it whole, or another wish forbids it. Where two splits reach one op over one axis, an op that uses a
    parameter keeps the parameter's; otherwise the choice that moves the fewest bytes is taken, then fewest collectives, least
    memory, order of dimensions. The choice is exact (variable elimination over the contested ops), greedy where a table would pass
    `max-table` entries. Every decision is a remark of category `tp-propagate`.

    *Before*
    ```mlir
    %h = nn.contract "bi,if->bf" %x, %w1 ...            // wish on %w1: f is split over tp
    %y = nn.contract "bf,fo->bo" %h, %w2 ...
    ```
    *After*: %h is split over tp in f, so is %w2; %y is partial over tp and a `tp.reshard` makes it whole.
  }];
  let options = [
    Option<"maxTable", "max-table", "int64_t", "65536",
           "largest table of the exact search; above it the choice is greedy, and a remark says so">,
    Option<"explain", "explain", "bool", "false",
           "note on every reshard from which wish and through which ops its splits came (tp.cause)">
  ];
}

#endif // TP_TRANSFORMS_PROPAGATE_TD
