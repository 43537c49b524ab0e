// SPDX-License-Identifier: Apache-2.0
#include "kernels/linear.h"

#include "kernels/linear_cublas.h"
#include "kernels/op_counter.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// A matrix by its strides, so that a transpose is a matter of order.
template <class T>
struct Strided {
  const T* data;
  std::int64_t row, column;
  explicit Strided(const Factor& factor)
      : data(factor.matrix.data<T>()),
        row(factor.transposed ? 1 : factor.matrix.shape()[1]),
        column(factor.transposed ? factor.matrix.shape()[1] : 1) {}
};

/// product[m, n] = sum over k of a[m, k] b[k, n], in four interleaved sums.
template <class T>
struct Product {
  Strided<T> a, b;
  std::int64_t depth, columns;
  Compute<T>* product;
  DUHDR_HD void operator()(std::int64_t i) const {
    using A = Compute<T>;
    const T* left = a.data + i / columns * a.row;
    const T* right = b.data + i % columns * b.column;
    A sum[4] = {};
    std::int64_t k = 0;
    for (; k + 4 <= depth; k += 4)
      for (std::int64_t j = 0; j < 4; ++j)
        sum[j] += static_cast<A>(left[(k + j) * a.column]) * static_cast<A>(right[(k + j) * b.row]);
    for (; k < depth; ++k) sum[0] += static_cast<A>(left[k * a.column]) * static_cast<A>(right[k * b.row]);
    product[i] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
};

/// a b in the type of the arithmetic.
template <class T>
Tensor multiply(const Factor& a, const Factor& b) {
  const Device device = a.matrix.device();
  Tensor product(Shape{a.rows(), b.columns()}, dtype_of<Compute<T>>(), device);
  if (device.is_cuda()) {
    cuda::multiply(a, b, product);
    return product;
  }
  for_each(
      device, product.numel(),
      Product<T>{Strided<T>(a), Strided<T>(b), a.columns(), b.columns(), product.template mutable_data<Compute<T>>()});
  return product;
}

template <class T>
struct Epilogue {
  const Compute<T>* product;
  const T* bias;  // or null
  Activation activation;
  std::int64_t outputs;
  T* y;
  DUHDR_HD void operator()(std::int64_t i) const {
    const Compute<T> shift = bias ? static_cast<Compute<T>>(bias[i % outputs]) : Compute<T>(0);
    y[i] = T(activate(activation, product[i] + shift));
  }
};

/// The gradient before the activation.
template <class T>
struct ActivationGradient {
  const T* y;
  const T* dy;
  Activation activation;
  T* g;
  DUHDR_HD void operator()(std::int64_t i) const {
    using A = Compute<T>;
    g[i] = T(static_cast<A>(dy[i]) * activation_slope(activation, static_cast<A>(y[i])));
  }
};

template <class T>
struct RowTerms {
  const T* g;
  std::int64_t outputs;
  DUHDR_HD Terms<1> operator()(std::int64_t, std::int64_t row, std::int64_t o) const {
    return {{static_cast<double>(static_cast<Compute<T>>(g[row * outputs + o]))}};
  }
};

/// What backward keeps; y is undefined without an activation.
struct Kept {
  Tensor x, weight, y;  // x as [N, I]
  Shape shape;          // of x as it came
  Activation activation;
};

template <class T>
std::vector<Tensor> gradients(const Kept& kept, const Tensor& dy, const std::vector<bool>& wants) {
  const DType dtype = kept.x.dtype();
  Tensor g = dy, dx, dweight, dbias;
  if (kept.y.defined()) {
    g = Tensor(dy.shape(), dtype, dy.device());
    for_each(dy.device(), dy.numel(),
             ActivationGradient<T>{kept.y.data<T>(), dy.data<T>(), kept.activation, g.mutable_data<T>()});
  }
  if (wants[0]) dx = multiply<T>({g}, {kept.weight}).to(dtype).reshape(kept.shape);
  if (wants[1]) dweight = multiply<T>({g, true}, {kept.x}).to(dtype);
  if (wants[2]) {
    const std::int64_t outputs = dy.shape()[1];
    dbias = reduce_rows<1>(dy.device(), 1, dy.shape()[0], outputs, RowTerms<T>{g.data<T>(), outputs})
                .to(dtype)
                .reshape(Shape{outputs});
  }
  return {dx, dweight, dbias};
}

}  // namespace

Variable linear(const Variable& input, const Variable& weight, const Variable& bias, Activation activation) {
  const Shape shape = input.shape();
  const std::int64_t inputs = shape.rank() == 4 ? shape.c() : shape.rank() == 2 ? shape[1] : 0;
  DUHDR_CHECK(inputs > 0 && shape.numel() == shape[0] * inputs && weight.shape().rank() == 2 &&
                  weight.shape()[1] == inputs && weight.dtype() == input.dtype() &&
                  can_read(input.device(), weight.device()),
              "linear layer of x ", shape, " in ", name_of(input.dtype()), " with weight ", weight.shape(), " in ",
              name_of(weight.dtype()));
  const std::int64_t outputs = weight.shape()[0];
  DUHDR_CHECK(!bias.defined() || (bias.shape() == Shape{outputs} && bias.dtype() == input.dtype() &&
                                  can_read(input.device(), bias.device())),
              "linear layer with weight ", weight.shape(), " and bias ", bias.shape());
  const double flop = 2.0 * static_cast<double>(shape[0] * inputs * outputs);
  count_flop(flop);
  count_executed_flop(flop);
  Kept kept{input.value().reshape(Shape{shape[0], inputs}), weight.value(), {}, shape, activation};
  Tensor y(Shape{shape[0], outputs}, input.dtype(), input.device());
  with_float_type(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const Tensor product = multiply<T>({kept.x}, {kept.weight, true});
    for_each(
        y.device(), y.numel(),
        Epilogue<T>{product.template data<Compute<T>>(), bias.defined() ? bias.value().template data<T>() : nullptr,
                    activation, outputs, y.template mutable_data<T>()});
  });
  if (activation != Activation::none) kept.y = y;
  return Variable::of_op(y, {input, weight, bias}, [kept](const Tensor& dy, const std::vector<bool>& wants) {
    return with_float_type(kept.x.dtype(), [&](auto type) { return gradients<decltype(type)>(kept, dy, wants); });
  });
}

}  // namespace duhdr
