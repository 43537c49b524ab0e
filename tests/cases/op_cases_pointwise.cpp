// SPDX-License-Identifier: Apache-2.0
// Inputs stay clear of the kinks: the draws of these rows hit none within the step of the gradient check.
#include "kernels/activation.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {

std::vector<OpCase> pointwise_cases() {
  using V = std::vector<Variable>;
  const Shape s{2, 5, 3, 4};
  const std::vector<Shape> big{Shape{1, 1024, 1024, 16}};
  return {
      OpCase{"affine", "basic", {{s}}, [](const V& v) { return affine(v[0], -1.5, 0.25); }}.benched(big),
      {"square", "basic", {{s}}, [](const V& v) { return square(v[0]); }},
      {"sqrt", "basic", {{s, 0.1, 2}}, [](const V& v) { return sqrt(v[0]); }},
      {"abs", "basic", {{s}}, [](const V& v) { return abs(v[0]); }},
      OpCase{"exp", "basic", {{s}}, [](const V& v) { return exp(v[0]); }}.benched(big),
      OpCase{"log", "shifted", {{s, 0.01, 2}}, [](const V& v) { return log(v[0], 1.0 / 255); }}.benched(big),
      OpCase{"log_square", "basic", {{s, -3, 3}}, [](const V& v) { return log_square(v[0], 0.5, 1.0 / 255); }}.benched(
          big),
      {"mu_law", "basic", {{s, 0, 1}}, [](const V& v) { return mu_law(v[0], 10); }},
      {"clamp", "unit", {{s, -0.5, 1.5}}, [](const V& v) { return clamp(v[0], 0, 1); }},
      {"relu", "basic", {{s}}, [](const V& v) { return relu(v[0]); }},
      OpCase{"leaky_relu", "basic", {{s}}, [](const V& v) { return leaky_relu(v[0]); }}.benched(big),
      OpCase{"selu", "basic", {{s, -3, 3}}, [](const V& v) { return selu(v[0]); }}.benched(big),
      {"tanh", "basic", {{s, -3, 3}}, [](const V& v) { return tanh(v[0]); }},
      {"sigmoid", "basic", {{s, -4, 4}}, [](const V& v) { return sigmoid(v[0]); }},
      {"activated", "none", {{s}}, [](const V& v) { return activated(v[0], Activation::none); }},
      {"activated", "relu", {{s}}, [](const V& v) { return activated(v[0], Activation::relu); }},
      {"activated", "leaky_relu", {{s}}, [](const V& v) { return activated(v[0], Activation::leaky_relu); }},
      {"activated", "tanh", {{s, -3, 3}}, [](const V& v) { return activated(v[0], Activation::tanh); }},
      {"activated", "sigmoid", {{s, -4, 4}}, [](const V& v) { return activated(v[0], Activation::sigmoid); }},
      {.op = "cast",
       .variant = "to_f64",
       .inputs = {{s}},
       .run = [](const V& v) { return cast(v[0], DType::f64); },
       .bf16_limit = 0},
  };
}

}  // namespace duhdr::test
