// SPDX-License-Identifier: Apache-2.0
// Which library runs a convolution: cuDNN on a GPU, oneDNN on the CPU, the reference loops for double precision and
// where a test asks for them.
#include "kernels/conv/backend.h"
#include "kernels/conv/conv2d.h"

namespace duhdr {
namespace {
thread_local bool use_reference = false;

enum class Backend { none, reference, onednn, cudnn };

Backend backend_of(DType dtype, Device device) {
  if (device.is_meta()) return Backend::none;
  if (use_reference || dtype == DType::f64) return Backend::reference;
  return device.is_cuda() ? Backend::cudnn : Backend::onednn;
}

/// A processor without 16-bit dot products computes bf16 convolutions in f32 and rounds the result.
bool through_f32(const ConvProblem& problem, Backend backend) {
  return backend == Backend::onednn && !conv_onednn::supports(problem.dtype);
}

ConvProblem in_f32(ConvProblem problem) {
  problem.dtype = DType::f32;
  return problem;
}

}  // namespace

ReferenceConvolutions::ReferenceConvolutions() : before_(use_reference) { use_reference = true; }
ReferenceConvolutions::~ReferenceConvolutions() { use_reference = before_; }
bool ReferenceConvolutions::active() { return use_reference; }

std::string ConvProblem::key() const {
  return message(name_of(dtype), ' ', n, ' ', h, ' ', w, ' ', ci, ' ', oh, ' ', ow, ' ', co, ' ', kh, ' ', kw, ' ', wi,
                 ' ', first, ' ', stride, ' ', dilation, ' ', pad_top, ' ', pad_left, ' ', depthwise);
}

void conv_forward(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                  Tensor& y) {
  const Backend backend = backend_of(problem.dtype, x.device());
  if (through_f32(problem, backend)) {
    Tensor wide = epilogue.accumulate ? y.to(DType::f32) : Tensor(y.shape(), DType::f32, y.device());
    conv_onednn::forward(in_f32(problem), x.to(DType::f32), weight.to(DType::f32), epilogue, wide);
    return copy(y, wide);
  }
  switch (backend) {
    case Backend::none:
      return;
    case Backend::reference:
      return conv_reference::forward(problem, x, weight, epilogue, y);
    case Backend::onednn:
      return needs_blocks(problem) ? forward_by_blocks(problem, x, weight, epilogue, y)
                                   : conv_onednn::forward(problem, x, weight, epilogue, y);
    case Backend::cudnn:
      break;
  }
#ifdef DUHDR_WITH_CUDA
  conv_cudnn::forward(problem, x, weight, epilogue, y);
#endif
}

void conv_backward_input(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx) {
  const Backend backend = backend_of(problem.dtype, dy.device());
  if (through_f32(problem, backend)) {
    Tensor wide(dx.shape(), DType::f32, dx.device());
    conv_onednn::backward_input(in_f32(problem), dy.to(DType::f32), weight.to(DType::f32), wide);
    return copy(dx, wide);
  }
  switch (backend) {
    case Backend::none:
      return;
    case Backend::reference:
      return conv_reference::backward_input(problem, dy, weight, dx);
    case Backend::onednn:
      return conv_onednn::backward_input(problem, dy, weight, dx);
    case Backend::cudnn:
      break;
  }
#ifdef DUHDR_WITH_CUDA
  conv_cudnn::backward_input(problem, dy, weight, dx);
#endif
}

void conv_backward_weight(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  const Backend backend = backend_of(problem.dtype, dy.device());
  if (through_f32(problem, backend)) {
    Tensor wide = weight_gradient.to(DType::f32);
    conv_backward_weight(in_f32(problem), x.to(DType::f32), dy.to(DType::f32), wide);
    return copy(weight_gradient, wide);
  }
  switch (backend) {
    case Backend::none:
      return;
    case Backend::reference:
      return conv_reference::backward_weight(problem, x, dy, weight_gradient);
    case Backend::onednn:
      return conv_onednn::backward_weight_is_safe(problem)
                 ? conv_onednn::backward_weight(problem, x, dy, weight_gradient)
                 : conv_reference::backward_weight(problem, x, dy, weight_gradient);
    case Backend::cudnn:
      break;
  }
#ifdef DUHDR_WITH_CUDA
  conv_cudnn::backward_weight(problem, x, dy, weight_gradient);
#endif
}

}  // namespace duhdr
