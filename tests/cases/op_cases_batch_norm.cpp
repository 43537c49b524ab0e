// SPDX-License-Identifier: Apache-2.0
// Each call gets fresh running statistics, so that a row is a function of its inputs alone.
#include "kernels/batch_norm.h"
#include "kernels/pointwise.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {
namespace {

/// [C] values first, first + step, ... in the type of the parameters.
Tensor ramp(const Variable& like, double first, double step) {
  const std::int64_t channels = like.shape().numel();
  Tensor values(Shape{channels}, DType::f64);
  for (std::int64_t c = 0; c < channels; ++c) values.mutable_data<double>()[c] = first + step * static_cast<double>(c);
  return values.to(like.dtype()).to(like.device());
}

/// Parameters stay in f32 where x is bf16.
Variable parameter(const Variable& given) { return given.dtype() == DType::bf16 ? cast(given, DType::f32) : given; }

OpCase normalisation(const char* variant, const Shape& shape, const BatchNormDesc& desc) {
  const Shape channels{shape.c()};
  return {.op = "batch_norm",
          .variant = variant,
          .inputs = {{shape, -1, 2}, {channels, 0.5, 1.5}, {channels, -0.5, 0.5}},
          .run = [desc](const std::vector<Variable>& v) {
            const Variable weight = parameter(v[1]), bias = parameter(v[2]);
            Tensor mean = ramp(weight, 0.2, 0.05), variance = ramp(weight, 0.5, 0.1);
            return batch_norm(v[0], weight, bias, mean, variance, desc);
          }};
}

}  // namespace

std::vector<OpCase> batch_norm_cases() {
  const auto batch = [](Activation activation) { return BatchNormDesc{.training = true, .activation = activation}; };
  const auto running = [](Activation activation) { return BatchNormDesc{.activation = activation}; };
  std::vector<OpCase> cases{
      normalisation("batch_relu", {2, 5, 3, 3}, batch(Activation::relu)),
      normalisation("batch", {2, 5, 3, 5}, batch(Activation::none)),
      normalisation("batch_leaky_c1", {2, 4, 3, 1}, batch(Activation::leaky_relu)),
      normalisation("batch_tanh_row", {1, 1, 7, 3}, batch(Activation::tanh)),
      normalisation("batch_sigmoid_c17", {3, 2, 1, 17}, batch(Activation::sigmoid)),
      normalisation("batch_blocks", {2, 17, 9, 2}, batch(Activation::relu)),
      normalisation("running", {2, 3, 5, 5}, running(Activation::none)),
      normalisation("running_relu", {2, 5, 3, 3}, running(Activation::relu)),
      normalisation("running_leaky_pixel", {1, 1, 1, 17}, running(Activation::leaky_relu)),
      normalisation("running_eps", {2, 2, 2, 1}, {.eps = 0.1}),
  };
  cases.front().bench_shapes = {Shape{8, 128, 128, 64}, Shape{64}, Shape{64}};
  return cases;
}

}  // namespace duhdr::test
