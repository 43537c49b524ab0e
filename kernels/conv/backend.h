// SPDX-License-Identifier: Apache-2.0
// What a convolution library is asked to do: one plain convolution with explicit padding, forward and both ways back.
// conv2d.cu breaks the fused op down to these calls; conv_reference.cu, conv2d_onednn.cpp and conv2d_cudnn.cpp are
// the three ways to answer them.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/activation.h"
#include "tensor/tensor.h"

namespace duhdr {

/// y[n, oy, ox, o] = sum over (ky, kx, i) of x[n, oy stride + ky dilation - pad_top, ..., i] w[o, first + i, ky, kx].
/// x [n, h, w, ci] and y [n, oh, ow, co] are NHWC. The weight is [co, wi, kh, kw], of whose wi input channels those
/// from `first` on belong to x; depthwise [co, 1, kh, kw].
struct ConvProblem {
  DType dtype = DType::f32;
  std::int64_t n = 0, h = 0, w = 0, ci = 0;
  std::int64_t oh = 0, ow = 0, co = 0;
  std::int64_t kh = 0, kw = 0;
  std::int64_t wi = 0, first = 0;
  std::int64_t stride = 1, dilation = 1, pad_top = 0, pad_left = 0;
  bool depthwise = false;
  bool size_independent = false;  // a pixel must get the same bits in an image of any size (f32 on the CPU)

  std::int64_t pad_bottom() const { return (oh - 1) * stride + (kh - 1) * dilation + 1 - h - pad_top; }
  std::int64_t pad_right() const { return (ow - 1) * stride + (kw - 1) * dilation + 1 - w - pad_left; }
  std::string key() const;  // distinguishes any two problems
};

struct ConvEpilogue {
  Tensor bias = {};         // optional [co], f32 (f64 for f64)
  bool accumulate = false;  // add what y holds, before the activation
  Activation activation = Activation::none;
};

// Each of the three back ends has these three functions. `weight_gradient` is written in the weight's layout, only in
// its channels [first, first + ci).
#define DUHDR_CONV_BACKEND(name)                                                                                \
  namespace name {                                                                                              \
  void forward(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue, \
               Tensor& y);                                                                                      \
  void backward_input(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx);          \
  void backward_weight(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient); \
  }
DUHDR_CONV_BACKEND(conv_reference)
DUHDR_CONV_BACKEND(conv_onednn)
DUHDR_CONV_BACKEND(conv_cudnn)
#undef DUHDR_CONV_BACKEND

namespace conv_onednn {
bool supports(DType dtype);  // bf16 needs AVX-512 on x86
/// False where backward_weight must not be called: oneDNN would write past its own memory (onednn_faults.cpp).
bool backward_weight_is_safe(const ConvProblem& problem);
}  // namespace conv_onednn

/// Whether a problem has to be cut into blocks of one size to be independent of the image's size (conv_blocks.cpp),
/// and the forward call that does it.
bool needs_blocks(const ConvProblem& problem);
void forward_by_blocks(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                       Tensor& y);

// The same three calls, sent to the back end of the problem's device and type (conv_dispatch.cpp).
void conv_forward(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                  Tensor& y);
void conv_backward_input(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx);
void conv_backward_weight(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient);

}  // namespace duhdr
