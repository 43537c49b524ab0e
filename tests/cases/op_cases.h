// SPDX-License-Identifier: Apache-2.0
// The op case table. One row drives the gradient check in double, the comparison with golden values, CUDA against
// CPU, bf16 against f32, and the microbenchmark of the same op.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/variable.h"

namespace duhdr::test {

/// Values are drawn uniformly from [lo, hi) by golden::fill_value under the name "<op>/<variant>/<index>".
struct OpInput {
  Shape shape;
  double lo = -1, hi = 1;
  bool differentiable = true;
  bool weight = false;  // its first extent is not the batch
};

/// How far two runs may differ. The mean lets one wrong element in a large tensor pass, the element does not.
struct Tolerance {
  double mean_square;  // sum of squared differences over the reference's sum of squares
  double element;      // largest difference over the reference's largest magnitude
};

struct OpCase {
  std::string op;       // the public function, as declared in kernels/*.h
  std::string variant;  // what this row varies
  std::vector<OpInput> inputs;
  std::function<Variable(const std::vector<Variable>&)> run;
  double gradient_limit = 1e-6;  // largest |analytic - numeric| over max(1, |numeric|), in double
  double bf16_limit = 2e-3;      // mean square error of bf16 against f32; 0 = not defined for bf16
  double bf16_element = 1e-2;    // its largest element: a few roundings of 2^-9; 6.5e-3 was measured
  // The function whose numeric derivative is the op's gradient, where that is not the op itself (straight-through).
  std::function<Variable(const std::vector<Variable>&)> surrogate = {};
  double float_element = 2e-6;  // largest element error of f32 against double: some 30 roundings; 5.7e-7 was measured
  double cuda_limit = 1e-10;    // mean square error of CUDA against CPU in f32
  // Benchmark: the same op at a size that matters; empty = not benchmarked.
  std::vector<Shape> bench_shapes = {};
  double bench_flop = 0;  // floating-point operations of one forward call at that size; 0 = memory-bound, bytes count

  std::string name() const { return op + "/" + variant; }

  /// The same row with sizes to benchmark it at.
  OpCase benched(std::vector<Shape> shapes) const {
    OpCase out = *this;
    out.bench_shapes = std::move(shapes);
    return out;
  }
};

// One function a family; a new family adds its function to the list in op_cases.cpp.
std::vector<OpCase> pointwise_cases();
std::vector<OpCase> camera_cases();
std::vector<OpCase> arithmetic_cases();
std::vector<OpCase> reduce_cases();
std::vector<OpCase> pool_cases();
std::vector<OpCase> resample_cases();
std::vector<OpCase> layout_cases();
std::vector<OpCase> batch_norm_cases();
std::vector<OpCase> linear_cases();
std::vector<OpCase> conv_cases();
std::vector<OpCase> loss_cases();

std::vector<OpCase> all_op_cases();

/// The inputs of a case: leaves that need gradients where the case says so. `shapes` replaces the row's shapes.
std::vector<Variable> make_inputs(const OpCase& op_case, DType dtype, Device device = Device::cpu(),
                                  const std::vector<Shape>& shapes = {});

}  // namespace duhdr::test
