// The dialect `tp`: meshes, layouts, changes of layout, collectives.

#ifndef TP_DIALECT_TD
#define TP_DIALECT_TD

include "mlir/IR/DialectBase.td"

def TP_Dialect : Dialect {
  let name = "tp";
  let cppNamespace = "::tp";
  let summary = "tensors laid out over a mesh of devices, and the collectives between layouts";
  let description = [{
    In the global form a program carries wishes (`tp.layout` on arguments and results, `tp.constrain`). In the laid-out
    form every tensor type carries its layout and `tp.reshard` changes it. In the local form one rank's program calls
    explicit collectives, each with the states it goes between.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // TP_DIALECT_TD
