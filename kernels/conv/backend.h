// SPDX-License-Identifier: Apache-2.0
// What a convolution library is asked to do: one plain convolution with explicit padding, forward and both ways back.
// conv2d.cu breaks the fused op down to these calls; the rows of the tables in backend.cpp are the ways to answer them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
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
  std::string text() const;  // for messages
  bool operator==(const ConvProblem&) const = default;
};

enum class ConvDirection : unsigned char { forward, backward_input, backward_weight };
const char* name_of(ConvDirection direction);

struct ConvEpilogue {
  Tensor bias = {};         // optional [co], f32 (f64 for f64)
  bool accumulate = false;  // add what y holds, before the activation
  Activation activation = Activation::none;
};

/// A way to run convolutions. Only the directions of a problem that it supports are asked of it; a null pointer stands
/// where that is never so. backward_weight writes in the weight's layout, only the channels [first, first + ci).
struct ConvBackend {
  const char* name;
  bool (*supports)(const ConvProblem& problem, ConvDirection direction);
  void (*forward)(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                  Tensor& y);
  void (*backward_input)(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx);
  void (*backward_weight)(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient);
};

extern const ConvBackend conv_reference;    // reference.cu: everything, on every device
extern const ConvBackend conv_onednn;       // onednn.cpp
extern const ConvBackend conv_blocks;       // blocks.cpp: oneDNN by blocks of one size, where a problem asks for that
extern const ConvBackend conv_through_f32;  // through_f32.cpp: bf16 for those that only have f32
extern const ConvBackend conv_cudnn;        // conv_cudnn.cpp; conv_no_cuda.cpp

/// The table of a device, best first.
std::span<const ConvBackend* const> conv_backends(Device device);

/// The row that runs a problem: the first that supports it, the reference loops where Execution asks for them.
const ConvBackend& conv_backend_of(const ConvProblem& problem, ConvDirection direction, Device device);

// The three calls, by that row. On the meta device they do nothing.
void conv_forward(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                  Tensor& y);
void conv_backward_input(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx);
void conv_backward_weight(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient);

/// Mixes values into one hash.
template <class... Values>
std::size_t hash_of(const Values&... values) {
  std::size_t hash = 0;
  ((hash = (hash ^ std::hash<Values>{}(values)) * 0x9E3779B97F4A7C15u, hash ^= hash >> 32), ...);
  return hash;
}

}  // namespace duhdr

template <>
struct std::hash<duhdr::ConvProblem> {
  std::size_t operator()(const duhdr::ConvProblem& p) const {
    return duhdr::hash_of(p.dtype, p.n, p.h, p.w, p.ci, p.oh, p.ow, p.co, p.kh, p.kw, p.wi, p.first, p.stride,
                          p.dilation, p.pad_top, p.pad_left, p.depthwise, p.size_independent);
  }
};
