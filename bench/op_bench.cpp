// SPDX-License-Identifier: Apache-2.0
// Every row of the op case table that has sizes to benchmark it at, forward, and forward and back.
#include <numeric>

#include "bench/bench.h"
#include "bench/op_check.h"

namespace duhdr::bench {
namespace {

using test::OpCase;
using Inputs = std::vector<Variable>;

double bytes_of(const OpCase& op_case, Device device) {
  const NoGrad no_grad;
  const Inputs inputs = make_inputs(op_case, DType::f32, device, op_case.bench_shapes);
  return std::accumulate(
      inputs.begin(), inputs.end(), static_cast<double>(op_case.run(inputs).value().bytes()),
      [](double sum, const Variable& input) { return sum + static_cast<double>(input.value().bytes()); });
}

Work forward_of(const OpCase& op_case, Device device) {
  const Inputs inputs = make_inputs(op_case, DType::f32, device, op_case.bench_shapes);
  return {[op_case, inputs] {
    const NoGrad no_grad;
    benchmark::DoNotOptimize(op_case.run(inputs).value().raw());
  }};
}

Work both_ways_of(const OpCase& op_case, Device device) {
  Inputs inputs = make_inputs(op_case, DType::f32, device, op_case.bench_shapes);
  const Tensor seed = Tensor::full(op_case.run(inputs).shape(), 1, DType::f32, device);
  return {[op_case, inputs, seed]() mutable {
    op_case.run(inputs).backward(seed);
    for (Variable& input : inputs) input.zero_grad();
  }};
}

}  // namespace

void add_op_benchmarks(const Settings& settings) {
  const Device device = settings.device;
  for (const OpCase& op_case : test::all_op_cases()) {
    if (op_case.bench_shapes.empty()) continue;
    const auto check = [op_case, device] {
      const std::string fault = check_small(op_case, device);
      return fault.empty() ? check_at_size(op_case, device) : fault;
    };
    add_benchmark({op_case.name() + "/forward", op_case.bench_flop, [=] { return bytes_of(op_case, device); }, check,
                   [=] { return forward_of(op_case, device); }},
                  settings);
    // Back: the gradients of both operands cost what forward costs, and every tensor has a gradient of its size.
    add_benchmark({op_case.name() + "/forward_backward", 3 * op_case.bench_flop,
                   [=] { return 2 * bytes_of(op_case, device); }, check, [=] { return both_ways_of(op_case, device); }},
                  settings);
  }
}

}  // namespace duhdr::bench
