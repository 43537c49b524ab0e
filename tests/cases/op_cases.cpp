// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/op_cases.h"

#include <iterator>

#include "tests/golden/fill.h"

namespace duhdr::test {

std::vector<OpCase> all_op_cases() {
  std::vector<OpCase> all;
  for (const auto family : {pointwise_cases, arithmetic_cases, reduce_cases, pool_cases, resample_cases, layout_cases,
                            batch_norm_cases, linear_cases, camera_cases, conv_cases, loss_cases}) {
    std::vector<OpCase> cases = family();
    std::move(cases.begin(), cases.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<Variable> make_inputs(const OpCase& op_case, DType dtype, Device device, const std::vector<Shape>& shapes) {
  std::vector<Variable> inputs;
  for (std::size_t k = 0; k < op_case.inputs.size(); ++k) {
    const OpInput& input = op_case.inputs[k];
    Tensor values(shapes.empty() ? input.shape : shapes[k], DType::f32);
    const std::uint64_t key = golden::key_of(op_case.name() + "/" + std::to_string(k));
    for (std::int64_t i = 0; i < values.numel(); ++i)
      values.mutable_data<float>()[i] = golden::fill_value(key, static_cast<std::uint64_t>(i), input.lo, input.hi);
    inputs.emplace_back(values.to(dtype).to(device), input.differentiable);
  }
  return inputs;
}

}  // namespace duhdr::test
