// A compiled module as a file: all that is looked at before any of its code could run.
#include "FuzzTarget.h"

#include "tprt/Module.h"

FUZZ_TARGET(Module) {
  std::string path = fileOf(input, "x.tpm");
  tprt::parseManifest(tprt::readManifestText(path), path);
}
