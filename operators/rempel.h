// SPDX-License-Identifier: Apache-2.0
// Rempel, Trentacoste, Seetzen, Young, Heidrich, Whitehead, Ward: "LDR2HDR: on-the-fly reverse tone mapping of legacy
// video and photographs", SIGGRAPH 2007.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// enhanced() by E, L of codes ^ 2.2. codes [1, H, W, 3] -> light of luminance 0..display_peak; 1 = clip level. Far
/// from highlights it is 1.23 times the linearised photograph, a quarter of the display, and the enhancement at the
/// highlights is up to 4.
Tensor rempel(const Tensor& codes);

/// E, of [1, H, W, 3] codes and their luminance: the saturated pixels (a channel above 254/255), smoothed by a Gaussian
/// of 30 pixels at a longer side of 1920, times what can be reached from them without crossing an edge. A plane in
/// 0..1.
Tensor brightness_enhancement(const Tensor& codes, const Tensor& luminance);

}  // namespace duhdr
