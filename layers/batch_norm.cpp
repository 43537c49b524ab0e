// SPDX-License-Identifier: Apache-2.0
#include "layers/batch_norm.h"

#include <cmath>

#include "kernels/activation.h"
#include "kernels/arithmetic.h"

namespace duhdr {
namespace {

ConvOptions without_activation(ConvOptions options) {
  options.activation = Activation::none;
  return options;
}

}  // namespace

BatchNorm2d::BatchNorm2d(std::int64_t channels) {
  const Shape shape{channels};
  weight_ = parameter("weight", shape);
  bias_ = parameter("bias", shape);
  weight_.set_value(Tensor::full(shape, 1, DType::f32));
  running_mean_ = buffer("running_mean", Tensor::zeros(shape, DType::f32));
  running_var_ = buffer("running_var", Tensor::full(shape, 1, DType::f32));
}

void BatchNorm2d::reset(std::uint64_t, const std::string&) {
  weight_.set_value(Tensor::full(weight_.shape(), 1, DType::f32));
  bias_.set_value(Tensor::zeros(bias_.shape(), DType::f32));
  running_mean_.set_value(Tensor::zeros(bias_.shape(), DType::f32));
  running_var_.set_value(Tensor::full(bias_.shape(), 1, DType::f32));
}

Variable BatchNorm2d::operator()(const Variable& x, Activation activation) const {
  BatchNormDesc desc;
  desc.training = training();
  desc.activation = activation;
  Tensor mean = running_mean_.value(), variance = running_var_.value();  // shared storage: updated in place
  return batch_norm(x, weight_, bias_, mean, variance, desc);
}

BatchNorm2d::Map BatchNorm2d::inference_map() const {
  const auto host = [](const Variable& v) { return v.value().to(Device::cpu()).to(DType::f64); };
  const Tensor weight = host(weight_), bias = host(bias_), mean = host(running_mean_), variance = host(running_var_);
  Map map{Tensor(weight.shape(), DType::f64), Tensor(weight.shape(), DType::f64)};
  double* factor = map.factor.mutable_data<double>();
  double* shift = map.shift.mutable_data<double>();
  for (std::int64_t c = 0; c < weight.numel(); ++c) {
    factor[c] = weight.data<double>()[c] / std::sqrt(variance.data<double>()[c] + BatchNormDesc{}.eps);
    shift[c] = bias.data<double>()[c] - mean.data<double>()[c] * factor[c];
  }
  return map;
}

ConvBn::ConvBn(Module& parent, const std::string& conv_name, const std::string& bn_name, std::int64_t in,
               std::int64_t out, std::int64_t kernel, const ConvOptions& options, double scale)
    : activation_(options.activation),
      scale_(scale),
      conv_(parent.child<Conv2d>(conv_name, in, out, kernel, without_activation(options))),
      bn_(parent.child<BatchNorm2d>(bn_name, out)) {
  parent.before_freeze([this] { fold(); });
}

Variable ConvBn::operator()(const Variable& x, const Variable& residual) const {
  if (folded_) return conv_(x, {}, residual);
  if (scale_ == 1 && !residual.defined()) return bn_(conv_(x), activation_);
  Variable y = bn_(conv_(x));
  if (scale_ != 1) y = affine(y, scale_, 0);
  if (residual.defined()) y = add(y, residual);
  return activated(y, activation_);
}

void ConvBn::fold() {
  BatchNorm2d::Map map = bn_.inference_map();
  for (std::int64_t c = 0; c < map.factor.numel(); ++c) {
    map.factor.mutable_data<double>()[c] *= scale_;
    map.shift.mutable_data<double>()[c] *= scale_;
  }
  conv_.fold(map.factor, map.shift, activation_);
  folded_ = true;
}

}  // namespace duhdr
