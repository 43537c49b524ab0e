// SPDX-License-Identifier: Apache-2.0
#include "kernels/pool.h"

#include <type_traits>

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
  struct Pixel {
    const T *upper, *lower;
    std::int64_t channels;
    T* to;
    DUHDR_HD void operator()(std::int64_t c) const {
      using A = Compute<T>;
      const A above = static_cast<A>(upper[c]) + static_cast<A>(upper[c + channels]);
      const A below = static_cast<A>(lower[c]) + static_cast<A>(lower[c + channels]);
      to[c] = T(A(0.25) * (above + below));
    }
  };
  DUHDR_HD Pixel pixel(std::int64_t n, std::int64_t row, std::int64_t column) const {
    const T* corner = x + at_x.at(n, 2 * row, 2 * column, 0);
    return {corner, corner + at_x.w * at_x.c, at_x.c, y + at_y.at(n, row, column, 0)};
  }
};

template <class T>
struct AveragePoolGradient {
  const T* dy;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  struct Pixel {
    const T* from;
    Compute<T> share;
    T* to;
    DUHDR_HD void operator()(std::int64_t c) const { to[c] = T(share * static_cast<Compute<T>>(from[c])); }
  };
  DUHDR_HD Pixel pixel(std::int64_t n, std::int64_t row, std::int64_t column) const {
    T* to = dx + at_x.at(n, row, column, 0);
    const bool pooled = row / 2 < at_y.h && column / 2 < at_y.w;
    if (!pooled) return {dy, 0, to};  // the last row or column of an odd side
    return {dy + at_y.at(n, row / 2, column / 2, 0), Compute<T>(0.25), to};
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
  /// Place k of a window that begins at `start`, or its place next to k that a side of n has.
  DUHDR_HD std::int64_t inside(std::int64_t k, std::int64_t start, std::int64_t n) const {
    const std::int64_t first = start < 0 ? -start : 0, room = n - start < kernel ? n - start : kernel;
    return k < first ? first : k < room ? k : room - 1;
  }
};

/// Windows of up to most x most; their places outside the image stand for the next ones inside.
template <class T, int most, bool keep_winner>
struct MaxPool {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  Windows windows;
  std::uint8_t* winner;  // position of the maximum in its window
  struct Pixel {
    const T* from[most * most];
    int position[most * most];
    T* to;
    std::uint8_t* winner;
    DUHDR_HD void operator()(std::int64_t c) const {
      using A = Compute<T>;
      A best = static_cast<A>(from[0][c]);
      int best_position = position[0];
      for (int k = 1; k < most * most; ++k) {
        const A value = static_cast<A>(from[k][c]);
        const bool wins = (value > best) | (value != value);
        best = wins ? value : best;
        best_position = wins ? position[k] : best_position;
      }
      to[c] = T(best);
      if constexpr (keep_winner) winner[c] = static_cast<std::uint8_t>(best_position);
    }
  };
  DUHDR_HD Pixel pixel(std::int64_t n, std::int64_t row, std::int64_t column) const {
    Pixel made;
    const std::int64_t top = windows.start(row), left = windows.start(column), to = at_y.at(n, row, column, 0);
    for (int i = 0; i < most; ++i)
      for (int j = 0; j < most; ++j) {
        const std::int64_t k = windows.inside(i, top, at_x.h), l = windows.inside(j, left, at_x.w);
        made.from[i * most + j] = x + at_x.at(n, top + k, left + l, 0);
        made.position[i * most + j] = static_cast<int>(k * windows.kernel + l);
      }
    made.to = y + to;
    made.winner = keep_winner ? winner + to : nullptr;
    return made;
  }
};

/// An input is in up to most x most windows.
template <class T, int most>
struct MaxPoolGradient {
  const T* dy;
  const std::uint8_t* winner;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  Windows windows;
  struct Pixel {
    const T* from[most * most];
    const std::uint8_t* winner[most * most];
    int position[most * most];  // of the input in the window; -1: there is no such window
    T* to;
    DUHDR_HD void operator()(std::int64_t c) const {
      Compute<T> sum = 0;
      for (int k = 0; k < most * most; ++k)
        sum += winner[k][c] == position[k] ? static_cast<Compute<T>>(from[k][c]) : Compute<T>(0);
      to[c] = T(sum);
    }
  };
  DUHDR_HD Pixel pixel(std::int64_t n, std::int64_t y, std::int64_t x) const {
    Pixel made;
    const std::int64_t first_row = windows.first_with(y), row_end = windows.end_with(y, at_y.h);
    const std::int64_t first_column = windows.first_with(x), column_end = windows.end_with(x, at_y.w);
    for (int i = 0; i < most; ++i)
      for (int j = 0; j < most; ++j) {
        const std::int64_t row = first_row + i, column = first_column + j;
        const bool holds = row < row_end && column < column_end;
        const std::int64_t from = holds ? at_y.at(n, row, column, 0) : 0;
        const std::int64_t position = (y - windows.start(row)) * windows.kernel + x - windows.start(column);
        made.from[i * most + j] = dy + from;
        made.winner[i * most + j] = winner + from;
        made.position[i * most + j] = holds ? static_cast<int>(position) : -1;
      }
    made.to = dx + at_x.at(n, y, x, 0);
    return made;
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

constexpr int largest_kernel = 15;

/// f(constant) of the least of 1, 2, 3 and `largest_kernel` that is not below `count`: what loops may be unrolled to.
template <class F>
void with_most(int count, F f) {
  if (count == 1)
    f(std::integral_constant<int, 1>());
  else if (count == 2)
    f(std::integral_constant<int, 2>());
  else if (count == 3)
    f(std::integral_constant<int, 3>());
  else
    f(std::integral_constant<int, largest_kernel>());
}

template <bool keep_winner>
void max_pool(const Tensor& x, const Pool2dDesc& desc, Tensor& y, std::uint8_t* winner) {
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    with_most(desc.kernel, [&](auto most) {
      for_each_element(
          x.device(), y.shape(),
          MaxPool<T, most.value, keep_winner>{x.template data<T>(), Nhwc(x.shape()), y.template mutable_data<T>(),
                                              Nhwc(y.shape()), windows_of(desc), winner});
    });
  });
}

Tensor max_pool_gradient(const Shape& shape, const Pool2dDesc& desc, const Tensor& winner, const Tensor& dy) {
  Tensor dx(shape, dy.dtype(), dy.device());
  with_float_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    with_most((desc.kernel + desc.stride - 1) / desc.stride, [&](auto most) {
      for_each_element(
          dy.device(), shape,
          MaxPoolGradient<T, most.value>{dy.template data<T>(), winner.data<std::uint8_t>(), Nhwc(dy.shape()),
                                         dx.template mutable_data<T>(), Nhwc(shape), windows_of(desc)});
    });
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
  DUHDR_CHECK(desc.kernel >= 1 && desc.kernel <= largest_kernel && desc.stride >= 1 && desc.padding >= 0 &&
                  desc.padding <= desc.kernel / 2,
              "max pool with kernel ", desc.kernel, ", stride ", desc.stride, ", padding ", desc.padding);
  const Tensor x = input.value();
  const Shape shape = x.shape();
  const Shape result{shape.n(), pooled_side(shape.h(), desc), pooled_side(shape.w(), desc), shape.c()};
  Tensor y(result, x.dtype(), x.device());
  Tensor winner;
  if (input.requires_grad() && !NoGrad::active()) {
    winner = Tensor(result, DType::u8, x.device());
    max_pool<true>(x, desc, y, winner.mutable_data<std::uint8_t>());
  } else {
    max_pool<false>(x, desc, y, nullptr);
  }
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
