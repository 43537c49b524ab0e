// SPDX-License-Identifier: Apache-2.0
// What stands around a cuDNN convolution: the epilogue, windows of a larger result, and the two weight layouts.
#pragma once

#include "kernels/conv/backend.h"

namespace duhdr::cudnn {

/// Where the result [n, oh, ow, co] lies in the larger one [n, h, w, co] that cuDNN computes.
struct Window {
  std::int64_t h = 0, w = 0, top = 0, left = 0;
};

/// y = activation(window of z + bias + y if there is a residual, which y holds). z may be y itself when the window is
/// the whole.
void apply_epilogue(const Tensor& z, const Window& window, const ConvEpilogue& epilogue, Tensor& y);

/// dy [n, oh, ow, co] in a frame of zeros: the larger result's gradient [n, h, w, co].
Tensor framed(const Tensor& dy, const Window& window);

/// The weight's channels that belong to x as [co, kh, kw, ci], packed once and kept beside the weight.
Tensor packed_weight(const ConvProblem& problem, const Tensor& weight);

/// True where the weight lies in memory as cuDNN wants it.
bool is_packed(const ConvProblem& problem);

/// Writes a gradient [co, kh, kw, ci] into the channels of the weight's gradient that belong to x.
void unpack_gradient(const ConvProblem& problem, const Tensor& packed, Tensor& weight_gradient);

}  // namespace duhdr::cudnn
