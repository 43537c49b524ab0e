// SPDX-License-Identifier: Apache-2.0
#include "kernels/vgg_input.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct Forward {
  const T* x;
  T* y;
  DUHDR_HD void operator()(std::int64_t i) const {
    const VggScaling scaling;
    const std::int64_t c = i % 3;
    y[i] = T(scaling(static_cast<Compute<T>>(x[i - c + scaling.source(c)]), c));
  }
};

template <class T>
struct Derivative {
  const T* dy;
  T* dx;
  DUHDR_HD void operator()(std::int64_t i) const {
    const std::int64_t c = i % 3;
    dx[i] = T(Compute<T>(255) * static_cast<Compute<T>>(dy[i - c + VggScaling().source(c)]));
  }
};

}  // namespace

Variable vgg_input(const Variable& input) {
  const Tensor x = input.value();
  DUHDR_CHECK(x.shape().c() == 3, "vgg_input of ", x.shape());
  Tensor y(x.shape(), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(x.device(), x.numel(), Forward<T>{x.data<T>(), y.mutable_data<T>()});
  });
  return Variable::of_op(y, {input}, [](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(dy.shape(), dy.dtype(), dy.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(dy.device(), dy.numel(), Derivative<T>{dy.data<T>(), dx.mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace duhdr
