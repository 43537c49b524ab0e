// SPDX-License-Identifier: Apache-2.0
// bf16 on a CPU: computed in f32, the result rounded.
#include "kernels/conv/backend.h"

namespace duhdr {
namespace {

bool supports(const ConvProblem& p, ConvDirection) { return p.dtype == DType::bf16; }

ConvProblem in_f32(ConvProblem problem) {
  problem.dtype = DType::f32;
  return problem;
}

Tensor widened(const Tensor& tensor) { return tensor.defined() ? tensor.to(DType::f32) : tensor; }

/// Kept beside the weight, as are the packed ones that it will have.
Tensor wide_weight(const Tensor& weight) {
  return *weight.derived<Tensor>("f32", [&] { return std::make_shared<const Tensor>(weight.to(DType::f32)); });
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& skip, const Tensor& weight,
             const ConvEpilogue& epilogue, Tensor& y) {
  Tensor wide(y.shape(), DType::f32, y.device());
  conv_forward(in_f32(p), widened(x), widened(skip), wide_weight(weight),
               {epilogue.bias, widened(epilogue.residual), epilogue.activation}, wide);
  copy(y, wide);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue& epilogue,
                    Tensor& dx) {
  Tensor wide(dx.shape(), DType::f32, dx.device());
  conv_transposed(in_f32(p), dy.to(DType::f32), wide_weight(weight), epilogue, wide);
  copy(dx, wide);
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  Tensor wide = weight_gradient.to(DType::f32);
  conv_backward_weight(in_f32(p), x.to(DType::f32), dy.to(DType::f32), wide);
  copy(weight_gradient, wide);
}

}  // namespace

const ConvBackend conv_through_f32{"through f32", supports, forward, backward_input, backward_weight};

}  // namespace duhdr
