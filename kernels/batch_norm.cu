// SPDX-License-Identifier: Apache-2.0
#include "kernels/batch_norm.h"

#include "kernels/nhwc.h"
#include "kernels/reach.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct ValueTerms {
  const T* x;
  std::int64_t channels;
  DUHDR_HD Terms<1> operator()(std::int64_t, std::int64_t row, std::int64_t c) const {
    return {{static_cast<double>(static_cast<Compute<T>>(x[row * channels + c]))}};
  }
};

template <class T>
struct SquaredDeviationTerms {
  const T* x;
  const double* sums;
  double inverse;  // of the number of rows
  std::int64_t channels;
  DUHDR_HD Terms<1> operator()(std::int64_t, std::int64_t row, std::int64_t c) const {
    const double d = static_cast<double>(static_cast<Compute<T>>(x[row * channels + c])) - sums[c] * inverse;
    return {{d * d}};
  }
};

/// What normalises a channel, from the sums over the batch; moves the running statistics.
template <class P>
struct BatchStatistics {
  const double* sums;
  const double* squared_deviations;
  double rows, momentum, eps;
  P* mean;
  P* inverse_std;
  P* running_mean;
  P* running_var;
  DUHDR_HD void operator()(std::int64_t c) const {
    using std::sqrt;
    const double batch_mean = sums[c] / rows;
    mean[c] = static_cast<P>(batch_mean);
    inverse_std[c] = static_cast<P>(1 / sqrt(squared_deviations[c] / rows + eps));
    const double unbiased = squared_deviations[c] / (rows - 1);
    running_mean[c] = static_cast<P>((1 - momentum) * static_cast<double>(running_mean[c]) + momentum * batch_mean);
    running_var[c] = static_cast<P>((1 - momentum) * static_cast<double>(running_var[c]) + momentum * unbiased);
  }
};

template <class P>
struct RunningStatistics {
  const P* running_mean;
  const P* running_var;
  double eps;
  P* mean;
  P* inverse_std;
  DUHDR_HD void operator()(std::int64_t c) const {
    using std::sqrt;
    mean[c] = running_mean[c];
    inverse_std[c] = static_cast<P>(1 / sqrt(static_cast<double>(running_var[c]) + eps));
  }
};

/// The formula, and what its derivative needs, for one element of channel c.
template <class P, Activation activation>
struct Normaliser {
  const P* mean;
  const P* inverse_std;
  const P* weight;
  const P* bias;
  DUHDR_HD P normalised(P x, std::int64_t c) const { return (x - mean[c]) * inverse_std[c]; }
  DUHDR_HD P result(P normalised, std::int64_t c) const {
    return activate(activation, weight[c] * normalised + bias[c]);
  }
  DUHDR_HD P slope(P normalised, std::int64_t c) const { return activation_slope(activation, result(normalised, c)); }
};

template <class T, Activation activation>
struct Forward {
  Normaliser<Compute<T>, activation> norm;
  const T* x;
  T* y;
  Nhwc at;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    const std::int64_t i = at.at(n, row, column, c);
    y[i] = T(norm.result(norm.normalised(static_cast<Compute<T>>(x[i]), c), c));
  }
};

/// With g = dy * slope: the terms of sum(g), the gradient of the bias, and of sum(g * normalised), that of the weight.
template <class T, Activation activation>
struct GradientTerms {
  Normaliser<Compute<T>, activation> norm;
  const T* x;
  const T* dy;
  std::int64_t channels;
  DUHDR_HD Terms<2> operator()(std::int64_t, std::int64_t row, std::int64_t c) const {
    const std::int64_t i = row * channels + c;
    const auto normalised = norm.normalised(static_cast<Compute<T>>(x[i]), c);
    const double g = static_cast<double>(static_cast<Compute<T>>(dy[i]) * norm.slope(normalised, c));
    return {{g, g * static_cast<double>(normalised)}};
  }
};

/// dx = weight / std * (g - mean(g) - normalised * mean(g * normalised)); running statistics are constants, so without
/// `sums` the two means are 0.
template <class T, Activation activation>
struct InputGradient {
  Normaliser<Compute<T>, activation> norm;
  const T* x;
  const T* dy;
  const double* sums;  // [2, C] or null
  double inverse;      // of the number of rows
  T* dx;
  Nhwc at;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t c) const {
    using P = Compute<T>;
    const std::int64_t i = at.at(n, row, column, c);
    const P normalised = norm.normalised(static_cast<P>(x[i]), c);
    P g = static_cast<P>(dy[i]) * norm.slope(normalised, c);
    if (sums) g -= static_cast<P>(sums[c] * inverse) + normalised * static_cast<P>(sums[at.c + c] * inverse);
    dx[i] = T(norm.weight[c] * norm.inverse_std[c] * g);
  }
};

/// What backward keeps: the input, the parameters, and [2, C] mean and inverse standard deviation.
struct Kept {
  Tensor x, weight, bias, statistics;
  BatchNormDesc desc;

  std::int64_t channels() const { return x.shape().c(); }
  std::int64_t rows() const { return x.numel() / channels(); }
  template <class P, Activation activation>
  Normaliser<P, activation> normaliser() const {
    const P* mean = statistics.data<P>();
    return {mean, mean + channels(), weight.data<P>(), bias.data<P>()};
  }
};

template <class T>
void batch_statistics(const Kept& kept, Tensor& statistics, Tensor& running_mean, Tensor& running_var) {
  using P = Compute<T>;
  const Tensor& x = kept.x;
  const std::int64_t rows = kept.rows(), channels = kept.channels();
  const double count = static_cast<double>(rows);
  const Tensor sums = reduce_rows<1>(x.device(), 1, rows, channels, ValueTerms<T>{x.data<T>(), channels});
  const Tensor squares = reduce_rows<1>(
      x.device(), 1, rows, channels, SquaredDeviationTerms<T>{x.data<T>(), sums.data<double>(), 1 / count, channels});
  P* mean = statistics.mutable_data<P>();
  for_each(x.device(), channels,
           BatchStatistics<P>{sums.data<double>(), squares.data<double>(), count, kept.desc.momentum, kept.desc.eps,
                              mean, mean + channels, running_mean.mutable_data<P>(), running_var.mutable_data<P>()});
}

template <class T, Activation activation>
std::vector<Tensor> gradients(const Kept& kept, const Tensor& dy, const std::vector<bool>& wants) {
  using P = Compute<T>;
  const Tensor& x = kept.x;
  const std::int64_t channels = kept.channels();
  const auto norm = kept.normaliser<P, activation>();
  Tensor sums, dx, dweight, dbias;
  if (kept.desc.training || wants[1] || wants[2])
    sums = reduce_rows<2>(x.device(), 1, kept.rows(), channels,
                          GradientTerms<T, activation>{norm, x.data<T>(), dy.data<T>(), channels});
  if (wants[0]) {
    dx = Tensor(x.shape(), x.dtype(), x.device());
    for_each_element(x.device(), x.shape(),
                     InputGradient<T, activation>{
                         norm, x.data<T>(), dy.data<T>(), kept.desc.training ? sums.data<double>() : nullptr,
                         1 / static_cast<double>(kept.rows()), dx.mutable_data<T>(), Nhwc(x.shape())});
  }
  if (wants[1]) dweight = sums.range(channels, Shape{channels}).to(dtype_of<P>());
  if (wants[2]) dbias = sums.range(0, Shape{channels}).to(dtype_of<P>());
  return {dx, dweight, dbias};
}

void check_channels(const Tensor& tensor, const char* name, const Tensor& x) {
  const DType wanted = x.dtype() == DType::f64 ? DType::f64 : DType::f32;
  DUHDR_CHECK(
      tensor.shape() == Shape{x.shape().c()} && tensor.dtype() == wanted && can_read(x.device(), tensor.device()), name,
      " of batch_norm: ", tensor.shape(), " in ", name_of(tensor.dtype()), " for x ", x.shape(), " in ",
      name_of(x.dtype()));
}

}  // namespace

Variable batch_norm(const Variable& input, const Variable& weight, const Variable& bias, Tensor& running_mean,
                    Tensor& running_var, const BatchNormDesc& desc) {
  Kept kept{input.value(), weight.value(), bias.value(), {}, desc};
  const Tensor& x = kept.x;
  DUHDR_CHECK(x.shape().rank() == 4 && x.numel() > 0, "batch_norm of ", x.shape());
  check_channels(kept.weight, "weight", x);
  check_channels(kept.bias, "bias", x);
  check_channels(running_mean, "running_mean", x);
  check_channels(running_var, "running_var", x);
  DUHDR_CHECK(!desc.training || kept.rows() > 1, "batch statistics of one value a channel, x ", x.shape());
  Tensor y(x.shape(), x.dtype(), x.device());
  kept.statistics = Tensor(Shape{2, kept.channels()}, kept.weight.dtype(), x.device());
  with_float_type(x.dtype(), [&](auto type) {
    using T = decltype(type);
    using P = Compute<T>;
    if (desc.training) {
      batch_statistics<T>(kept, kept.statistics, running_mean, running_var);
    } else {
      P* mean = kept.statistics.mutable_data<P>();
      for_each(
          x.device(), kept.channels(),
          RunningStatistics<P>{running_mean.data<P>(), running_var.data<P>(), desc.eps, mean, mean + kept.channels()});
    }
    with_activation(desc.activation, [&](auto constant) {
      constexpr Activation activation = decltype(constant)::value;
      for_each_element(x.device(), x.shape(),
                       Forward<T, activation>{kept.normaliser<P, activation>(), x.template data<T>(),
                                              y.template mutable_data<T>(), Nhwc(x.shape())});
    });
  });
  if (desc.training) reads({.whole = true});
  return Variable::of_op(y, {input, weight, bias}, [kept](const Tensor& dy, const std::vector<bool>& wants) {
    return with_float_type(kept.x.dtype(), [&](auto type) {
      return with_activation(kept.desc.activation, [&](auto constant) {
        return gradients<decltype(type), decltype(constant)::value>(kept, dy, wants);
      });
    });
  });
}

}  // namespace duhdr
