// SPDX-License-Identifier: Apache-2.0
// Convolution, the op the networks are made of. The fused form is the primitive: bias, activation, residual, a second
// source instead of a concatenation, and a nearest-2x upsampled source belong to it.
#pragma once

#include "autograd/variable.h"
#include "kernels/activation.h"

namespace duhdr {

struct Conv2dDesc {
  int stride = 1;
  int dilation = 1;
  bool depthwise = false;   // one filter a channel; weight [C, 1, k, k]
  bool features = false;    // x is an image [N, H, W, 3], of which its response_features are seen (undilated only)
  bool upsample = false;    // x is first enlarged 2x by nearest neighbour (3x3, stride 1, undilated only)
  bool transposed = false;  // x is enlarged 2x by the transpose of a 4x4 convolution of stride 2 and padding 1; weight
                            // [Cx, O, 4, 4] (with bias and activation only)
  Activation activation = Activation::none;
};

/// The operands by name. Optional ones are left undefined.
struct Conv2dInputs {
  Variable x;              // [N, H, W, Cx]
  Variable skip = {};      // optional second source [N, H, W, Cs]: the convolution runs over the channels [x, skip]
  Variable weight;         // [O, Cx + Cs, k, k] (depthwise [C, 1, k, k]), k odd (not transposed), of x's type
  Variable bias = {};      // optional [O]
  Variable residual = {};  // optional, of the result's shape, added before the activation
};

/// activation(conv(concat[x, skip], weight) + bias + residual) -> [N, H', W', O] with zero padding of floor(k/2) *
/// dilation on every side, H' = floor((H - 1) / stride) + 1 (2H when upsampled). A correlation, as everywhere in this
/// field. `transposed`: y[2i + ky - 1, 2j + kx - 1, o] sums up x[i, j, c] weight[c, o, ky, kx], H' = 2H. Throws
/// (internal) on shapes that do not fit. Gradients flow to all five operands.
Variable conv2d(const Conv2dInputs& inputs, const Conv2dDesc& desc = {});

}  // namespace duhdr
