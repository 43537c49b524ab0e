// SPDX-License-Identifier: Apache-2.0
#include "layers/conv2d.h"

#include "kernels/arithmetic.h"

namespace duhdr {

Conv2d::Conv2d(std::int64_t in, std::int64_t out, std::int64_t kernel, const ConvOptions& options)
    : options_(options),
      desc_{options.stride, options.dilation, options.depthwise, options.features, options.upsample, options.activation} {
  weight_ = parameter("weight", Shape{out, options.depthwise ? 1 : in, kernel, kernel});
  if (options.bias) bias_ = parameter("bias", Shape{out});
}

void Conv2d::reset(std::uint64_t seed, const std::string& full_name) {
  weight_.set_value(initial_weight(weight_.shape(), options_.init, seed, full_name + ".weight"));
  if (bias_.defined())
    bias_.set_value(initial_bias(weight_.shape(), options_.init, options_.initial_bias, seed, full_name + ".bias"));
}

Variable Conv2d::weight_as(DType dtype) const {
  Variable weight = weight_;
  if (input_scale_.defined()) {
    Tensor scale = input_scale_.value();
    if (weight.device().is_meta()) scale = scale.to(Device::meta());  // a network built there has its constants' values
    weight = mul(weight, Variable(scale.to(weight.dtype())));
  }
  return weight.dtype() == dtype ? weight : cast(weight, dtype);
}

Variable Conv2d::operator()(const Variable& x, const Variable& skip, const Variable& residual) const {
  return conv2d({.x = x, .skip = skip, .weight = weight_as(x.dtype()), .bias = bias_, .residual = residual}, desc_);
}

void Conv2d::fold(const Tensor& factor, const Tensor& shift, Activation activation) {
  const Tensor host_factor = factor.to(Device::cpu()), host_shift = shift.to(Device::cpu());
  Tensor weight = weight_.value().to(Device::cpu()).clone();
  Tensor bias = Tensor::zeros(Shape{weight.shape()[0]}, DType::f32);
  if (bias_.defined()) copy(bias, bias_.value());
  const std::int64_t per_output = weight.numel() / weight.shape()[0];
  float* w = weight.mutable_data<float>();
  float* b = bias.mutable_data<float>();
  for (std::int64_t o = 0; o < weight.shape()[0]; ++o) {
    const double f = host_factor.data<double>()[o];
    for (std::int64_t i = 0; i < per_output; ++i) w[o * per_output + i] = static_cast<float>(w[o * per_output + i] * f);
    b[o] = static_cast<float>(b[o] * f + host_shift.data<double>()[o]);
  }
  weight_.set_value(weight.to(weight_.device()));
  if (!bias_.defined())
    bias_ = constant(bias.to(weight_.device()));
  else
    bias_.set_value(bias.to(weight_.device()));
  desc_.activation = activation;
}

void Conv2d::on_freeze() {
  weight_.set_value(weight_as(activations()).value());
  input_scale_ = {};
}

Linear::Linear(std::int64_t in, std::int64_t out, bool bias, Activation activation, Init init)
    : activation_(activation), init_(init) {
  weight_ = parameter("weight", Shape{out, in});
  if (bias) bias_ = parameter("bias", Shape{out});
}

void Linear::reset(std::uint64_t seed, const std::string& full_name) {
  weight_.set_value(initial_weight(weight_.shape(), init_, seed, full_name + ".weight"));
  if (bias_.defined()) bias_.set_value(initial_bias(weight_.shape(), init_, 0, seed, full_name + ".bias"));
}

Variable Linear::operator()(const Variable& x) const {
  const bool wide = x.dtype() == DType::f32 || x.dtype() == DType::f64;
  const Variable input = wide ? x : cast(x, DType::f32);
  const DType type = input.dtype();
  const auto as = [&](const Variable& v) { return !v.defined() || v.dtype() == type ? v : cast(v, type); };
  return linear(input, as(weight_), as(bias_), activation_);
}

}  // namespace duhdr
