// SPDX-License-Identifier: Apache-2.0
// How much brighter a display shows a photograph where its light was reconstructed.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// 1 + mask (max(1, light / linear) - 1), [1, H, W, 3], or of the luminances, [1, H, W, 1]: exactly 1 where the mask is
/// 0, and nowhere below. light, linear [1, H, W, 3] and mask [1, H, W, 1] in [0, 1], f32 on the CPU, of one exposure.
Tensor display_gain(const Tensor& light, const Tensor& linear, const Tensor& mask, bool colour);

}  // namespace duhdr
