// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"

#include "kernels/nhwc.h"
#include "kernels/reach.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct Nearest {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    y[at_y.at(n, row, column, c)] = x[at_x.at(n, row / 2, column / 2, c)];
  }
};

template <class T>
struct NearestGradient {
  const T* dy;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using A = Compute<T>;
    const T* corner = dy + at_y.at(n, 2 * row, 2 * column, c);
    const std::int64_t below = at_y.w * at_y.c;
    const A upper = static_cast<A>(corner[0]) + static_cast<A>(corner[at_y.c]);
    const A lower = static_cast<A>(corner[below]) + static_cast<A>(corner[below + at_y.c]);
    dx[at_x.at(n, row, column, c)] = T(upper + lower);
  }
};

/// The two inputs of result `i` along a side of n: `near` with weight 3/4, `far` with 1/4.
struct BilinearPair {
  std::int64_t near, far;
  DUHDR_HD BilinearPair(std::int64_t i, std::int64_t n) : near(i / 2), far(i % 2 == 0 ? i / 2 - 1 : i / 2 + 1) {
    if (far < 0) far = 0;
    if (far >= n) far = n - 1;
  }
};

template <class T>
struct Bilinear {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  struct Pixel {
    const T *near_near, *near_far, *far_near, *far_far;  // row and column
    T* to;
    DUHDR_HD void operator()(std::int64_t c) const {
      using A = Compute<T>;
      const A near = A(0.75) * static_cast<A>(near_near[c]) + A(0.25) * static_cast<A>(near_far[c]);
      const A far = A(0.75) * static_cast<A>(far_near[c]) + A(0.25) * static_cast<A>(far_far[c]);
      to[c] = T(A(0.75) * near + A(0.25) * far);
    }
  };
  DUHDR_HD Pixel pixel(std::int64_t n, std::int64_t row, std::int64_t column) const {
    const BilinearPair rows(row, at_x.h), columns(column, at_x.w);
    const T *near = x + at_x.at(n, rows.near, 0, 0), *far = x + at_x.at(n, rows.far, 0, 0);
    const std::int64_t near_column = columns.near * at_x.c, far_column = columns.far * at_x.c;
    return {near + near_column, near + far_column, far + near_column, far + far_column, y + at_y.at(n, row, column, 0)};
  }
};

/// The results that input `i` of a side of n is in: 2i - 1 + k, k in [0, 4), with their weights. Where there is no such
/// result the weight is 0, and the next one stands for it.
template <class A>
struct BilinearShares {
  std::int64_t from[4];
  A share[4];
  DUHDR_HD BilinearShares(std::int64_t i, std::int64_t n)
      : from{i == 0 ? 0 : 2 * i - 1, 2 * i, 2 * i + 1, i == n - 1 ? 2 * i + 1 : 2 * i + 2},
        share{i == 0 ? A(0) : A(0.25), i == 0 ? A(1) : A(0.75),  // the far input of the first result is `i` as well
              i == n - 1 ? A(1) : A(0.75), i == n - 1 ? A(0) : A(0.25)} {}
};

template <class T>
struct BilinearGradient {
  const T* dy;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  struct Pixel {
    const T* from[4][4];
    Compute<T> row_share[4], column_share[4];
    T* to;
    DUHDR_HD void operator()(std::int64_t c) const {
      using A = Compute<T>;
      A sum = 0;
      for (int i = 0; i < 4; ++i) {
        A row_sum = 0;
        for (int j = 0; j < 4; ++j) row_sum += column_share[j] * static_cast<A>(from[i][j][c]);
        sum += row_share[i] * row_sum;
      }
      to[c] = T(sum);
    }
  };
  DUHDR_HD Pixel pixel(std::int64_t n, std::int64_t row, std::int64_t column) const {
    const BilinearShares<Compute<T>> rows(row, at_x.h), columns(column, at_x.w);
    Pixel made;
    for (int i = 0; i < 4; ++i) {
      made.row_share[i] = rows.share[i];
      made.column_share[i] = columns.share[i];
      for (int j = 0; j < 4; ++j) made.from[i][j] = dy + at_y.at(n, rows.from[i], columns.from[j], 0);
    }
    made.to = dx + at_x.at(n, row, column, 0);
    return made;
  }
};

/// One side of `from` pixels resampled to `to`. In units of 1 / (2 to) of a pixel everything is a whole number.
struct Samples {
  std::int64_t from, to;
  /// Where `result` lies between two inputs: the weight of `upper` is `share`, that of `lower` 1 - share.
  template <class A>
  struct Place {
    std::int64_t lower, upper;
    A share;
  };
  template <class A>
  DUHDR_HD Place<A> place(std::int64_t result) const {
    const std::int64_t unit = 2 * to, centre = (2 * result + 1) * from - to;
    const std::int64_t position = centre > 0 ? centre : 0, lower = position / unit;
    const std::int64_t upper = lower + 1 < from ? lower + 1 : from - 1;
    return {lower, upper, static_cast<A>(position % unit) / static_cast<A>(unit)};
  }
  template <class A>
  DUHDR_HD A share(std::int64_t input, std::int64_t result) const {
    const Place<A> p = place<A>(result);
    return (p.lower == input ? A(1) - p.share : A(0)) + (p.upper == input ? p.share : A(0));
  }
  // Only the results between the centres of the inputs before and after `input` depend on it.
  DUHDR_HD std::int64_t first_result(std::int64_t input) const { return input == 0 ? 0 : from_centre(input - 1); }
  DUHDR_HD std::int64_t end_result(std::int64_t input) const { return input == from - 1 ? to : from_centre(input + 1); }

 private:
  /// The first result at or behind the centre of `input`.
  DUHDR_HD std::int64_t from_centre(std::int64_t input) const {
    const std::int64_t distance = (2 * input + 1) * to - from;
    return distance > 0 ? (distance + 2 * from - 1) / (2 * from) : 0;
  }
};

template <class T>
struct BilinearSample {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  Samples rows, columns;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using A = Compute<T>;
    const auto r = rows.place<A>(row), k = columns.place<A>(column);
    const auto along_row = [&](std::int64_t i) {
      return (A(1) - k.share) * static_cast<A>(x[at_x.at(n, i, k.lower, c)]) +
             k.share * static_cast<A>(x[at_x.at(n, i, k.upper, c)]);
    };
    y[at_y.at(n, row, column, c)] = T((A(1) - r.share) * along_row(r.lower) + r.share * along_row(r.upper));
  }
};

/// fine[i r + dy, j r + dx, c] = coarse[i, j, c r^2 + dy r + dx], run over the fine pixels; `back` swaps the sides.
template <class T, bool back>
struct Shuffle {
  std::conditional_t<back, T*, const T*> coarse;
  Nhwc at_coarse;
  std::conditional_t<back, const T*, T*> fine;
  Nhwc at_fine;
  std::int64_t factor;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t channel = (c * factor + y % factor) * factor + x % factor;
    const std::int64_t i = at_fine.at(n, y, x, c), j = at_coarse.at(n, y / factor, x / factor, channel);
    if constexpr (back)
      coarse[j] = fine[i];
    else
      fine[i] = coarse[j];
  }
};

Tensor fine_of(const Tensor& coarse, std::int64_t factor) {
  const Shape shape = coarse.shape();
  DUHDR_CHECK(factor >= 1 && shape.c() % (factor * factor) == 0, "pixel shuffle of ", shape, " by ", factor);
  Tensor fine(Shape{shape.n(), shape.h() * factor, shape.w() * factor, shape.c() / (factor * factor)}, coarse.dtype(),
              coarse.device());
  with_float_type(coarse.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_element(coarse.device(), fine.shape(),
                     Shuffle<T, false>{coarse.template data<T>(), Nhwc(shape), fine.template mutable_data<T>(),
                                       Nhwc(fine.shape()), factor});
  });
  return fine;
}

Tensor coarse_of(const Tensor& fine, std::int64_t factor) {
  const Shape shape = fine.shape();
  DUHDR_CHECK(factor >= 1 && shape.h() % factor == 0 && shape.w() % factor == 0, "pixel unshuffle of ", shape, " by ",
              factor);
  Tensor coarse(Shape{shape.n(), shape.h() / factor, shape.w() / factor, shape.c() * factor * factor}, fine.dtype(),
                fine.device());
  with_float_type(fine.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_element(fine.device(), shape,
                     Shuffle<T, true>{coarse.template mutable_data<T>(), Nhwc(coarse.shape()), fine.template data<T>(),
                                      Nhwc(shape), factor});
  });
  return coarse;
}

/// One side of `from` pixels averaged down to `to`. In units of 1 / to of a pixel everything is a whole number.
struct Boxes {
  std::int64_t from, to;
  DUHDR_HD std::int64_t first_input(std::int64_t result) const { return result * from / to; }
  DUHDR_HD std::int64_t end_input(std::int64_t result) const { return ((result + 1) * from + to - 1) / to; }
  DUHDR_HD std::int64_t first_result(std::int64_t input) const { return input * to / from; }
  DUHDR_HD std::int64_t end_result(std::int64_t input) const { return ((input + 1) * to + from - 1) / from; }
  /// The share of `input` in `result`; the shares of a result add up to 1.
  template <class A>
  DUHDR_HD A share(std::int64_t input, std::int64_t result) const {
    const std::int64_t box_start = result * from, box_end = box_start + from;
    const std::int64_t pixel_start = input * to, pixel_end = pixel_start + to;
    const std::int64_t start = box_start > pixel_start ? box_start : pixel_start;
    const std::int64_t end = box_end < pixel_end ? box_end : pixel_end;
    return static_cast<A>(end - start) / static_cast<A>(from);
  }
};

template <class T>
struct AreaAverage {
  const T* x;
  Nhwc at_x;
  T* y;
  Nhwc at_y;
  Boxes rows, columns;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using A = Compute<T>;
    const std::int64_t row_end = rows.end_input(row), column_end = columns.end_input(column);
    A sum = 0;
    for (std::int64_t i = rows.first_input(row); i < row_end; ++i) {
      A row_sum = 0;
      for (std::int64_t j = columns.first_input(column); j < column_end; ++j)
        row_sum += columns.share<A>(j, column) * static_cast<A>(x[at_x.at(n, i, j, c)]);
      sum += rows.share<A>(i, row) * row_sum;
    }
    y[at_y.at(n, row, column, c)] = T(sum);
  }
};

/// The way back of a weighted average over Spans (Samples or Boxes): every input gathers its share of the results.
template <class T, class Spans>
struct AverageGradient {
  const T* dy;
  Nhwc at_y;
  T* dx;
  Nhwc at_x;
  Spans rows, columns;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using A = Compute<T>;
    const std::int64_t row_end = rows.end_result(row), column_end = columns.end_result(column);
    A sum = 0;
    for (std::int64_t i = rows.first_result(row); i < row_end; ++i)
      for (std::int64_t j = columns.first_result(column); j < column_end; ++j)
        sum += rows.template share<A>(row, i) * columns.template share<A>(column, j) *
               static_cast<A>(dy[at_y.at(n, i, j, c)]);
    dx[at_x.at(n, row, column, c)] = T(sum);
  }
};

template <class T>
using BilinearSampleGradient = AverageGradient<T, Samples>;
template <class T>
using AreaAverageGradient = AverageGradient<T, Boxes>;

/// An op that runs Forward<T> once a result element and Gradient<T> once an input element; `extra` are their fields
/// behind the four common ones, `window` what a result reads.
template <template <class> class Forward, template <class> class Gradient, class... Extra>
Variable resampled(const Variable& input, const Shape& result, const Window& window, Extra... extra) {
  const Tensor x = input.value();
  const Shape shape = x.shape();
  Tensor y(result, x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_element(x.device(), result,
                     Forward<T>{x.data<T>(), Nhwc(shape), y.mutable_data<T>(), Nhwc(result), extra...});
  });
  reads(window);
  return Variable::of_op(y, {input}, [shape, extra...](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(shape, dy.dtype(), dy.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each_element(dy.device(), shape,
                       Gradient<T>{dy.data<T>(), Nhwc(dy.shape()), dx.mutable_data<T>(), Nhwc(shape), extra...});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace

Variable upsample_nearest2x(const Variable& x) {
  const Shape shape = x.shape();
  return resampled<Nearest, NearestGradient>(x, Shape{shape.n(), 2 * shape.h(), 2 * shape.w(), shape.c()},
                                             {.enlarge = 2});
}

Variable upsample_bilinear2x(const Variable& x) {
  const Shape shape = x.shape();
  return resampled<Bilinear, BilinearGradient>(x, Shape{shape.n(), 2 * shape.h(), 2 * shape.w(), shape.c()},
                                               {.before = 1, .after = 1, .enlarge = 2});
}

Variable area_downscale(const Variable& x, std::int64_t height, std::int64_t width) {
  const Shape shape = x.shape();
  DUHDR_CHECK(height >= 1 && height <= shape.h() && width >= 1 && width <= shape.w(), "area average of ", shape, " to ",
              height, " x ", width);
  return resampled<AreaAverage, AreaAverageGradient>(x, Shape{shape.n(), height, width, shape.c()},
                                                     Window{.whole = true}, Boxes{shape.h(), height},
                                                     Boxes{shape.w(), width});
}

Variable resize_bilinear(const Variable& x, std::int64_t height, std::int64_t width) {
  const Shape shape = x.shape();
  DUHDR_CHECK(height >= 1 && width >= 1 && shape.h() >= 1 && shape.w() >= 1, "bilinear samples of ", shape, " to ",
              height, " x ", width);
  return resampled<BilinearSample, BilinearSampleGradient>(x, Shape{shape.n(), height, width, shape.c()},
                                                           Window{.whole = true}, Samples{shape.h(), height},
                                                           Samples{shape.w(), width});
}

Variable pixel_shuffle(const Variable& x, std::int64_t factor) {
  Tensor y = fine_of(x.value(), factor);
  reads({.enlarge = factor});
  return Variable::of_op(std::move(y), {x}, [factor](const Tensor& dy, const std::vector<bool>&) {
    return std::vector<Tensor>{coarse_of(dy, factor)};
  });
}

Variable pixel_unshuffle(const Variable& x, std::int64_t factor) {
  Tensor y = coarse_of(x.value(), factor);
  reads({.stride = factor, .after = factor - 1});
  return Variable::of_op(std::move(y), {x}, [factor](const Tensor& dy, const std::vector<bool>&) {
    return std::vector<Tensor>{fine_of(dy, factor)};
  });
}

}  // namespace duhdr
