// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation.h"

#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class Op, class T>
struct Forward {
  Op op;
  const T* x;
  T* y;
  DUHDR_HD void operator()(std::int64_t i) const { y[i] = T(op(static_cast<Compute<T>>(x[i]))); }
};

template <class Op, class T>
struct Derivative {
  Op op;
  const T* x;
  const T* dy;
  T* dx;
  DUHDR_HD void operator()(std::int64_t i) const {
    dx[i] = T(static_cast<Compute<T>>(dy[i]) * op.derivative(static_cast<Compute<T>>(x[i])));
  }
};

template <class Op>
Variable pointwise(const Variable& input, Op op) {
  const Tensor x = input.value();
  Tensor y(x.shape(), x.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(x.device(), x.numel(), Forward<Op, T>{op, x.data<T>(), y.mutable_data<T>()});
  });
  return Variable::of_op(y, {input}, [x, op](const Tensor& dy, const std::vector<bool>&) {
    Tensor dx(x.shape(), x.dtype(), x.device());
    with_float_type(x.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(x.device(), x.numel(), Derivative<Op, T>{op, x.data<T>(), dy.data<T>(), dx.mutable_data<T>()});
    });
    return std::vector<Tensor>{dx};
  });
}

}  // namespace

Variable affine(const Variable& x, double scale, double shift) { return pointwise(x, Affine{scale, shift}); }
Variable square(const Variable& x) { return pointwise(x, Square{}); }
Variable sqrt(const Variable& x) { return pointwise(x, Sqrt{}); }
Variable abs(const Variable& x) { return pointwise(x, Abs{}); }
Variable exp(const Variable& x) { return pointwise(x, Exp{}); }
Variable log(const Variable& x, double shift) { return pointwise(x, Log{shift}); }
Variable log_square(const Variable& x, double scale, double shift) { return pointwise(x, LogSquare{scale, shift}); }
Variable mu_law(const Variable& x, double mu) { return pointwise(x, MuLaw{mu}); }
Variable clamp(const Variable& x, double lo, double hi) { return pointwise(x, Clamp{lo, hi}); }
Variable relu(const Variable& x) { return pointwise(x, Relu{}); }
Variable leaky_relu(const Variable& x) { return pointwise(x, LeakyRelu{}); }
Variable selu(const Variable& x) { return pointwise(x, Selu{}); }
Variable tanh(const Variable& x) { return pointwise(x, Tanh{}); }
Variable sigmoid(const Variable& x) { return pointwise(x, Sigmoid{}); }
Variable quantise(const Variable& x) { return pointwise(x, Quantise{}); }

Variable activated(const Variable& x, Activation activation) {
  return with_activation(activation, [&](auto row) {
    if constexpr (row.value == Activation::none)
      return x;
    else
      return pointwise(x, typename decltype(row)::Function{});
  });
}

Variable cast(const Variable& x, DType dtype) {
  const DType from = x.dtype();
  return Variable::of_op(x.value().to(dtype), {x}, [from](const Tensor& dy, const std::vector<bool>&) {
    return std::vector<Tensor>{dy.to(from)};
  });
}

}  // namespace duhdr
