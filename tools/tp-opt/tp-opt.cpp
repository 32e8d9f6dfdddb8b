// tp-opt: any of tp's passes alone, for people and for lit. MLIR's own conventions for options, errors and exit status.
#include "tp/InitAll.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tp::registerAllDialects(registry);
  tp::registerAllPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "tp: tensors over a mesh of devices\n", registry));
}
