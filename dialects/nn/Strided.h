// Walking tensors by strides: how every op that only moves elements is evaluated.
//
// A broadcast is a stride of 0, a transpose strides in another order, a slice an offset and longer strides, a concat or pad
// the same on the destination's side. So one copy serves them all, for floats and integers.
#pragma once
#include "tp/Support/HostTensor.h"

#include <functional>

namespace tp::nn {

/// Row-major strides of `shape`, in elements.
std::vector<int64_t> stridesOf(const std::vector<int64_t> &shape);

/// Where a walk begins in a tensor and how far each step along a dimension goes.
struct StridedView {
  int64_t offset = 0;
  std::vector<int64_t> strides;
};

/// Calls `visit(a, b, count)` for every row (innermost dimension) of `shape`: `a` and `b` are the row's first elements in two
/// views, which then go on by their innermost strides. A shape of rank 0 is one row of one element.
void forEachRow(const std::vector<int64_t> &shape, const StridedView &a, const StridedView &b,
                const std::function<void(int64_t a, int64_t b, int64_t count)> &visit);

/// to[view `toView`] = from[view `fromView`] for every index in `shape`. The element types agree.
void copyStrided(const std::vector<int64_t> &shape, const HostTensor &from, const StridedView &fromView, HostTensor &to,
                 const StridedView &toView);

} // namespace tp::nn
