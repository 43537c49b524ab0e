// SPDX-License-Identifier: Apache-2.0
#include "kernels/camera/sobel.h"
#include "kernels/reach.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct Forward {
  const T* x;  // [N, h, w, 3]
  T* out;      // [N, h, w, 6]
  std::int64_t h, w;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t row, std::int64_t column) const {
    const T* source = x + image * h * w * 3;
    T* to = out + ((image * h + row) * w + column) * 6;
    for (int c = 0; c < 3; ++c) {
      const auto read = [&](std::int64_t i, std::int64_t j) {
        return static_cast<Compute<T>>(source[(i * w + j) * 3 + c]);
      };
      const auto pair = sobel_at<Compute<T>>(row, column, h, w, read);
      to[2 * c] = T(pair.dy);
      to[2 * c + 1] = T(pair.dx);
    }
  }
};

template <class T>
struct Adjoint {
  const T* gradient;  // [N, h, w, 6]
  T* dx;              // [N, h, w, 3]
  std::int64_t h, w;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t row, std::int64_t column) const {
    const T* source = gradient + image * h * w * 6;
    T* to = dx + ((image * h + row) * w + column) * 3;
    for (int c = 0; c < 3; ++c) {
      const auto read = [&](std::int64_t i, std::int64_t j) {
        const T* pair = source + (i * w + j) * 6 + 2 * c;
        return SobelPair<Compute<T>>{static_cast<Compute<T>>(pair[0]), static_cast<Compute<T>>(pair[1])};
      };
      to[c] = T(sobel_adjoint_at<Compute<T>>(row, column, h, w, read));
    }
  }
};

}  // namespace

Variable sobel(const Variable& input) {
  const Tensor x = input.value();
  const Shape shape = x.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.c() == 3, "sobel of ", shape, ", wanted [N, H, W, 3]");
  Tensor out(shape.with(3, 6), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_pixel(x.device(), shape.n(), shape.h(), shape.w(),
                   Forward<T>{x.data<T>(), out.mutable_data<T>(), shape.h(), shape.w()});
  });
  reads({.before = 1, .after = 1});
  return Variable::of_op(out, {input}, [shape](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dy.dtype(), dy.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each_pixel(dy.device(), shape.n(), shape.h(), shape.w(),
                     Adjoint<T>{dy.data<T>(), dx.mutable_data<T>(), shape.h(), shape.w()});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace duhdr
