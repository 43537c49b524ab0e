// SPDX-License-Identifier: Apache-2.0
#include "bench/op_check.h"

#include <algorithm>

#include "bench/bench.h"
#include "kernels/execution.h"

namespace duhdr::bench {
namespace {

using test::OpCase;
using Inputs = std::vector<Variable>;

constexpr double float_limit = 1e-10;  // of a row's own small size, against double
constexpr double size_limit = 1e-8;    // at the benchmarked size, where an address on a curve is rounded more coarsely

Tensor seed_for(const Tensor& out) { return Tensor::full(out.shape(), 1, out.dtype(), out.device()); }

/// Result and gradients of one run, forward and back.
std::vector<Tensor> evaluate(const OpCase& op_case, const Inputs& inputs) {
  const Variable out = op_case.run(inputs);
  out.backward(seed_for(out.value()));
  std::vector<Tensor> all{out.value()};
  for (const Variable& input : inputs)
    if (input.requires_grad()) all.push_back(input.grad());
  return all;
}

}  // namespace

/// The row at its own size: result and gradients against double on the CPU.
std::string check_small(const OpCase& op_case, Device device) {
  const std::vector<Tensor> values = evaluate(op_case, make_inputs(op_case, DType::f32, device));
  const std::vector<Tensor> references = evaluate(op_case, make_inputs(op_case, DType::f64));
  for (std::size_t k = 0; k < values.size(); ++k)
    if (const double error = square_error(values[k], references[k]); !(error <= float_limit))
      return message(k == 0 ? "result" : "gradient", " of the small row: error ", error, ", allowed ", float_limit);
  return {};
}

namespace {

/// `side` x `side` pixels at the top left or the bottom right of an NHWC tensor; smaller tensors stay as they are.
Tensor corner(const Tensor& tensor, std::int64_t side, bool last) {
  const Shape shape = tensor.shape();
  const std::int64_t h = std::min(side, shape.h()), w = std::min(side, shape.w());
  const std::int64_t top = last ? shape.h() - h : 0, left = last ? shape.w() - w : 0;
  const Tensor host = tensor.to(Device::cpu());
  Tensor out(Shape{shape.n(), h, w, shape.c()}, DType::f32);
  for (std::int64_t n = 0; n < shape.n(); ++n)
    for (std::int64_t y = 0; y < h; ++y) {
      const float* from = host.data<float>() + ((n * shape.h() + top + y) * shape.w() + left) * shape.c();
      std::copy(from, from + w * shape.c(), out.mutable_data<float>() + (n * h + y) * w * shape.c());
    }
  return out;
}

/// A convolution at the benchmarked size is local: two corners of its result against the reference loops on the two
/// corners of its operands, but for the pixels that see the cut.
std::string check_corners(const OpCase& op_case, const Inputs& inputs, const Tensor& out) {
  constexpr std::int64_t side = 32, kept = 16;  // the widest kernel reaches 3 pixels
  const auto scaled = [&](std::int64_t length) {
    return std::max<std::int64_t>(1, length * out.shape().h() / inputs[0].shape().h());
  };
  for (const bool last : {false, true}) {
    Inputs cut;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Tensor& value = inputs[k].value();
      const bool image = k != 1 && value.shape().rank() == 4;  // operand 1 is the weight
      const bool like_result = image && value.shape().h() != inputs[0].shape().h();
      cut.emplace_back(image ? corner(value, like_result ? scaled(side) : side, last) : value.to(Device::cpu()));
    }
    const ExecutionScope reference({.reference = true});
    const Tensor expected = corner(op_case.run(cut).value(), scaled(kept), last);
    if (const double error = square_error(corner(out, scaled(kept), last), expected); !(error <= size_limit))
      return message("a corner at the benchmarked size: error ", error, ", allowed ", size_limit);
  }
  return {};
}

}  // namespace

/// The row at the benchmarked size, forward: convolutions by their corners, all else against double on the CPU.
std::string check_at_size(const OpCase& op_case, Device device) {
  const NoGrad no_grad;
  const Inputs inputs = make_inputs(op_case, DType::f32, device, op_case.bench_shapes);
  const Tensor out = op_case.run(inputs).value();
  if (op_case.op == "conv2d") return check_corners(op_case, inputs, out);
  const Tensor expected = op_case.run(make_inputs(op_case, DType::f64, Device::cpu(), op_case.bench_shapes)).value();
  const double error = square_error(out, expected);
  return error <= size_limit ? std::string()
                             : message("at the benchmarked size: error ", error, ", allowed ", size_limit);
}

}  // namespace duhdr::bench
