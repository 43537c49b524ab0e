// SPDX-License-Identifier: Apache-2.0
// Kuo, Tang, Chien: "Content-adaptive inverse tone mapping", VCIP 2012, without the classifier that chooses L_max.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// L_s = L_max L / (p (1 - L) + L), the inverse of Schlick's curve, L of codes ^ 2.2, and L_out = (1 - E) L_s + E L_5,
/// L_5 the mean of L_s over 5 x 5 pixels. E: L where it reaches the largest mean over boxes of a tenth of the longer
/// side, eroded by 3 x 3, smoothed by a bilateral filter that is guided by L (sigmas a fifth of the box, (100/255) ^
/// 2.2). codes [1, H, W, 3] -> light of luminance 0..display_peak; 1 = clip level. Mid-tones are darker, by L_max / p
/// in the dark.
Tensor kuo(const Tensor& codes, float p = 30);

}  // namespace duhdr
