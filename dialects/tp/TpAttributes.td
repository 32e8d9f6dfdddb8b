// Layouts, axis lists and states.

#ifndef TP_ATTRIBUTES_TD
#define TP_ATTRIBUTES_TD

include "dialects/tp/TpDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/EnumAttr.td"

def TP_LayoutParameter : AttrOrTypeParameter<"::tp::Layout", "layout", "const ::tp::Layout &">;
def TP_AxesParameter : AttrOrTypeParameter<"::std::vector<::tp::AxisPart>", "axis parts",
                                           "const ::std::vector<::tp::AxisPart> &">;

def TP_LayoutAttr : AttrDef<TP_Dialect, "Layout", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "layout";
  let summary = "how a tensor lies on a mesh";
  let description = [{
    Per dimension the mesh axes (or parts of axes) that split it, major to minor, and the axes over which the value is
    partial. An axis named nowhere replicates. As the encoding of a tensor type it is a fact, as the attribute
    `tp.layout` on an argument or result it is a wish, and then a dimension may be open (`?`).

    ```mlir
    #tp.layout<@mesh, [{dp}, {}, {tp, ?} ]>
    #tp.layout<@mesh, [{}, {tp(1)2} ], partial = sum<dp>>
    ```

    As an encoding: C1 one entry per dimension; C2 no axis used twice; C3 no `?`.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$mesh, TP_LayoutParameter:$layout);
  let hasCustomAssemblyFormat = 1;
}

def TP_AxesAttr : AttrDef<TP_Dialect, "Axes"> {
  let mnemonic = "axes";
  let summary = "mesh axes, or parts of them, major to minor";
  let parameters = (ins TP_AxesParameter:$parts);
  let hasCustomAssemblyFormat = 1;
}

def TP_R : I32EnumAttrCase<"R", 0>;
def TP_I : I32EnumAttrCase<"I", 1>;
def TP_S : I32EnumAttrCase<"S", 2>;
def TP_P : I32EnumAttrCase<"P", 3>;
def TP_State : I32EnumAttr<"State", "what a local value is over an axis: R replicated, I invariant, S sharded, P partial",
                           [TP_R, TP_I, TP_S, TP_P]> {
  let cppNamespace = "::tp";
  let genSpecializedAttr = 0;
}
def TP_StateAttr : EnumAttr<TP_Dialect, TP_State, "state"> {
  let assemblyFormat = "`` $value"; // the op's printer has put a space already
}

def TP_Sum : I32EnumAttrCase<"Sum", 0, "sum">;
def TP_Max : I32EnumAttrCase<"Max", 1, "max">;
def TP_Min : I32EnumAttrCase<"Min", 2, "min">;
def TP_ReductionKind : I32EnumAttr<"ReductionKind", "how parts are combined", [TP_Sum, TP_Max, TP_Min]> {
  let cppNamespace = "::tp";
  let genSpecializedAttr = 0;
}
def TP_ReductionAttr : EnumAttr<TP_Dialect, TP_ReductionKind, "reduction"> {
  let assemblyFormat = "`` $value"; // as above
}

#endif // TP_ATTRIBUTES_TD
