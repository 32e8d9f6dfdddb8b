// The manifest of a module as text, and the sizes that the runtime computes from it before it touches any memory.
#include "FuzzTarget.h"

#include "tprt/Program.h"

FUZZ_TARGET(Manifest) {
  tprt::Manifest manifest = tprt::parseManifest(std::string(input), "x.tpm");
  for (const tprt::EntryInfo &entry : manifest.entries) {
    int64_t n = tprt::Program::paddedExtent(entry, entry.dynamicMax.value_or(1));
    for (const std::vector<tprt::TensorInfo> *tensors : {&entry.inputs, &entry.outputs})
      for (const tprt::TensorInfo &tensor : *tensors)
        tprt::countOf(tprt::resolveShape(tensor.localShape, n));
    for (const tprt::CollectiveInfo &collective : entry.collectives)
      tprt::countOf(tprt::resolveShape(collective.operandShape, n));
  }
}
