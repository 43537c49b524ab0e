// SPDX-License-Identifier: Apache-2.0
// Landis: "Production-ready global illumination", SIGGRAPH course 16, 2002.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// L_out = L (1 - w) + L_max L w with w = ((L - threshold) / (L_largest - threshold)) ^ exponent where L, of codes ^
/// 2.2, is `threshold` or more; below, L_out = L. codes [1, H, W, 3] -> light of luminance 0..display_peak; 1 = clip
/// level, and below the threshold it is the linearised photograph.
Tensor landis(const Tensor& codes, float threshold = 0.5f, float exponent = 2);

}  // namespace duhdr
