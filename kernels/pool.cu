// SPDX-License-Identifier: Apache-2.0
#include "kernels/pool.h"

#include "kernels/nhwc.h"
#include "kernels/reach.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct AveragePool {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using A = Compute<T>;
    const T* corner = x + at_x.at(n, 2 * row, 2 * column, c);
    const std::int64_t below = at_x.w * at_x.c;
    const A upper = static_cast<A>(corner[0]) + static_cast<A>(corner[at_x.c]);
    const A lower = static_cast<A>(corner[below]) + static_cast<A>(corner[below + at_x.c]);
    y[at_y.at(n, row, column, c)] = T(A(0.25) * (upper + lower));
  }
};

template <class T>
struct AveragePoolGradient {
  const T* dy;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using A = Compute<T>;
    const bool pooled = row / 2 < at_y.h && column / 2 < at_y.w;
    dx[at_x.at(n, row, column, c)] =
        pooled ? T(A(0.25) * static_cast<A>(dy[at_y.at(n, row / 2, column / 2, c)])) : T(0);
  }
};

/// The rows (or columns) of the windows along one side.
struct Windows {
  std::int64_t kernel, stride, padding;
  /// First and last + 1 result whose window holds input `i`.
  DUHDR_HD std::int64_t first_with(std::int64_t i) const {
    const std::int64_t reach = i + padding - kernel + 1;
    return reach <= 0 ? 0 : (reach + stride - 1) / stride;
  }
  DUHDR_HD std::int64_t end_with(std::int64_t i, std::int64_t results) const {
    const std::int64_t end = (i + padding) / stride + 1;
    return end < results ? end : results;
  }
  DUHDR_HD std::int64_t start(std::int64_t result) const { return result * stride - padding; }
};

template <class T>
struct MaxPool {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  Windows windows;
  std::uint8_t* winner;  // position of the maximum in its window; null when nothing needs it
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    const std::int64_t top = windows.start(row), left = windows.start(column);
    const std::int64_t first_i = top < 0 ? -top : 0, first_j = left < 0 ? -left : 0;
    const std::int64_t end_i = top + windows.kernel > at_x.h ? at_x.h - top : windows.kernel;
    const std::int64_t end_j = left + windows.kernel > at_x.w ? at_x.w - left : windows.kernel;
    T best = x[at_x.at(n, top + first_i, left + first_j, c)];
    std::int64_t best_position = first_i * windows.kernel + first_j;
    for (std::int64_t i = first_i; i < end_i; ++i)
      for (std::int64_t j = first_j; j < end_j; ++j) {
        const T value = x[at_x.at(n, top + i, left + j, c)];
        const auto v = static_cast<Compute<T>>(value);
        const bool wins = (v > static_cast<Compute<T>>(best)) | (v != v);
        best = wins ? value : best;
        best_position = wins ? i * windows.kernel + j : best_position;
      }
    y[at_y.at(n, row, column, c)] = best;
    if (winner) winner[at_y.at(n, row, column, c)] = static_cast<std::uint8_t>(best_position);
  }
};

/// The 2x2 case without padding, which has no edges: the pools of the U-Nets.
template <class T, bool keep_winner>
struct MaxOfFour {
  using A = Compute<T>;
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  std::int64_t stride;
  std::uint8_t* winner;  // as in MaxPool
  /// Takes a later value if it is larger or NaN: selects, no branch.
  DUHDR_HD static void challenge(A value, int position, A& best, int& best_position) {
    const bool wins = (value > best) | (value != value);
    best = wins ? value : best;
    best_position = wins ? position : best_position;
  }
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    const T* corner = x + at_x.at(n, row * stride, column * stride, c);
    const std::int64_t below = at_x.w * at_x.c, i = at_y.at(n, row, column, c);
    A best = static_cast<A>(corner[0]);
    int position = 0;
    challenge(static_cast<A>(corner[at_x.c]), 1, best, position);
    challenge(static_cast<A>(corner[below]), 2, best, position);
    challenge(static_cast<A>(corner[below + at_x.c]), 3, best, position);
    y[i] = T(best);
    if constexpr (keep_winner) winner[i] = static_cast<std::uint8_t>(position);
  }
};

/// Its gradient with stride 2, where windows do not overlap.
template <class T>
struct MaxOfFourGradient {
  const T* dy;
  const std::uint8_t* winner;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t row = y / 2, column = x / 2, position = 2 * (y % 2) + x % 2;
    T& to = dx[at_x.at(n, y, x, c)];
    if (row >= at_y.h || column >= at_y.w) {  // the last row or column of an odd side
      to = T(0);
      return;
    }
    const std::int64_t i = at_y.at(n, row, column, c);
    const T gradient = dy[i];
    to = winner[i] == position ? gradient : T(0);
  }
};

template <class T>
struct MaxPoolGradient {
  const T* dy;
  const std::uint8_t* winner;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  Windows windows;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t row_end = windows.end_with(y, at_y.h), column_end = windows.end_with(x, at_y.w);
    Compute<T> sum = 0;
    for (std::int64_t row = windows.first_with(y); row < row_end; ++row)
      for (std::int64_t column = windows.first_with(x); column < column_end; ++column) {
        const std::int64_t position = (y - windows.start(row)) * windows.kernel + x - windows.start(column);
        const std::int64_t i = at_y.at(n, row, column, c);
        sum += winner[i] == position ? static_cast<Compute<T>>(dy[i]) : Compute<T>(0);
      }
    dx[at_x.at(n, y, x, c)] = T(sum);
  }
};

template <class T>
struct PixelTerms {
  const T* x;
  std::int64_t pixels, channels;
  DUHDR_HD Terms<1> operator()(std::int64_t image, std::int64_t pixel, std::int64_t c) const {
    return {{static_cast<double>(static_cast<Compute<T>>(x[(image * pixels + pixel) * channels + c]))}};
  }
};

template <class T>
struct Scale {
  const double* sums;
  double scale;
  T* y;
  DUHDR_HD void operator()(std::int64_t i) const { y[i] = T(static_cast<Compute<T>>(sums[i] * scale)); }
};

template <class T>
struct SpreadGradient {
  const T* dy;
  Compute<T> scale;
  T* dx;
  Nhwc at_x;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    dx[at_x.at(n, y, x, c)] = T(static_cast<Compute<T>>(dy[n * at_x.c + c]) * scale);
  }
};

std::int64_t pooled_side(std::int64_t side, const Pool2dDesc& desc) {
  const std::int64_t room = side + 2 * std::int64_t{desc.padding} - desc.kernel;
  DUHDR_CHECK(side > 0 && room >= 0, "a ", desc.kernel, "x", desc.kernel, " window on a side of ", side);
  return room / desc.stride + 1;
}

Windows windows_of(const Pool2dDesc& desc) { return {desc.kernel, desc.stride, desc.padding}; }

Tensor max_pool_gradient(const Shape& shape, const Pool2dDesc& desc, const Tensor& winner, const Tensor& dy) {
  Tensor dx(shape, dy.dtype(), dy.device());
  with_float_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = dy.template data<T>();
    T* to = dx.template mutable_data<T>();
    const auto* positions = winner.data<std::uint8_t>();
    const Nhwc at_y(dy.shape()), at_x(shape);
    if (desc.kernel == 2 && desc.stride == 2 && desc.padding == 0)
      for_each_element(dy.device(), shape, MaxOfFourGradient<T>{from, positions, at_y, to, at_x});
    else
      for_each_element(dy.device(), shape, MaxPoolGradient<T>{from, positions, at_y, to, at_x, windows_of(desc)});
  });
  return dx;
}

}  // namespace

Variable avg_pool2d(const Variable& input) {
  const Shape shape = input.shape();
  DUHDR_CHECK(shape.h() >= 2 && shape.w() >= 2, "a 2x2 pool on ", shape);
  const Tensor x = input.value();
  Tensor y(Shape{shape.n(), shape.h() / 2, shape.w() / 2, shape.c()}, x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_element(x.device(), y.shape(),
                     AveragePool<T>{x.data<T>(), Nhwc(shape), y.mutable_data<T>(), Nhwc(y.shape())});
  });
  reads({.stride = 2, .after = 1});
  return Variable::of_op(y, {input}, [shape](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dy.dtype(), dy.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each_element(dy.device(), shape,
                       AveragePoolGradient<T>{dy.data<T>(), Nhwc(dy.shape()), dx.mutable_data<T>(), Nhwc(shape)});
    });
    return std::vector<Tensor>{dx};
  });
}

Variable max_pool2d(const Variable& input, const Pool2dDesc& desc) {
  DUHDR_CHECK(
      desc.kernel >= 1 && desc.kernel <= 15 && desc.stride >= 1 && desc.padding >= 0 && desc.padding <= desc.kernel / 2,
      "max pool with kernel ", desc.kernel, ", stride ", desc.stride, ", padding ", desc.padding);
  const Tensor x = input.value();
  const Shape shape = x.shape();
  const Shape result{shape.n(), pooled_side(shape.h(), desc), pooled_side(shape.w(), desc), shape.c()};
  Tensor y(result, x.dtype(), x.device());
  Tensor winner;
  if (input.requires_grad() && !NoGrad::active()) winner = Tensor(result, DType::u8, x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.template data<T>();
    T* to = y.template mutable_data<T>();
    std::uint8_t* positions = winner.defined() ? winner.mutable_data<std::uint8_t>() : nullptr;
    const Nhwc at_x(shape), at_y(result);
    if (desc.kernel != 2 || desc.padding != 0)
      for_each_element(x.device(), result, MaxPool<T>{from, at_x, to, at_y, windows_of(desc), positions});
    else if (positions)
      for_each_element(x.device(), result, MaxOfFour<T, true>{from, at_x, to, at_y, desc.stride, positions});
    else
      for_each_element(x.device(), result, MaxOfFour<T, false>{from, at_x, to, at_y, desc.stride, nullptr});
  });
  reads({.stride = desc.stride, .before = desc.padding, .after = desc.kernel - 1 - desc.padding});
  return Variable::of_op(y, {input}, [shape, desc, winner](const Tensor& dy, const std::vector<bool>&) {
    return std::vector<Tensor>{max_pool_gradient(shape, desc, winner, dy)};
  });
}

Variable global_avg_pool(const Variable& input) {
  const Tensor x = input.value();
  const Shape shape = x.shape();
  const std::int64_t pixels = shape.h() * shape.w();
  DUHDR_CHECK(pixels > 0, "the mean of no pixels, shape ", shape);
  const double scale = 1 / static_cast<double>(pixels);
  Tensor y(Shape{shape.n(), 1, 1, shape.c()}, x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const Tensor sums =
        reduce_rows<1>(x.device(), shape.n(), pixels, shape.c(), PixelTerms<T>{x.data<T>(), pixels, shape.c()});
    for_each(x.device(), y.numel(), Scale<T>{sums.data<double>(), scale, y.mutable_data<T>()});
  });
  reads({.whole = true});
  return Variable::of_op(y, {input}, [shape, scale](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dy.dtype(), dy.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each_element(
          dy.device(), shape,
          SpreadGradient<T>{dy.data<T>(), static_cast<Compute<T>>(scale), dx.mutable_data<T>(), Nhwc(shape)});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace duhdr
