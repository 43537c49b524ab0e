// SPDX-License-Identifier: Apache-2.0
// What a way to convolve is asked to do: one convolution with explicit padding, forward and both ways back. The rows of
// the tables in backend.cpp are the ways; conv2d.cu asks them.
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
/// from `first` on belong to x; depthwise [co, 1, kh, kw]. Fused: a second source [n, h, w, cs], whose channels follow
/// those of x (forward only), and an x that is first enlarged twofold by nearest neighbour (3x3, stride 1; h and w are
/// x's own). `features`: x is an image of 3 channels, ci are those of its response features.
struct ConvProblem {
  DType dtype = DType::f32;
  std::int64_t n = 0, h = 0, w = 0, ci = 0;
  std::int64_t oh = 0, ow = 0, co = 0;
  std::int64_t kh = 0, kw = 0;
  std::int64_t wi = 0, first = 0;
  std::int64_t stride = 1, dilation = 1, pad_top = 0, pad_left = 0;
  bool depthwise = false;
  std::int64_t cs = 0;  // channels of the second source
  bool upsample = false;
  bool features = false;

  bool is_plain() const { return cs == 0 && !upsample && !features; }
  std::int64_t pad_bottom() const { return (oh - 1) * stride + (kh - 1) * dilation + 1 - h - pad_top; }
  std::int64_t pad_right() const { return (ow - 1) * stride + (kw - 1) * dilation + 1 - w - pad_left; }
  std::string text() const;  // for messages
  bool operator==(const ConvProblem&) const = default;
};

enum class ConvDirection : unsigned char { forward, backward_input, backward_weight };
const char* name_of(ConvDirection direction);

struct ConvEpilogue {
  Tensor bias = {};      // optional [co], f32 (f64 for f64)
  Tensor residual = {};  // optional, of y's shape, added before the activation; may be y itself
  Activation activation = Activation::none;
};

/// A way to run convolutions. Only the directions of a problem that it supports are asked of it; a null pointer stands
/// where that is never so. backward_input is, of a convolution with a stride, also the transposed one of dy: those
/// alone come with an epilogue, of ci channels and without a residual. backward_weight writes in the weight's layout,
/// only the channels [first, first + ci).
struct ConvBackend {
  const char* name;
  bool (*supports)(const ConvProblem& problem, ConvDirection direction);
  void (*forward)(const ConvProblem& problem, const Tensor& x, const Tensor& skip, const Tensor& weight,
                  const ConvEpilogue& epilogue, Tensor& y);
  void (*backward_input)(const ConvProblem& problem, const Tensor& dy, const Tensor& weight,
                         const ConvEpilogue& epilogue, Tensor& dx);
  void (*backward_weight)(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient);
};

extern const ConvBackend conv_parts;           // parts.cu: what is fused, by plain convolutions
extern const ConvBackend conv_reference;       // reference.cu: all that is plain, on every device
extern const ConvBackend conv_winograd;        // cpu/winograd.cpp
extern const ConvBackend conv_winograd_split;  // cpu/winograd_split.cpp
extern const ConvBackend conv_direct;          // cpu/direct.cpp: implicit GEMM
extern const ConvBackend conv_depthwise;       // cpu/depthwise.cpp
extern const ConvBackend conv_hats;            // cpu/hats.cpp: of response features
extern const ConvBackend conv_through_f32;     // through_f32.cpp: bf16 for those that only have f32
extern const ConvBackend conv_cudnn;           // conv_cudnn.cpp; conv_no_cuda.cpp

/// The table of a device, best first.
std::span<const ConvBackend* const> conv_backends(Device device);

/// The row that runs a problem: the first that supports it, the reference loops where Execution asks for them.
const ConvBackend& conv_backend_of(const ConvProblem& problem, ConvDirection direction, Device device);

// The calls, by that row. On the meta device they do nothing.
void conv_forward(const ConvProblem& problem, const Tensor& x, const Tensor& skip, const Tensor& weight,
                  const ConvEpilogue& epilogue, Tensor& y);
void conv_backward_input(const ConvProblem& problem, const Tensor& dy, const Tensor& weight, Tensor& dx);
/// y = activation(what backward_input makes of x + bias): `problem` is the convolution of y that has x's shape.
void conv_transposed(const ConvProblem& problem, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                     Tensor& y);
void conv_backward_weight(const ConvProblem& problem, const Tensor& x, const Tensor& dy, Tensor& weight_gradient);

/// For rows that can only add to what y holds: puts the residual there. Whether there is one.
bool starts_from_residual(Tensor& y, const ConvEpilogue& epilogue);

/// Pixels a side of the blocks in which a row of the CPU computes the results of a layer (1: each for itself), forward
/// or transposed. A pixel gets the same bits in any part of the image that begins and ends on their borders.
std::int64_t conv_block(const ConvProblem& problem, bool transposed);

/// 2 per multiply-add that the CPU's row for a problem does, forward or transposed: in the transform domain, by phases,
/// by tables; transforms themselves are not counted.
double conv_executed_flop(const ConvProblem& problem, bool transposed);

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
                          p.dilation, p.pad_top, p.pad_left, p.depthwise, p.cs, p.upsample, p.features);
  }
};
