// The odometer behind Strided.h.
#include "dialects/nn/Strided.h"

namespace tp::nn {

std::vector<int64_t> stridesOf(const std::vector<int64_t> &shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void forEachRow(const std::vector<int64_t> &shape, const StridedView &a, const StridedView &b,
                const std::function<void(int64_t, int64_t, int64_t)> &visit) {
  for (int64_t size : shape)
    if (size == 0)
      return;
  if (shape.empty()) {
    visit(a.offset, b.offset, 1);
    return;
  }
  size_t outer = shape.size() - 1;
  std::vector<int64_t> index(outer, 0);
  int64_t atA = a.offset, atB = b.offset;
  while (true) {
    visit(atA, atB, shape.back());
    size_t dim = outer;
    while (dim-- > 0) {
      atA += a.strides[dim];
      atB += b.strides[dim];
      if (++index[dim] < shape[dim])
        break;
      atA -= shape[dim] * a.strides[dim];
      atB -= shape[dim] * b.strides[dim];
      index[dim] = 0;
    }
    if (dim == static_cast<size_t>(-1))
      return;
  }
}

template <typename Element>
static void copyElements(const std::vector<int64_t> &shape, const std::vector<Element> &from, const StridedView &fromView,
                         std::vector<Element> &to, const StridedView &toView) {
  int64_t fromStep = shape.empty() ? 1 : fromView.strides.back(), toStep = shape.empty() ? 1 : toView.strides.back();
  forEachRow(shape, fromView, toView, [&](int64_t a, int64_t b, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      to[b + i * toStep] = from[a + i * fromStep];
  });
}

void copyStrided(const std::vector<int64_t> &shape, const HostTensor &from, const StridedView &fromView, HostTensor &to,
                 const StridedView &toView) {
  if (from.isFloat())
    copyElements(shape, from.floats, fromView, to.floats, toView);
  else
    copyElements(shape, from.ints, fromView, to.ints, toView);
}

} // namespace tp::nn
