// SPDX-License-Identifier: Apache-2.0
#include "layers/conv2d.h"

#include "kernels/arithmetic.h"

namespace duhdr {

Conv2d::Conv2d(std::int64_t in, std::int64_t out, std::int64_t kernel, const ConvOptions& options)
    : options_(options), desc_{options.stride,   options.dilation,   options.depthwise, options.features,
                               options.upsample, options.transposed, options.activation} {
  weight_ = parameter("weight", options.transposed ? Shape{in, out, kernel, kernel}
                                                   : Shape{out, options.depthwise ? 1 : in, kernel, kernel});
  if (options.bias) bias_ = parameter("bias", Shape{out});
}

void Conv2d::reset(std::uint64_t seed, const std::string& full_name) {
  weight_.set_value(initial_weight(weight_.shape(), options_.init, seed, full_name + ".weight"));
  if (bias_.defined())
    bias_.set_value(
        initial_bias(outputs(), weight_.shape(), options_.init, options_.initial_bias, seed, full_name + ".bias"));
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

Conv2d::Map Conv2d::map() const {
  const auto host = [](const Variable& v) { return v.value().to(Device::cpu()).to(DType::f64); };
  Map map{host(weight_).clone(), Tensor::zeros(Shape{outputs()}, DType::f64)};
  if (bias_.defined()) copy(map.bias, host(bias_));
  if (!input_scale_.defined()) return map;
  const Tensor scale = host(input_scale_);
  const std::int64_t inputs = scale.numel(), taps = weight_.value().numel() / weight_.shape()[0] / inputs;
  for (std::int64_t i = 0; i < map.weight.numel(); ++i)
    map.weight.mutable_data<double>()[i] *= scale.data<double>()[i / taps % inputs];
  return map;
}

Conv2d::Conv2d(const Conv2d& like, const Map& map, Activation activation) {
  const DType type = like.weight_.dtype();
  weight_ = parameter("weight", map.weight.shape());
  bias_ = parameter("bias", map.bias.shape());
  for (Variable* v : {&weight_, &bias_}) v->set_value(Tensor(v->shape(), type, like.weight_.device()));
  set_activations(like.activations());
  set_map(map, activation);
}

void Conv2d::set_map(const Map& map, Activation activation) {
  const auto like_weight = [&](const Tensor& value) { return value.to(weight_.dtype()).to(weight_.device()); };
  weight_.set_value(like_weight(map.weight));
  if (bias_.defined())
    bias_.set_value(like_weight(map.bias));
  else
    bias_ = constant(like_weight(map.bias));
  input_scale_ = {};
  desc_.activation = activation;
}

void Conv2d::fold(const Tensor& factor, const Tensor& shift, Activation activation) {
  const Tensor host_factor = factor.to(Device::cpu()), host_shift = shift.to(Device::cpu());
  Map folded = map();
  const Shape& shape = folded.weight.shape();
  const std::int64_t block = shape[2] * shape[3] * (desc_.transposed ? 1 : shape[1]);  // values of one output together
  const double* factors = host_factor.data<double>();
  double* weight = folded.weight.mutable_data<double>();
  double* bias = folded.bias.mutable_data<double>();
  for (std::int64_t i = 0; i < folded.weight.numel(); ++i) weight[i] *= factors[i / block % outputs()];
  for (std::int64_t o = 0; o < outputs(); ++o) bias[o] = bias[o] * factors[o] + host_shift.data<double>()[o];
  set_map(folded, activation);
}

void Conv2d::on_freeze() {
  weight_.set_value(weight_as(weight_.dtype() == DType::f64 ? DType::f64 : activations()).value());
  input_scale_ = {};
}

Linear::Linear(std::int64_t in, std::int64_t out, bool bias, Activation activation, Init init)
    : activation_(activation), init_(init) {
  weight_ = parameter("weight", Shape{out, in});
  if (bias) bias_ = parameter("bias", Shape{out});
}

void Linear::reset(std::uint64_t seed, const std::string& full_name) {
  weight_.set_value(initial_weight(weight_.shape(), init_, seed, full_name + ".weight"));
  if (bias_.defined())
    bias_.set_value(initial_bias(weight_.shape()[0], weight_.shape(), init_, 0, seed, full_name + ".bias"));
}

Variable Linear::operator()(const Variable& x) const {
  const bool wide = x.dtype() == DType::f32 || x.dtype() == DType::f64;
  const Variable input = wide ? x : cast(x, DType::f32);
  const DType type = input.dtype();
  const auto as = [&](const Variable& v) { return !v.defined() || v.dtype() == type ? v : cast(v, type); };
  return linear(input, as(weight_), as(bias_), activation_);
}

}  // namespace duhdr
