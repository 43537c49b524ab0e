// SPDX-License-Identifier: Apache-2.0
#include "kernels/camera/mask.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// The first of the brightest channels of one pixel.
template <class T>
DUHDR_HD int brightest_of(const T* pixel) {
  int best = 0;
  for (int c = 1; c < 3; ++c)
    if (static_cast<Compute<T>>(pixel[c]) > static_cast<Compute<T>>(pixel[best])) best = c;
  return best;
}

template <class T>
struct Mask {
  ExposureMask op;
  const T* x;  // [pixels, 3]
  T* mask;     // [pixels]
  DUHDR_HD void operator()(std::int64_t i) const {
    mask[i] = T(op(static_cast<Compute<T>>(x[3 * i + brightest_of(x + 3 * i)])));
  }
};

template <class T>
struct MaskDerivative {
  ExposureMask op;
  const T* x;   // [pixels, 3]
  const T* dy;  // [pixels]
  T* dx;        // [pixels, 3]
  DUHDR_HD void operator()(std::int64_t i) const {
    const int best = brightest_of(x + 3 * i);
    const Compute<T> slope = op.derivative(static_cast<Compute<T>>(x[3 * i + best]));
    for (int c = 0; c < 3; ++c)
      dx[3 * i + c] = c == best ? T(static_cast<Compute<T>>(dy[i]) * slope) : T(Compute<T>(0));
  }
};

template <class Op, class T>
struct Fill {
  Op op;
  const T* x;         // [pixels, 3]
  const T* mask;      // [pixels]
  const T* residual;  // [pixels, 3]
  T* out;             // [pixels, 3]
  DUHDR_HD void operator()(std::int64_t i) const {
    using C = Compute<T>;
    const C m = static_cast<C>(mask[i]);
    for (std::int64_t e = 3 * i; e < 3 * i + 3; ++e)
      out[e] = T(op(static_cast<C>(x[e]), m, static_cast<C>(residual[e])));
  }
};

template <class Op, class T>
struct FillDerivative {
  Op op;
  const T* x;         // [pixels, 3], null where the operation does not read it
  const T* mask;      // [pixels]
  const T* residual;  // [pixels, 3]
  const T* dy;        // [pixels, 3]
  T* dx;              // [pixels, 3] or null
  T* dmask;           // [pixels] or null
  T* dresidual;       // [pixels, 3] or null
  DUHDR_HD void operator()(std::int64_t i) const {
    using C = Compute<T>;
    const C m = static_cast<C>(mask[i]);
    C sum = 0;
    for (std::int64_t e = 3 * i; e < 3 * i + 3; ++e) {
      const C base = x ? static_cast<C>(x[e]) : C(0), r = static_cast<C>(residual[e]), d = static_cast<C>(dy[e]);
      if (dx) dx[e] = T(d * op.by_x(m, r));
      if (dmask) sum += d * op.by_mask(base, m, r);
      if (dresidual) dresidual[e] = T(d * op.by_residual(base, m, r));
    }
    if (dmask) dmask[i] = T(sum);
  }
};

template <class T>
T* data_or_null(Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data<T>() : nullptr;
}

template <class Op>
Variable fill_masked(const Variable& input, const Variable& mask, const Variable& residual, Op op) {
  const Tensor m = mask.value(), r = residual.value(), x = Op::reads_x ? input.value() : Tensor();
  const Shape shape = input.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.c() == 3 && r.shape() == shape && m.shape() == shape.with(3, 1), "filling ",
              shape, ", mask ", m.shape(), ", residual ", r.shape());
  DUHDR_CHECK(m.dtype() == input.dtype() && r.dtype() == input.dtype(), "filling with mixed element types");
  Tensor out(shape, input.dtype(), input.device());
  with_float_type(out.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(out.device(), m.numel(),
             Fill<Op, T>{op, input.value().data<T>(), m.data<T>(), r.data<T>(), out.mutable_data<T>()});
  });
  return Variable::of_op(out, {input, mask, residual}, [x, m, r, op](const Tensor& dy, const std::vector<bool>& wants) {
    Tensor dx = Op::reads_x ? Tensor() : dy, dmask, dresidual;
    if (Op::reads_x && wants[0]) dx = Tensor(r.shape(), r.dtype(), r.device());
    if (wants[1]) dmask = Tensor(m.shape(), m.dtype(), m.device());
    if (wants[2]) dresidual = Tensor(r.shape(), r.dtype(), r.device());
    with_float_type(dy.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(dy.device(), m.numel(),
               FillDerivative<Op, T>{op, x.defined() ? x.data<T>() : nullptr, m.data<T>(), r.data<T>(), dy.data<T>(),
                                     Op::reads_x ? data_or_null<T>(dx) : nullptr, data_or_null<T>(dmask),
                                     data_or_null<T>(dresidual)});
    });
    return std::vector<Tensor>{dx, dmask, dresidual};
  });
}

}  // namespace

Variable exposure_mask(const Variable& input, double alpha) {
  const Tensor x = input.value();
  const Shape shape = x.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.c() == 3, "exposure mask of ", shape, ", wanted [N, H, W, 3]");
  DUHDR_CHECK(alpha >= 0 && alpha < 1, "exposure mask from ", alpha, ", wanted [0, 1)");
  const ExposureMask op{alpha};
  Tensor mask(shape.with(3, 1), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(x.device(), mask.numel(), Mask<T>{op, x.data<T>(), mask.mutable_data<T>()});
  });
  return Variable::of_op(mask, {input}, [x, op](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(x.shape(), x.dtype(), x.device());
    with_float_type(x.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(x.device(), dy.numel(), MaskDerivative<T>{op, x.data<T>(), dy.data<T>(), dx.mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

Variable masked_add(const Variable& x, const Variable& mask, const Variable& residual) {
  return fill_masked(x, mask, residual, MaskedAdd{});
}

Variable masked_gain(const Variable& x, const Variable& mask, const Variable& residual) {
  return fill_masked(x, mask, residual, MaskedGain{});
}

}  // namespace duhdr
