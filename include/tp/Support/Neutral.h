// The element that leaves a reduction as it is: what ranks hold of a partial value that another one keeps.
#pragma once
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"

namespace tp {

/// Sets every element to 0 for a sum, to the least number of the type (-infinity) for a maximum, to the largest for a minimum.
void fillNeutral(HostTensor &tensor, Reduction kind);

} // namespace tp
