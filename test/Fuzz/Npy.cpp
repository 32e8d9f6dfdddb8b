// .npy files: what is read is written and read again.
#include "FuzzTarget.h"

#include "tp/Support/Npy.h"

FUZZ_TARGET(Npy) {
  HostTensor tensor = readNpy(fileOf(input, "x.npy"));
  if (tensor.shape != openNpy(folder() + "/x.npy").shape)
    throw std::logic_error("two readers see two shapes");
}
