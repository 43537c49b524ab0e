// SPDX-License-Identifier: Apache-2.0
#include "kernels/linear.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {
namespace {

using V = std::vector<Variable>;

OpCase layer(const char* variant, const Shape& x, std::int64_t outputs, Activation activation) {
  const std::int64_t inputs = x[x.rank() - 1];
  return {.op = "linear",
          .variant = variant,
          .inputs = {{x}, {.shape = {outputs, inputs}, .weight = true}, {Shape{outputs}}},
          .run = [activation](const V& v) { return linear(v[0], v[1], v[2], activation); }};
}

}  // namespace

std::vector<OpCase> linear_cases() {
  std::vector<OpCase> cases{
      layer("basic", {3, 17}, 5, Activation::none),
      layer("relu", {2, 5}, 7, Activation::relu),
      layer("leaky_images", {2, 1, 1, 5}, 3, Activation::leaky_relu),
      layer("tanh_one_image", {1, 1, 1, 3}, 11, Activation::tanh),
      layer("one_input", {4, 1}, 3, Activation::none),
      layer("one_output", {2, 9}, 1, Activation::sigmoid),
      {"linear",
       "no_bias",
       {{Shape{3, 6}}, {.shape = {4, 6}, .weight = true}},
       [](const V& v) { return linear(v[0], v[1]); }},
      {"linear",
       "no_bias_sigmoid",
       {{Shape{2, 1, 1, 7}}, {.shape = {5, 7}, .weight = true}},
       [](const V& v) { return linear(v[0], v[1], {}, Activation::sigmoid); }},
      {"linear",
       "constant_input",
       {{Shape{3, 5}, -1, 1, false}, {.shape = {4, 5}, .weight = true}, {Shape{4}}},
       [](const V& v) { return linear(v[0], v[1], v[2]); }},
  };
  // The gradient of its one bias is two slopes that nearly cancel, each from a result rounded to bf16: 2.2e-2.
  cases[5].bf16_element = 4e-2;
  cases.front().bench_shapes = {Shape{1, 512}, Shape{11, 512}, Shape{11}};
  cases.front().bench_flop = 2.0 * 512 * 11;
  return cases;
}

}  // namespace duhdr::test
