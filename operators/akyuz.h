// SPDX-License-Identifier: Apache-2.0
// Akyuz, Fleming, Riecke, Reinhard, Buelthoff: "Do HDR displays support LDR content?", SIGGRAPH 2007.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// L_out = L_max ((L - L_least) / (L_largest - L_least)) ^ gamma, L of codes ^ 2.2. The paper takes gamma = 1, and 2.2
/// for over-exposed images. An image of one luminance has no contrast to stretch: L_out = L_max L ^ gamma. codes [1, H,
/// W, 3] -> light of luminance 0..display_peak; 1 = clip level, which mid-tones are above (4.93 times with gamma 1).
Tensor akyuz(const Tensor& codes, float gamma = 1);

}  // namespace duhdr
