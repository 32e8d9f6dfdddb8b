// tp-lsp-server: a language server for programs of tp. MLIR's own server, told of tp's dialects: diagnostics while typing, hover,
// definitions and uses of values. docs/guides/editors.md says how editors start it.
#include "tp/InitAll.h"

#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tp::registerAllDialects(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
