// SPDX-License-Identifier: Apache-2.0
#include "kernels/camera/curve.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// The steps of one curve after the lift. Sums are taken in double and in index order.
template <class C>
struct Steps {
  const C* g;
  std::int64_t count;     // of steps, K - 1
  std::int64_t smallest;  // first index of the smallest step
  double lift, total;     // total: of the lifted steps

  DUHDR_HD static Steps of(const C* g, std::int64_t samples) {
    Steps steps{g, samples - 1, 0, 0, 0};
    for (std::int64_t j = 1; j < steps.count; ++j)
      if (steps.raw(j) < steps.raw(steps.smallest)) steps.smallest = j;
    const double lowest = steps.raw(steps.smallest);
    steps.lift = lowest < 0 ? -lowest : 0;
    for (std::int64_t j = 0; j < steps.count; ++j) steps.total += steps.lifted(j);
    return steps;
  }
  DUHDR_HD double raw(std::int64_t j) const { return static_cast<double>(g[j + 1]) - static_cast<double>(g[j]); }
  DUHDR_HD double lifted(std::int64_t j) const { return raw(j) + lift; }
  DUHDR_HD bool flat() const { return total == 0; }
};

template <class C>
struct Monotone {
  const C* g;  // [N, samples]
  C* out;      // [N, samples]
  std::int64_t samples;
  DUHDR_HD void operator()(std::int64_t image) const {
    const Steps<C> steps = Steps<C>::of(g + image * samples, samples);
    C* curve = out + image * samples;
    double sum = 0;
    curve[0] = C(0);
    for (std::int64_t j = 0; j < steps.count; ++j) {
      sum += steps.lifted(j);
      curve[j + 1] =
          C(steps.flat() ? static_cast<double>(j + 1) / static_cast<double>(steps.count) : sum / steps.total);
    }
  }
};

/// With lifted steps e, S_j = e_0 + ... + e_{j-1} and y_j = S_j / S_{K-1}:
/// d loss / d e_i = (sum_{j > i} dy_j - sum_j dy_j y_j) / S_{K-1}; the lift adds minus the sum of these to the smallest
/// step.
template <class C>
struct MonotoneGradient {
  const C* g;   // [N, samples]
  const C* dy;  // [N, samples]
  C* dg;        // [N, samples]
  std::int64_t samples;
  DUHDR_HD void operator()(std::int64_t image) const {
    const Steps<C> steps = Steps<C>::of(g + image * samples, samples);
    const C* gradient = dy + image * samples;
    C* out = dg + image * samples;
    double sum = 0, mean = 0, ramp = 0;  // mean = sum dy_j y_j, ramp = sum j dy_j = sum over i and j > i of dy_j
    for (std::int64_t j = 1; j < samples && !steps.flat(); ++j) {
      sum += steps.lifted(j - 1);
      mean += static_cast<double>(gradient[j]) * (sum / steps.total);
      ramp += static_cast<double>(gradient[j]) * static_cast<double>(j);
    }
    const double by_lift = ramp - static_cast<double>(steps.count) * mean;
    double after = 0, right = 0;  // sum_{j > i} dy_j; d loss / d d_i of the step to the right
    for (std::int64_t i = steps.count - 1; i >= 0; --i) {
      after += static_cast<double>(gradient[i + 1]);
      double left = steps.flat() ? 0 : after - mean;
      if (!steps.flat() && i == steps.smallest && steps.lift > 0) left -= by_lift;
      out[i + 1] = C(steps.flat() ? 0 : (left - right) / steps.total);
      right = left;
    }
    out[0] = C(steps.flat() ? 0 : -right / steps.total);
  }
};

/// What the kernels of apply_curve share: curves of `samples` samples, images of h rows of `row` elements.
template <class T>
struct Curves {
  const Compute<T>* g;  // [N, samples]
  const T* x;           // [N, h, row]
  std::int64_t samples, h, row;
  DUHDR_HD CurvePosition<Compute<T>> at(std::int64_t element) const {
    return CurvePosition<Compute<T>>::of(static_cast<Compute<T>>(x[element]), samples);
  }
};

template <class T>
struct Apply {
  Curves<T> curves;
  T* out;  // [N, h, row]
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t e) const {
    const std::int64_t element = (image * curves.h + y) * curves.row + e;
    out[element] = T(curves.at(element).value(curves.g + image * curves.samples));
  }
};

template <class T>
struct GradientOfX {
  Curves<T> curves;
  const T* dy;  // [N, h, row]
  T* dx;        // [N, h, row]
  DUHDR_HD void operator()(std::int64_t image, std::int64_t y, std::int64_t e) const {
    const std::int64_t element = (image * curves.h + y) * curves.row + e;
    const Compute<T> slope = curves.at(element).slope(curves.g + image * curves.samples, curves.samples);
    dx[element] = T(static_cast<Compute<T>>(dy[element]) * slope);
  }
};

constexpr std::int64_t elements_per_block = 4096;  // fixed, so that the order of additions is

/// The gradient of the samples from one block of one image's elements, into sums of its own.
template <class T>
struct BlockGradientOfCurve {
  Curves<T> curves;
  const T* dy;      // [N, h, row]
  double* partial;  // [N * blocks, samples]
  std::int64_t blocks;
  DUHDR_HD void operator()(std::int64_t image, std::int64_t block, std::int64_t) const {
    const std::int64_t per_image = curves.h * curves.row, first = block * elements_per_block;
    const std::int64_t last = first + elements_per_block < per_image ? first + elements_per_block : per_image;
    double* sums = partial + (image * blocks + block) * curves.samples;
    for (std::int64_t k = 0; k < curves.samples; ++k) sums[k] = 0;
    for (std::int64_t e = image * per_image + first; e < image * per_image + last; ++e) {
      const CurvePosition<Compute<T>> at = curves.at(e);
      const double gradient = static_cast<double>(static_cast<Compute<T>>(dy[e]));
      sums[at.low] += gradient * (1 - static_cast<double>(at.share));
      sums[at.high] += gradient * static_cast<double>(at.share);
    }
  }
};

struct BlockTerm {
  const double* partial;  // [N * blocks, samples]
  std::int64_t blocks, samples;
  DUHDR_HD Terms<1> operator()(std::int64_t image, std::int64_t block, std::int64_t k) const {
    return {{partial[(image * blocks + block) * samples + k]}};
  }
};

template <class T>
Curves<T> curves_of(const Tensor& g, const Tensor& x) {
  const Shape& s = x.shape();
  return {g.data<Compute<T>>(), x.data<T>(), g.shape()[1], s.h(), s.w() * s.c()};
}

Tensor gradient_of_curve(const Tensor& g, const Tensor& x, const Tensor& dy) {
  const std::int64_t n = g.shape()[0], samples = g.shape()[1];
  const std::int64_t per_image = x.shape().h() * x.shape().w() * x.shape().c();
  const std::int64_t blocks = (per_image + elements_per_block - 1) / elements_per_block;
  Tensor partial(Shape{n * blocks, samples}, DType::f64, x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each_pixel(x.device(), n, blocks, 1,
                   BlockGradientOfCurve<T>{curves_of<T>(g, x), dy.data<T>(), partial.mutable_data<double>(), blocks});
  });
  const BlockTerm term{partial.data<double>(), blocks, samples};
  return reduce_rows<1>(x.device(), n, blocks, samples, term).to(g.dtype()).reshape(g.shape());
}

}  // namespace

Variable monotone_curve(const Variable& input) {
  const Tensor g = input.value();
  const Shape shape = g.shape();
  DUHDR_CHECK(shape.rank() == 2 && shape[1] >= 2, "curve of shape ", shape, ", wanted [N, K >= 2]");
  DUHDR_CHECK(g.dtype() == DType::f32 || g.dtype() == DType::f64, "curve in ", name_of(g.dtype()),
              ", wanted f32 or f64");
  Tensor out(shape, g.dtype(), g.device());
  with_float_type(g.dtype(), [&](auto type) {
    using C = Compute<decltype(type)>;
    for_each(g.device(), shape[0], Monotone<C>{g.data<C>(), out.mutable_data<C>(), shape[1]});
  });
  return Variable::of_op(out, {input}, [g, shape](const Tensor& dy, const std::vector<bool>&) {
    Tensor dg(shape, g.dtype(), g.device());
    with_float_type(g.dtype(), [&](auto type) {
      using C = Compute<decltype(type)>;
      for_each(g.device(), shape[0], MonotoneGradient<C>{g.data<C>(), dy.data<C>(), dg.mutable_data<C>(), shape[1]});
    });
    return std::vector<Tensor>{dg};
  });
}

Variable apply_curve(const Variable& curve, const Variable& image) {
  const Tensor g = curve.value(), x = image.value();
  DUHDR_CHECK(g.shape().rank() == 2 && g.shape()[1] >= 2, "curve of shape ", g.shape(), ", wanted [N, K >= 2]");
  DUHDR_CHECK(x.shape().rank() == 4 && x.shape().n() == g.shape()[0], "curves ", g.shape(), " for images ", x.shape());
  DUHDR_CHECK(g.dtype() == (x.dtype() == DType::f64 ? DType::f64 : DType::f32), "curve in ", name_of(g.dtype()),
              " for images in ", name_of(x.dtype()));
  Tensor out(x.shape(), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const Curves<T> curves = curves_of<T>(g, x);
    for_each_pixel(x.device(), x.shape().n(), curves.h, curves.row, Apply<T>{curves, out.mutable_data<T>()});
  });
  return Variable::of_op(out, {curve, image}, [g, x](const Tensor& dy, const std::vector<bool>& wants) {
    Tensor dg, dx;
    if (wants[0]) dg = gradient_of_curve(g, x, dy);
    if (wants[1]) {
      dx = Tensor(x.shape(), x.dtype(), x.device());
      with_float_type(x.dtype(), [&](auto type) {
        using T = decltype(type);
        const Curves<T> curves = curves_of<T>(g, x);
        for_each_pixel(x.device(), x.shape().n(), curves.h, curves.row,
                       GradientOfX<T>{curves, dy.data<T>(), dx.mutable_data<T>()});
      });
    }
    return std::vector<Tensor>{dg, dx};
  });
}

}  // namespace duhdr
