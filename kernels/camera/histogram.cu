// SPDX-License-Identifier: Apache-2.0
#include "kernels/camera/histogram.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct Forward {
  SoftBin bin;
  const T* x;  // [pixels, 3]
  T* out;      // [pixels, 3 (bins + 1)]
  DUHDR_HD void operator()(std::int64_t pixel) const {
    const T* from = x + pixel * 3;
    T* to = out + pixel * 3 * (bin.bins + 1);
    for (int i = 0; i <= bin.bins; ++i)
      for (int c = 0; c < 3; ++c) to[3 * i + c] = T(bin(static_cast<Compute<T>>(from[c]), i));
  }
};

template <class T>
struct Derivative {
  SoftBin bin;
  const T* x;   // [pixels, 3]
  const T* dy;  // [pixels, 3 (bins + 1)]
  T* dx;        // [pixels, 3]
  DUHDR_HD void operator()(std::int64_t pixel) const {
    const T* gradient = dy + pixel * 3 * (bin.bins + 1);
    for (int c = 0; c < 3; ++c) {
      const Compute<T> value = static_cast<Compute<T>>(x[pixel * 3 + c]);
      Compute<T> sum = 0;
      for (int i = 0; i <= bin.bins; ++i)
        sum += static_cast<Compute<T>>(gradient[3 * i + c]) * bin.derivative(value, i);
      dx[pixel * 3 + c] = T(sum);
    }
  }
};

}  // namespace

Variable soft_histogram(const Variable& input, int bins) {
  const Tensor x = input.value();
  const Shape shape = x.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.c() == 3, "histogram of ", shape, ", wanted [N, H, W, 3]");
  DUHDR_CHECK(bins >= 1, "histogram of ", bins, " bins");
  const SoftBin bin{bins};
  const std::int64_t pixels = shape.n() * shape.h() * shape.w();
  Tensor out(shape.with(3, 3 * (std::int64_t{bins} + 1)), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(x.device(), pixels, Forward<T>{bin, x.data<T>(), out.mutable_data<T>()});
  });
  return Variable::of_op(out, {input}, [x, bin, pixels](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(x.shape(), x.dtype(), x.device());
    with_float_type(x.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(x.device(), pixels, Derivative<T>{bin, x.data<T>(), dy.data<T>(), dx.mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace duhdr
