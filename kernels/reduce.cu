// SPDX-License-Identifier: Apache-2.0
#include "kernels/reach.h"
#include "kernels/reduce.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

constexpr std::int64_t columns = 64;  // a group of n terms is laid out as rows of this many

template <class T>
struct Value {
  const T* x;
  DUHDR_HD double operator()(std::int64_t i) const { return static_cast<double>(static_cast<Compute<T>>(x[i])); }
};

template <class F>
struct GroupTerms {
  F f;
  std::int64_t n;  // terms of a group
  DUHDR_HD Terms<1> operator()(std::int64_t group, std::int64_t row, std::int64_t column) const {
    const std::int64_t i = row * columns + column;
    return {{i < n ? f(group * n + i) : 0.0}};
  }
};

template <class T>
struct Finish {
  const double* sums;
  double scale;
  T* y;
  DUHDR_HD void operator()(std::int64_t group) const {
    double total = 0;
    for (std::int64_t column = 0; column < columns; ++column) total += sums[group * columns + column];
    y[group] = static_cast<T>(total * scale);
  }
};

/// y[group] = scale * the sum of f over the n elements of the group
template <class T, class F>
Tensor scaled_sums(Device device, const Shape& shape, std::int64_t n, double scale, F f) {
  const std::int64_t groups = shape.numel(), rows = (n + columns - 1) / columns;
  const Tensor sums = reduce_rows<1>(device, groups, rows, columns, GroupTerms<F>{f, n});
  Tensor y(shape, dtype_of<T>(), device);
  for_each(device, groups, Finish<T>{sums.data<double>(), scale, y.template mutable_data<T>()});
  return y;
}

template <class T>
struct SpreadGradient {
  const Compute<T>* dy;
  Compute<T> scale;
  std::int64_t n;
  T* dx;
  DUHDR_HD void operator()(std::int64_t i) const { dx[i] = T(dy[i / n] * scale); }
};

Variable reduced(const Variable& x, const Shape& result, double scale) {
  const Shape shape = x.shape();
  const DType dtype = x.dtype();
  const std::int64_t n = shape.numel() / result.numel();
  Tensor y = with_float_type(dtype, [&](auto type) {
    using T = decltype(type);
    return scaled_sums<Compute<T>>(x.device(), result, n, scale, Value<T>{x.value().template data<T>()});
  });
  reads({.whole = true});
  return Variable::of_op(y, {x}, [shape, dtype, n, scale](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dtype, dy.device());
    with_float_type(dtype, [&](auto type) {
      using T = decltype(type);
      for_each(dy.device(), dx.numel(),
               SpreadGradient<T>{dy.template data<Compute<T>>(), static_cast<Compute<T>>(scale), n,
                                 dx.template mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

template <class T>
DUHDR_HD std::int64_t first_maximum(const T* pixel, std::int64_t channels) {
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < channels; ++c)
    if (static_cast<Compute<T>>(pixel[best]) < static_cast<Compute<T>>(pixel[c])) best = c;
  return best;
}

template <class T>
struct ChannelMax {
  const T* x;
  std::int64_t channels;
  T* y;
  DUHDR_HD void operator()(std::int64_t pixel) const {
    const T* values = x + pixel * channels;
    y[pixel] = values[first_maximum(values, channels)];
  }
};

template <class T>
struct ChannelMaxGradient {
  const T* x;
  const T* dy;
  std::int64_t channels;
  T* dx;
  DUHDR_HD void operator()(std::int64_t pixel) const {
    const std::int64_t best = first_maximum(x + pixel * channels, channels);
    for (std::int64_t c = 0; c < channels; ++c) dx[pixel * channels + c] = c == best ? dy[pixel] : T(0);
  }
};

/// The first maximum of each row of w x c elements, as an index into its image.
template <class T>
struct RowMax {
  const T* x;
  std::int64_t rows, elements;  // of an image; of a row
  double* best;                 // [N, H]
  DUHDR_HD void operator()(std::int64_t i) const {
    best[i] = static_cast<double>(i % rows * elements + first_maximum(x + i * elements, elements));
  }
};

/// The first maximum of each image, from those of its rows.
template <class T>
struct ImageMax {
  const T* x;
  const double* row_best;  // [N, H]
  std::int64_t rows, elements;
  double* best;  // [N]
  T* y;
  DUHDR_HD void operator()(std::int64_t n) const {
    const T* image = x + n * rows * elements;
    auto index = static_cast<std::int64_t>(row_best[n * rows]);
    for (std::int64_t row = 1; row < rows; ++row) {
      const auto other = static_cast<std::int64_t>(row_best[n * rows + row]);
      if (static_cast<Compute<T>>(image[index]) < static_cast<Compute<T>>(image[other])) index = other;
    }
    best[n] = static_cast<double>(index);
    y[n] = image[index];
  }
};

template <class T>
struct ImageMaxGradient {
  const double* best;
  const T* dy;
  std::int64_t elements;  // of an image
  T* dx;
  DUHDR_HD void operator()(std::int64_t i) const {
    const std::int64_t n = i / elements;
    dx[i] = i % elements == static_cast<std::int64_t>(best[n]) ? dy[n] : T(0);
  }
};

Shape per_image(const Variable& x) {
  DUHDR_CHECK(x.shape().rank() == 4 && x.shape().numel() > 0, "expected images [N, H, W, C], got ", x.shape());
  return Shape{x.shape().n(), 1, 1, 1};
}

}  // namespace

Variable sum(const Variable& x) { return reduced(x, Shape{1}, 1); }

Variable mean(const Variable& x) {
  DUHDR_CHECK(x.shape().numel() > 0, "the mean of no elements, shape ", x.shape());
  return reduced(x, Shape{1}, 1 / static_cast<double>(x.shape().numel()));
}

Variable sum_per_image(const Variable& x) { return reduced(x, per_image(x), 1); }

Variable mean_per_image(const Variable& x) {
  const Shape result = per_image(x);
  return reduced(x, result, static_cast<double>(result.numel()) / static_cast<double>(x.shape().numel()));
}

Variable max_per_image(const Variable& input) {
  const Tensor x = input.value();
  const Shape result = per_image(input), shape = x.shape();
  const std::int64_t images = shape.n(), rows = shape.h(), elements = shape.w() * shape.c();
  Tensor y(result, x.dtype(), x.device());
  Tensor row_best(Shape{images, rows}, DType::f64, x.device()), best(Shape{images}, DType::f64, x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(x.device(), images * rows, RowMax<T>{x.data<T>(), rows, elements, row_best.mutable_data<double>()});
    for_each(x.device(), images,
             ImageMax<T>{x.data<T>(), row_best.data<double>(), rows, elements, best.mutable_data<double>(),
                         y.mutable_data<T>()});
  });
  reads({.whole = true});
  return Variable::of_op(y, {input}, [shape, best](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dy.dtype(), dy.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(dy.device(), dx.numel(),
               ImageMaxGradient<T>{best.data<double>(), dy.data<T>(), shape.numel() / shape.n(), dx.mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

Variable channel_max(const Variable& input) {
  const Tensor x = input.value();
  const std::int64_t channels = x.shape().c();
  DUHDR_CHECK(channels > 0, "the largest of no channels, shape ", x.shape());
  Tensor y(x.shape().with(3, 1), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(x.device(), y.numel(), ChannelMax<T>{x.data<T>(), channels, y.mutable_data<T>()});
  });
  return Variable::of_op(y, {input}, [x, channels](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(x.shape(), x.dtype(), x.device());
    with_float_type(x.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(x.device(), dy.numel(),
               ChannelMaxGradient<T>{x.data<T>(), dy.data<T>(), channels, dx.mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace duhdr
