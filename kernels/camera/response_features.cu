// SPDX-License-Identifier: Apache-2.0
#include "kernels/camera/response_features.h"

#include "kernels/camera/histogram.h"
#include "kernels/camera/sobel.h"
#include "kernels/reach.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

constexpr int first_bin_channel = first_sobel_channel + sobel_channels, channels = response_feature_channels;

/// The bins' values of one pixel, from its three clamped values.
template <int Bins, class T>
DUHDR_HD T* write_bins(const Compute<T>* value, T* to) {
  for (int i = 0; i <= Bins; ++i)
    for (int c = 0; c < 3; ++c) to[3 * i + c] = T(SoftBin{Bins}(value[c], i));
  return to + 3 * (Bins + 1);
}

/// Adds the part of the gradient of each value that comes through its bins.
template <int Bins, class T>
DUHDR_HD const T* add_bins(const Compute<T>* value, const T* gradient, Compute<T>* sum) {
  for (int i = 0; i <= Bins; ++i)
    for (int c = 0; c < 3; ++c)
      sum[c] += static_cast<Compute<T>>(gradient[3 * i + c]) * SoftBin{Bins}.derivative(value[c], i);
  return gradient + 3 * (Bins + 1);
}

template <class T>
struct Forward {
  const T* x;  // [N, h, w, 3]
  T* out;      // [N, h, w, 102]
  std::int64_t h, w;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t row, std::int64_t column) const {
    const T* source = x + image * h * w * 3;
    T* to = out + ((image * h + row) * w + column) * channels;
    Compute<T> value[3];
    for (int c = 0; c < 3; ++c) {
      const auto read = [&](std::int64_t i, std::int64_t j) {
        return Clamp{0, 1}(static_cast<Compute<T>>(source[(i * w + j) * 3 + c]));
      };
      value[c] = read(row, column);
      to[c] = T(value[c]);
      const auto pair = sobel_at<Compute<T>>(row, column, h, w, read);
      to[first_sobel_channel + 2 * c] = T(pair.dy);
      to[first_sobel_channel + 2 * c + 1] = T(pair.dx);
    }
    T* next = write_bins<4>(value, to + first_bin_channel);
    next = write_bins<8>(value, next);
    write_bins<16>(value, next);
  }
};

template <class T>
struct Adjoint {
  const T* x;         // [N, h, w, 3]
  const T* gradient;  // [N, h, w, 102]
  T* dx;              // [N, h, w, 3]
  std::int64_t h, w;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t row, std::int64_t column) const {
    const T* images = gradient + image * h * w * channels;
    const T* own = images + (row * w + column) * channels;
    const std::int64_t pixel = (image * h + row) * w + column;
    Compute<T> value[3], sum[3];
    for (int c = 0; c < 3; ++c) {
      const auto read = [&](std::int64_t i, std::int64_t j) {
        const T* pair = images + (i * w + j) * channels + first_sobel_channel + 2 * c;
        return SobelPair<Compute<T>>{static_cast<Compute<T>>(pair[0]), static_cast<Compute<T>>(pair[1])};
      };
      value[c] = Clamp{0, 1}(static_cast<Compute<T>>(x[pixel * 3 + c]));
      sum[c] = static_cast<Compute<T>>(own[c]) + sobel_adjoint_at<Compute<T>>(row, column, h, w, read);
    }
    const T* next = add_bins<4>(value, own + first_bin_channel, sum);
    next = add_bins<8>(value, next, sum);
    add_bins<16>(value, next, sum);
    for (int c = 0; c < 3; ++c)
      dx[pixel * 3 + c] = T(sum[c] * Clamp{0, 1}.derivative(static_cast<Compute<T>>(x[pixel * 3 + c])));
  }
};

}  // namespace

Variable response_features(const Variable& input) {
  const Tensor x = input.value();
  const Shape shape = x.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.c() == 3, "response features of ", shape, ", wanted [N, H, W, 3]");
  Tensor out(shape.with(3, channels), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_pixel(x.device(), shape.n(), shape.h(), shape.w(),
                   Forward<T>{x.data<T>(), out.mutable_data<T>(), shape.h(), shape.w()});
  });
  reads({.before = 1, .after = 1});
  return Variable::of_op(out, {input}, [x](const Tensor& dy, const std::vector<bool>&) {
    return std::vector<Tensor>{response_features_adjoint(x, dy)};
  });
}

Tensor response_features_adjoint(const Tensor& x, const Tensor& gradient) {
  const Shape& s = x.shape();
  Tensor dx(s, x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_pixel(x.device(), s.n(), s.h(), s.w(),
                   Adjoint<T>{x.data<T>(), gradient.data<T>(), dx.mutable_data<T>(), s.h(), s.w()});
  });
  return dx;
}

}  // namespace duhdr
